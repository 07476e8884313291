// How far a command is, shown alike by all: on a terminal one line that is rewritten twice a second, elsewhere log lines:
// one every ten seconds while somebody may be waiting, in the first minute, then one a minute. What it came to at the end
// is its own to say.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/log.h"
#include "observe/terminal.h"

namespace ctk::observe {

/// One look, for either place.
struct ProgressText {
  std::string line;     ///< of a terminal; it is cut to its columns
  std::string message;  ///< of a log event
  std::vector<LogField> fields;
};

/// For a command that has no loop: asked between its steps. Wipes its line when it ends.
class ProgressDisplay {
 public:
  ProgressDisplay(std::function<ProgressText()> look, Clock& clock, Log& log, Terminal& terminal);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// Between one show and the next.
  Duration every() const;
  void show();
  /// The same, where it is time to.
  void show_if_due();

 private:
  std::function<ProgressText()> look_;
  Clock& clock_;
  Log& log_;
  Terminal& terminal_;
  const Duration begun_at_;
  Duration shown_at_;
};

/// Shows progress from its construction to its end. On the loop, where `look` is asked.
class ProgressReporter {
 public:
  ProgressReporter(std::function<ProgressText()> look, EventLoop& loop, Clock& clock, Log& log, Terminal& terminal);
  ~ProgressReporter();
  ProgressReporter(const ProgressReporter&) = delete;
  ProgressReporter& operator=(const ProgressReporter&) = delete;

 private:
  void arm();

  EventLoop& loop_;
  ProgressDisplay display_;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace ctk::observe
