// What happened, for people and machines: an event name and fields. The writer behind it is made in `main`.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ctk {

enum class LogLevel { error, warn, info, debug };

struct LogField {
  std::string_view key;
  std::string value;

  LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  LogField(std::string_view k, Number v) : key(k), value(std::to_string(v)) {}
};

/// Takes events. `message` is a sentence for people; fields carry the ids and figures. Thread-safe. Callers never pass
/// secrets; values of user data stay out of every level above debug.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view message, std::span<const LogField> fields) = 0;

  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    put(LogLevel::error, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) { put(LogLevel::warn, message, fields); }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) { put(LogLevel::info, message, fields); }
  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    put(LogLevel::debug, message, fields);
  }

 private:
  void put(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
    if (enabled(level)) write(level, message, std::span<const LogField>(fields.begin(), fields.size()));
  }
};

/// Says nothing: for tests.
class NullLog final : public Log {
 public:
  bool enabled(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view, std::span<const LogField>) override {}
};

}  // namespace ctk
