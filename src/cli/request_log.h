// The log of AWS Lambda's function: its lines say which request they are of.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"

namespace ctk::cli {

/// Thread-safe as the log behind it, which outlives it. The field is named as in Lambda's own lines.
class RequestLog final : public Log {
 public:
  explicit RequestLog(Log& log) : log_(log) {}

  /// Of the lines from now on; empty: of none.
  void set_request(const std::string& id) {
    const std::lock_guard lock(mutex_);
    id_ = id;
  }

  bool enabled(LogLevel level) const override { return log_.enabled(level); }
  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override {
    std::vector<LogField> all;
    if (std::string id = request(); !id.empty()) all.emplace_back("requestId", std::move(id));
    all.insert(all.end(), fields.begin(), fields.end());
    log_.write(level, message, all);
  }

 private:
  std::string request() {
    const std::lock_guard lock(mutex_);
    return id_;
  }

  Log& log_;
  std::mutex mutex_;
  std::string id_;
};

}  // namespace ctk::cli
