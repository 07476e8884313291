#include "relay/letter_notice.h"

#include <utility>

namespace ctk::relay {
namespace {

constexpr Duration kBetween = std::chrono::minutes(1);

}  // namespace

uint64_t LetterNotice::take(uint64_t letters, Duration now) {
  unsaid_ += letters;
  if (unsaid_ == 0 || (said_at_ && now - *said_at_ < kBetween)) return 0;
  said_at_ = now;
  return std::exchange(unsaid_, 0);
}

}  // namespace ctk::relay
