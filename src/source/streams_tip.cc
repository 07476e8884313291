#include "source/streams_tip.h"

namespace ctk::source {
namespace {

constexpr int kEmptyPages = 5;
constexpr Duration kEmptyTime = std::chrono::seconds(1);

}  // namespace

void StreamsTip::saw(Timestamp newest, Timestamp server_time, Duration now) {
  if (began_ == kNoTime) began_ = server_time;
  if (newest != kNoTime) {
    empty_pages_ = 0;
    quiet_ = false;
    newer_ = newest > began_;
    return;
  }
  if (empty_pages_++ == 0) empty_since_ = now;
  quiet_ = empty_pages_ >= kEmptyPages && now - empty_since_ >= kEmptyTime;
}

}  // namespace ctk::source
