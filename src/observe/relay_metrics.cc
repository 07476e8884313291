#include "observe/relay_metrics.h"

#include <limits>
#include <set>
#include <utility>

namespace ctk::observe {
namespace {

constexpr const char* kLag = "ctk_lag_seconds";

bool is_read(const relay::ShardView& shard) {
  return !shard.segment && shard.state != relay::ShardView::State::waiting &&
         shard.state != relay::ShardView::State::finished && shard.state != relay::ShardView::State::elsewhere;
}

}  // namespace

RelayMetrics::RelayMetrics(Metrics& metrics, std::string relay)
    : metrics_(metrics),
      relay_(std::move(relay)),
      reading_(gauge("ctk_shards_reading", "Shards that are being read.")),
      waiting_(gauge("ctk_shards_waiting", "Shards that wait for their parents' ends.")),
      until_loss_(
          gauge("ctk_seconds_to_data_loss", "Until the stream drops what was not read; +Inf where it drops nothing.")),
      memory_(gauge("ctk_memory_bytes", "Changes that were read and are not acknowledged.")),
      healthy_(gauge("ctk_healthy", "1 while /healthz has no reason against the relay.")),
      ready_(gauge("ctk_ready", "1 once the relay has caught up, its load included.")),
      load_items_(gauge("ctk_load_items", "Items that this run's load has written.")) {
  using Counts = relay::RunCounts;
  const auto count = [&](const char* name, const char* help, uint64_t Counts::* member) {
    counted_.emplace_back(member, RunCounter(metrics, name, help, {{"relay", relay_}}));
  };
  count("ctk_changes_read_total", "Changes read.", &Counts::read);
  count("ctk_read_bytes_total", "Bytes of records read.", &Counts::bytes);
  count("ctk_changes_applied_total", "Changes that the target has.", &Counts::applied);
  count("ctk_changes_filtered_total", "Changes of tables that are not relayed, and dropped strays.", &Counts::filtered);
  count("ctk_stray_records_total", "Changes out of KPL aggregates whose key belongs to another shard.", &Counts::strays);
  count("ctk_dead_letters_total", "Changes that were parked as dead letters.", &Counts::dead_letters);
  count("ctk_gaps_total", "Gaps in the stream that were passed over.", &Counts::gaps);
}

Gauge& RelayMetrics::gauge(const char* name, const char* help) {
  gauges_.emplace_back(name);
  return metrics_.gauge(name, help, {{"relay", relay_}});
}

void RelayMetrics::begin_run() {
  for (auto& [member, counter] : counted_) counter.begin_run();
  if (leases_) leases_->begin_run();
}

void RelayMetrics::remove() {
  update_lags({});
  for (const std::string& name : gauges_) metrics_.remove(name, {{"relay", relay_}});
  for (const auto& [member, counter] : counted_) counter.remove(metrics_);
  if (leases_) leases_->remove();
}

void RelayMetrics::update(const relay::RelayView& view, bool healthy, bool ready) {
  const relay::RelayStats& stats = view.stats;
  for (auto& [member, counter] : counted_) counter.update(stats.counts.*member);
  if (view.leases && !leases_) leases_.emplace(metrics_, relay_);
  if (view.leases) leases_->update(*view.leases);
  reading_.set(static_cast<double>(stats.shards_reading));
  waiting_.set(static_cast<double>(stats.shards_waiting));
  until_loss_.set(stats.until_data_loss ? to_seconds(*stats.until_data_loss) : std::numeric_limits<double>::infinity());
  memory_.set(static_cast<double>(stats.memory_used));
  healthy_.set(healthy ? 1 : 0);
  ready_.set(ready ? 1 : 0);
  load_items_.set(stats.load ? static_cast<double>(stats.load->items) : 0);
  update_lags(view.shards);
}

void RelayMetrics::update_lags(const std::vector<relay::ShardView>& shards) {
  std::set<aws::ShardId> read;
  for (const relay::ShardView& shard : shards) {
    if (!is_read(shard)) continue;
    read.insert(shard.id);
    Gauge*& gauge = lags_[shard.id];
    if (gauge == nullptr)
      gauge = &metrics_.gauge(kLag, "How far a shard that is read is from its newest record.", lag_labels(shard.id));
    gauge->set(to_seconds(shard.lag));
  }
  std::erase_if(lags_, [&](const auto& entry) {
    if (read.contains(entry.first)) return false;
    metrics_.remove(kLag, lag_labels(entry.first));
    return true;
  });
}

Labels RelayMetrics::lag_labels(const aws::ShardId& shard) const { return {{"relay", relay_}, {"shard", shard.str()}}; }

}  // namespace ctk::observe
