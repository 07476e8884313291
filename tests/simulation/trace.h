// A world's diary: what the world does and what the relay says, with the virtual time of each.
#pragma once

#include <fmt/format.h>

#include <ostream>

#include "base/log.h"
#include "base/time.h"

namespace ctk::simulation {

/// Writes one line an event to `out`; says nothing where that is null.
class Trace final : public Log {
 public:
  Trace(std::ostream* out, Clock& clock) : out_(out), clock_(clock), start_(clock.monotonic()) {}

  void write_to(std::ostream& out) { out_ = &out; }

  bool enabled(LogLevel) const override { return out_ != nullptr; }

  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override {
    static constexpr const char* kNames[] = {"ERROR", "WARN", "info", ""};
    const double seconds = std::chrono::duration<double>(clock_.monotonic() - start_).count();
    std::string line = fmt::format("{:10.3f}s {:5} {}", seconds, kNames[static_cast<size_t>(level)], message);
    for (const LogField& field : fields) line += fmt::format(" {}={}", field.key, field.value);
    *out_ << line << '\n';
  }

 private:
  std::ostream* out_;
  Clock& clock_;
  Duration start_;
};

}  // namespace ctk::simulation
