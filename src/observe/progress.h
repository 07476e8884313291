// How far a relay's run is, as text. Pure functions over its figures.
#pragma once

#include <functional>
#include <string>

#include "base/time.h"
#include "observe/progress_display.h"
#include "relay/relay.h"

namespace ctk::observe {

/// How many a second, of what is counted; 0 where no time has passed, or there were more before.
uint64_t rate_of(uint64_t now, uint64_t before, Duration between);

/// Two looks at a run, and the time between them: the rate is taken from their difference.
struct ProgressSample {
  relay::RelayStats now;
  uint64_t read_before = 0;
  Duration since_before{};
  uint64_t loaded_before = 0;

  /// Changes a second.
  uint64_t rate() const { return rate_of(now.counts.read, read_before, since_before); }
};

/// "1234567" → "1,234,567".
std::string group_digits(uint64_t number);
/// "512 B", "45.6 KB", "1.2 GB" (powers of 1024).
std::string human_bytes(uint64_t bytes);
/// "3.2s", "4m10s", "23h05m", "6d23h": two units at most.
std::string human_duration(Duration duration);
/// "load 1,200 of about 45,000 items, 1.2 MB, 600/s, 1m13s left": while a load runs; empty else.
std::string load_text(const ProgressSample& sample);

/// As a line, and the same figures as a log event's fields.
ProgressText progress_text(const ProgressSample& sample);

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

/// Looks at a relay, or at several as one: what changed since the look before makes the rates.
std::function<ProgressText()> relay_progress(std::function<relay::RelayStats()> stats, Clock& clock);

}  // namespace ctk::observe
