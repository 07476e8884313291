// What was pushed of one shard and is not read yet, handed out in pages of the size that is asked for. Pure.
#pragma once

#include <deque>
#include <optional>

#include "aws/fan_out_api.h"
#include "source/source.h"

namespace ctk::source {

class PushedPages {
 public:
  /// `server_time`: when it came, by the service's clock.
  void add(aws::ShardEvent event, Timestamp server_time);
  bool empty() const { return pages_.empty(); }
  /// What its records take.
  size_t bytes() const { return bytes_; }
  /// The next page, of the first event's records as far as they are within `request`: `too_large` where that is not even
  /// one. Only where there is one.
  Result<Page> take(const ReadRequest& request);
  void clear();

 private:
  Page take_whole();

  std::deque<Page> pages_;  ///< one an event
  size_t bytes_ = 0;
};

}  // namespace ctk::source
