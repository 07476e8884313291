// How far a run is, as text. Pure functions over the relay's figures, and a small object that shows them on time.
#pragma once

#include <functional>
#include <string>

#include "base/event_loop.h"
#include "base/log.h"
#include "observe/terminal.h"
#include "relay/relay.h"

namespace ctk::observe {

/// Two looks at a run, and the time between them: the rate is taken from their difference.
struct ProgressSample {
  relay::RelayStats now;
  uint64_t read_before = 0;
  Duration since_before{};
  uint64_t loaded_before = 0;
};

/// "1234567" → "1,234,567".
std::string group_digits(uint64_t number);
/// "512 B", "45.6 KB", "1.2 GB" (powers of 1024).
std::string human_bytes(uint64_t bytes);
/// "3.2s", "4m10s", "23h05m", "6d23h": two units at most.
std::string human_duration(Duration duration);
/// "load 1,200 of about 45,000 items, 1.2 MB, 600/s, 1m13s left": while a load runs; empty else.
std::string load_text(const ProgressSample& sample);
/// Changes a second.
uint64_t rate_of(const ProgressSample& sample);

/// One line for a terminal, cut to `columns` (in characters; the line is ASCII but for a trouble's words).
std::string live_line(const ProgressSample& sample, int columns);
/// The same figures as one log event's fields; for everything that is no terminal.
void log_progress(Log& log, const ProgressSample& sample);

/// The last line of a run: "done: read 12, applied 12, …; 9 living (demo_live), 1 marked (demo)".
/// `verb` is "done", "stopped" or "failed"; `live_view` says that views are wanted.
std::string summary_line(std::string_view verb, const relay::RelayStats& stats, bool live_view);
/// A second line where there are dead letters: their number, the commonest reason, and `where` they are to be had: "list
/// them with: ctk dead-letters list …". Empty where there are none.
std::string dead_letters_line(const relay::RelayStats& stats, const std::string& where);

/// Where source-table has left out all that was read; empty where it has not.
std::string nothing_matched_line(const relay::RelayStats& stats);
/// The summary as one JSON object, on one line.
std::string summary_json(const relay::RelayStats& stats);

/// Shows progress from its construction to its end: twice a second on a terminal, else one plain line every 10 s.
/// On the loop; `stats` is asked there.
class ProgressReporter {
 public:
  ProgressReporter(std::function<relay::RelayStats()> stats, EventLoop& loop, Clock& clock, Log& log, Terminal& terminal);
  ~ProgressReporter();
  ProgressReporter(const ProgressReporter&) = delete;
  ProgressReporter& operator=(const ProgressReporter&) = delete;

 private:
  void arm();
  void show();

  std::function<relay::RelayStats()> stats_;
  EventLoop& loop_;
  Clock& clock_;
  Log& log_;
  Terminal& terminal_;
  EventLoop::TimerId timer_ = 0;
  uint64_t read_before_ = 0;
  uint64_t loaded_before_ = 0;
  Duration shown_at_{};
};

}  // namespace ctk::observe
