#include "cli/demo_arrivals.h"

#include <algorithm>

namespace ctk::cli {

void Arrivals::written(uint64_t total, Duration now) {
  if (total == written_) return;
  written_ = total;
  under_way_.push_back({total, now});
}

void Arrivals::arrived(uint64_t total, Duration now) {
  arrived_ = total;
  for (; !under_way_.empty() && under_way_.front().total <= total; under_way_.pop_front()) {
    took_.push_back(now - under_way_.front().at);
  }
}

void Arrivals::begin(Duration now) {
  begun_ = now;
  arrived_before_ = arrived_;
  took_.clear();
}

Arrivals::Window Arrivals::window(Duration now) {
  Window window;
  window.changes = arrived_ - arrived_before_;
  const double seconds = to_seconds(now - begun_);
  if (seconds > 0) window.per_second = static_cast<double>(window.changes) / seconds;
  if (!took_.empty()) {
    std::ranges::sort(took_);
    window.median = took_[took_.size() / 2];
    window.longest = took_.back();
  }
  begin(now);
  return window;
}

}  // namespace ctk::cli
