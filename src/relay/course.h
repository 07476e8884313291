// What a part of a run finds that decides the run's course. The parts report it; whoever directs the run obeys.
#pragma once

#include <string>

#include "base/error.h"
#include "relay/outage.h"

namespace ctk::relay {

class Course {
 public:
  virtual ~Course() = default;

  /// The run cannot go on: it ends, with what can still be stored.
  virtual void fail_run(Error error) = 0;
  /// `doing` something for that side has failed. False: the run has ended, since it was not to wait any longer.
  virtual bool report_outage(Side side, const Error& error, const std::string& doing) = 0;
  /// It has worked; without a name, all that is done for that side.
  virtual void report_working(Side side, const std::string& doing) = 0;
  virtual void report_working(Side side) = 0;
  /// An epoch of the table has begun, or is to begin: another life follows.
  virtual void begin_next_life(const std::string& why) = 0;
  /// A table was emptied, or is gone.
  virtual void lost_table(Error error) = 0;
  /// Something was done that the run's end may have waited for.
  virtual void consider_end() = 0;
};

}  // namespace ctk::relay
