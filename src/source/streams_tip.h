// Whether a shard of a DynamoDB stream was read up to its newest record. The service does not say so, and gives empty pages
// in between: this is a heuristic. Pure.
#pragma once

#include "base/time.h"

namespace ctk::source {

class StreamsTip {
 public:
  /// One more page. `newest` is the time of its last record, kNoTime where it is empty; `server_time` that of the answer;
  /// `now` is monotonic.
  void saw(Timestamp newest, Timestamp server_time, Duration now);
  /// What was seen in a row is forgotten, the moment at which reading began is not.
  void interrupted() { empty_pages_ = 0; }

  /// Five empty pages in a row, over at least a second: nothing newer was there.
  bool quiet() const { return quiet_; }
  /// Quiet, or a record came that is newer than the moment at which reading began: a bounded run may end here.
  bool reached() const { return quiet_ || newer_; }

 private:
  Timestamp began_ = kNoTime;
  Duration empty_since_{};
  int empty_pages_ = 0;
  bool quiet_ = false;
  bool newer_ = false;
};

}  // namespace ctk::source
