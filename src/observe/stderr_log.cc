#include "observe/stderr_log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

namespace ctk::observe {
namespace {

/// Where spdlog hands its lines over. The terminal has a lock of its own.
class TerminalSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit TerminalSink(Terminal& terminal) : terminal_(terminal) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    terminal_.write_line({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  Terminal& terminal_;
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::debug: return spdlog::level::debug;
  }
  return spdlog::level::info;
}

class SpdlogLog final : public Log {
 public:
  SpdlogLog(LogOptions options, Terminal& terminal, Clock& clock)
      : options_(std::move(options)), clock_(clock), logger_("ctk", std::make_shared<TerminalSink>(terminal)) {
    logger_.set_level(spdlog_level(options_.level));
  }

  bool enabled(LogLevel level) const override { return logger_.should_log(spdlog_level(level)); }

  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override {
    if (!enabled(level)) return;
    const std::string line =
        options_.redactor.redact(format_event(options_.format, options_.color, clock_.now(), level, message, fields));
    logger_.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  LogOptions options_;
  Clock& clock_;
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Log> make_log(LogOptions options, Terminal& terminal, Clock& clock) {
  return std::make_unique<SpdlogLog>(std::move(options), terminal, clock);
}

}  // namespace ctk::observe
