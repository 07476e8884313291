#include "observe/recent_log.h"

namespace ctk::observe {
namespace {

constexpr size_t kLines = 100;
constexpr size_t kLongestLine = 2000;

}  // namespace

void RecentLog::write(LogLevel level, std::string_view message, std::span<const LogField> fields) {
  if (log_.enabled(level)) log_.write(level, message, fields);
  if (level > LogLevel::info) return;
  std::string text = redactor_.redact(format_event(LogFormat::logfmt, false, clock_.now(), level, message, fields));
  if (text.size() > kLongestLine) text.resize(kLongestLine);
  const std::lock_guard lock(mutex_);
  lines_.push_back({level, std::move(text)});
  if (lines_.size() > kLines) lines_.pop_front();
}

std::vector<RecentLog::Line> RecentLog::lines() const {
  const std::lock_guard lock(mutex_);
  return {lines_.begin(), lines_.end()};
}

}  // namespace ctk::observe
