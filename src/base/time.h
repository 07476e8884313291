// Time as a parameter. Decisions are given a Timestamp or a Duration; only `main` makes the real clock.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ctk {

using Duration = std::chrono::microseconds;
/// A moment of the calendar, UTC, in microseconds.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

inline constexpr Timestamp kNoTime = Timestamp::min();

/// Both clocks of a machine.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Calendar time, UTC; may jump.
  virtual Timestamp now() = 0;
  /// Since some fixed moment; never goes back, and counts the time for which the machine was suspended (CLOCK_BOOTTIME).
  virtual Duration monotonic() = 0;
};

/// The machine's clocks. Made in `main` only.
class SystemClock final : public Clock {
 public:
  Timestamp now() override;
  Duration monotonic() override;
};

/// "2026-11-22T03:32:55.742001Z"; always six digits of a second.
std::string format_iso8601(Timestamp time);
void append_iso8601(std::string& out, Timestamp time);
/// ISO-8601 with or without time, fraction and zone (none means UTC), or seconds, milliseconds or microseconds since 1970
/// told apart by magnitude (< 1e11, < 1e14), with or without a fraction.
Result<Timestamp> parse_timestamp(std::string_view text);
/// `250ms`, `5s`, `15m`, `2h`, `7d`; a bare number is seconds.
Result<Duration> parse_duration(std::string_view text);
/// "15m", "250ms", "1h30m": the shortest exact spelling.
std::string format_duration(Duration duration);
/// `64KB`, `4MB`, `1GB` (powers of 1024); a bare number is bytes.
Result<size_t> parse_size(std::string_view text);

inline double to_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
inline int64_t to_micros(Timestamp time) { return time.time_since_epoch().count(); }
inline Timestamp from_micros(int64_t micros) { return Timestamp(std::chrono::microseconds(micros)); }

}  // namespace ctk
