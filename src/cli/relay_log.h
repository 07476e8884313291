// The log of one relay among several: its lines say whose they are.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"

namespace ctk::cli {

/// Thread-safe as the log behind it, which outlives it.
class RelayLog final : public Log {
 public:
  RelayLog(Log& log, std::string relay) : log_(log), relay_(std::move(relay)) {}

  bool enabled(LogLevel level) const override { return log_.enabled(level); }
  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override {
    std::vector<LogField> all = {{"relay", relay_}};
    for (const LogField& field : fields) {
      if (field.key != "relay") all.push_back(field);
    }
    log_.write(level, message, all);
  }

 private:
  Log& log_;
  const std::string relay_;
};

}  // namespace ctk::cli
