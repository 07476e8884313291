#include "observe/relay_metrics.h"

#include <limits>

namespace ctk::observe {
namespace {

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

RelayMetrics::RelayMetrics(Metrics& metrics, const std::string& relay)
    : reading_(metrics.gauge("ctk_shards_reading", "Shards that are being read.", {{"relay", relay}})),
      waiting_(metrics.gauge("ctk_shards_waiting", "Shards that wait for their parents' ends.", {{"relay", relay}})),
      lag_(metrics.gauge("ctk_lag_seconds", "How far the shard that is furthest behind is from its tip.",
                         {{"relay", relay}})),
      until_loss_(metrics.gauge("ctk_seconds_to_data_loss",
                                "Until the stream drops what was not read; +Inf where it drops nothing.",
                                {{"relay", relay}})),
      memory_(metrics.gauge("ctk_memory_bytes", "Changes that were read and are not acknowledged.", {{"relay", relay}})) {
  using Stats = relay::RelayStats;
  const auto count = [&](const char* name, const char* help, uint64_t Stats::* member) {
    counted_.push_back({metrics.counter(name, help, {{"relay", relay}}), member});
  };
  count("ctk_changes_read_total", "Changes read.", &Stats::read);
  count("ctk_read_bytes_total", "Bytes of records read.", &Stats::bytes);
  count("ctk_changes_applied_total", "Changes that the target has.", &Stats::applied);
  count("ctk_changes_filtered_total", "Changes of tables that are not relayed.", &Stats::filtered);
  count("ctk_dead_letters_total", "Changes that were parked as dead letters.", &Stats::dead_letters);
  count("ctk_gaps_total", "Gaps in the stream that were passed over.", &Stats::gaps);
}

void RelayMetrics::update(const relay::RelayStats& stats) {
  for (const Counted& one : counted_) {
    const uint64_t before = one.counter.value();
    if (stats.*one.count > before) one.counter.add(stats.*one.count - before);
  }
  reading_.set(static_cast<double>(stats.shards_reading));
  waiting_.set(static_cast<double>(stats.shards_waiting));
  lag_.set(seconds(stats.lag));
  until_loss_.set(stats.until_data_loss ? seconds(*stats.until_data_loss) : std::numeric_limits<double>::infinity());
  memory_.set(static_cast<double>(stats.memory_used));
}

}  // namespace ctk::observe
