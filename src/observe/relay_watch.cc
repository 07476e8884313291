#include "observe/relay_watch.h"

#include <fmt/format.h>

namespace ctk::observe {
namespace {

constexpr Duration kRatesOver = std::chrono::seconds(10);
constexpr Duration kPointEvery = std::chrono::seconds(10);
constexpr size_t kPoints = 360;  ///< an hour

}  // namespace

RelayStatus RelayWatch::look(relay::RelayView view, Duration now, Timestamp time, std::optional<RelayFailure> failure) {
  RelayStatus status;
  status.title = title_;
  status.view = std::move(view);
  status.health = health_.look(status.view, now);
  status.failure = std::move(failure);
  if (status.failure) {
    status.health = {{fmt::format("the relay has failed, and is tried again: {}", status.failure->error)}};
  }
  if (status.view.state == relay::RelayView::State::starting) ready_ = false;
  ready_ = !status.failure && (ready_ || status.view.caught_up);
  status.has_caught_up = ready_;
  status.rates = rates(status.view.stats, now);
  remember(status, now, time);
  status.history.assign(history_.begin(), history_.end());
  if (!relay_metrics_ && !status.view.name.empty()) relay_metrics_.emplace(metrics_, status.view.name.str());
  if (relay_metrics_) relay_metrics_->update(status.view, status.health.is_well(), status.has_caught_up);
  return status;
}

void RelayWatch::begin_run() {
  counts_.clear();
  ready_ = false;
  health_.begin_run();
  if (relay_metrics_) relay_metrics_->begin_run();
}

void RelayWatch::forget() {
  if (relay_metrics_) relay_metrics_->remove();
  relay_metrics_.reset();
}

Rates RelayWatch::rates(const relay::RelayStats& stats, Duration now) {
  counts_.push_back({now, stats.counts.read, stats.counts.bytes});
  // One that is as old as what the rates are over stays, so that they are over all of it.
  while (counts_.size() > 2 && now - counts_[1].at >= kRatesOver) counts_.pop_front();
  const Count& first = counts_.front();
  const double passed = to_seconds(now - first.at);
  if (passed <= 0) return {};
  return {static_cast<double>(stats.counts.read - first.changes) / passed,
          static_cast<double>(stats.counts.bytes - first.bytes) / passed};
}

void RelayWatch::remember(const RelayStatus& status, Duration now, Timestamp time) {
  if (!history_.empty() && now < next_point_) return;
  next_point_ = now + kPointEvery;
  history_.push_back({time, to_seconds(status.view.stats.lag), status.rates, status.health.is_well()});
  if (history_.size() > kPoints) history_.pop_front();
}

}  // namespace ctk::observe
