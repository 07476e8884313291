// The Log of production, on spdlog: one line an event, on standard error.
#pragma once

#include <memory>

#include "base/log.h"
#include "observe/log_format.h"
#include "observe/terminal.h"

namespace ctk::observe {

struct LogOptions {
  LogFormat format = LogFormat::logfmt;
  LogLevel level = LogLevel::info;
  bool color = false;
  Redactor redactor;
};

/// Thread-safe. `terminal` and `clock` outlive it.
std::unique_ptr<Log> make_log(LogOptions options, Terminal& terminal, Clock& clock);

}  // namespace ctk::observe
