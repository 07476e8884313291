// observe: what people and machines see of a run: log lines, progress, the summary. It is told figures and sentences; it
// must not know where they come from, and it decides nothing.
//
// This file: a log event as one line. Pure.
//
//   logfmt  time=2026-11-22T03:32:55.742001Z level=info msg="table created" table=demo
//   json    {"time":"2026-11-22T03:32:55.742001Z","level":"info","msg":"table created","table":"demo"}
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/named.h"
#include "base/time.h"

namespace ctk::observe {

enum class LogFormat { logfmt, json };

std::string_view to_string(LogLevel level);

/// One line without its line end. Line ends and control characters inside texts are escaped, so an event is always one
/// line. `color` marks the level, for terminals (logfmt only).
std::string format_event(LogFormat format, bool color, Timestamp time, LogLevel level, std::string_view message,
                         std::span<const LogField> fields);

/// Takes out of any text the secrets that the program was given, should a peer have repeated one: each becomes `***`.
/// Texts shorter than eight characters are left alone: they are placeholders, and parts of ordinary words.
/// Copies know the same secrets, also those that one of them learns later. Thread-safe.
class Redactor {
 public:
  Redactor() : Redactor(std::vector<Secret>{}) {}
  explicit Redactor(const std::vector<Secret>& secrets);
  std::string redact(std::string text) const;
  /// Hides these from now on, too.
  void learn(const std::vector<Secret>& secrets);

 private:
  struct Known {
    std::mutex mutex;
    std::vector<Secret> secrets;
  };
  std::shared_ptr<Known> known_;
};

}  // namespace ctk::observe
