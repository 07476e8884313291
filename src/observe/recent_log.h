// The last lines of a log, for whoever looks at a page instead of standard error.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "observe/log_format.h"

namespace ctk::observe {

/// Passes events on, and keeps the last of them that are no debug lines: those may hold data. Thread-safe; what it is made
/// from outlives it.
class RecentLog final : public Log {
 public:
  RecentLog(Log& log, const Redactor& redactor, Clock& clock) : log_(log), redactor_(redactor), clock_(clock) {}

  bool enabled(LogLevel level) const override { return level <= LogLevel::info || log_.enabled(level); }
  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override;

  struct Line {
    LogLevel level = LogLevel::info;
    std::string text;  ///< logfmt, without secrets
  };
  /// The oldest first.
  std::vector<Line> lines() const;

 private:
  Log& log_;
  const Redactor& redactor_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::deque<Line> lines_;
};

}  // namespace ctk::observe
