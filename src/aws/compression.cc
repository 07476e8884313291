#include "aws/compression.h"

namespace ctk::aws {
namespace {

/// Shorter ones may lie in buffers on their way when the first byte is read, and say nothing of the link.
constexpr size_t kTelling = 64u << 10;
constexpr int kEnough = 8;

// A page of 1 MB takes a tenth of a second and more below the one: as long as the service takes to make it. Unpacking gives
// some 250 MB/s on a core: above the other the link is as fast without.
constexpr double kSlow = 8e6, kFast = 32e6;  ///< bytes/s, as they come

}  // namespace

void CompressionChoice::came(size_t bytes, Duration transfer) {
  if (wish_ != Compression::automatic || bytes < kTelling) return;
  bytes_ += bytes;
  transfer_ += transfer;
  if (++answers_ < kEnough) return;
  const double all = static_cast<double>(bytes_), time = to_seconds(transfer_);
  const bool is_slow = all < kSlow * time;
  const bool is_fast = all > kFast * time;
  asked_for_ = asked_for_ ? !is_fast : is_slow;
  answers_ = 0;
  bytes_ = 0;
  transfer_ = {};
}

}  // namespace ctk::aws
