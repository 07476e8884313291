// Whether the records of a shard come in even intervals, and when the next are due. Pure: it learns from which reads found
// records and which none, since what records say of their own time may be rounded to a second. All times are monotonic.
#pragma once

#include <optional>

#include "base/time.h"

namespace ctk::shards {

/// A beat is what comes between a read that found nothing and the next one, which found something. Of each beat it is known
/// between which moments it fell; what all of them allow narrows down the interval and the moment of the next one.
class Rhythm {
 public:
  /// A read that was asked for at `asked` has found records, or none.
  void read(bool found, Duration asked);
  /// When to ask for the next beat; nothing where no even interval was seen, or it is overdue. While it is known only
  /// roughly, this is in the midst of what is possible: such a read halves it, whatever it finds.
  std::optional<Duration> next() const;

 private:
  struct Span {
    Duration from{}, to{};
    Duration width() const { return to - from; }
  };

  void beat(Span seen);
  void begin(Span seen);
  Span due() const { return {last_.from + interval_.from, last_.to + interval_.to}; }

  std::optional<Duration> asked_;
  bool found_ = false;  ///< by the last read
  int beats_ = 0;       ///< intervals in a row that fit
  Span first_;          ///< when the first of them began
  Span last_;           ///< when the newest beat was
  Span interval_;
};

}  // namespace ctk::shards
