#include "observe/lease_metrics.h"

namespace ctk::observe {

LeaseMetrics::LeaseMetrics(Metrics& metrics, std::string relay)
    : metrics_(metrics),
      relay_(std::move(relay)),
      held_(gauge("ctk_leases_held", "Leases that this worker has.")),
      workers_(gauge("ctk_lease_workers", "Workers that have leases and live, as far as this one knows; itself too.")),
      since_renewal_(
          gauge("ctk_lease_renewal_age_seconds",
                "Since the last renewal of the lease that was renewed longest ago; at failover-time it is lost.")) {
  const auto count = [&](const char* name, const char* help, uint64_t Counts::* member) {
    counts_.emplace_back(member, RunCounter(metrics_, name, help, {{"relay", relay_}}));
  };
  count("ctk_leases_taken_total", "Leases that this worker came to have, in all ways.", &Counts::taken);
  count("ctk_leases_taken_expired_total", "Of those taken: from workers that no longer renewed them.",
        &Counts::taken_expired);
  count("ctk_leases_taken_by_force_total", "Of those taken: from workers that renewed them and did not give them away.",
        &Counts::taken_by_force);
  count("ctk_leases_asked_total", "Leases that this worker has asked others for.", &Counts::asked_for);
  count("ctk_leases_handed_over_total", "Leases given to a worker that had asked.", &Counts::handed_over);
  count("ctk_leases_released_total", "Leases given back.", &Counts::released);
  count("ctk_leases_lost_total", "Leases that could not be renewed in time, or that another worker took.", &Counts::lost);
  count("ctk_lease_renewals_failed_total", "Writes of leases that are held which were refused or not answered.",
        &Counts::renewals_failed);
  const auto calls = [&](const char* operation, uint64_t Calls::* member) {
    calls_.emplace_back(member,
                        RunCounter(metrics_, "ctk_lease_calls_total", "Calls of the lease table, in pages of Scans.",
                                   {{"relay", relay_}, {"operation", operation}}));
  };
  calls("scan", &Calls::scans);
  calls("read", &Calls::reads);
  calls("write", &Calls::writes);
  const auto failed = [&](const char* why, uint64_t Calls::* member) {
    calls_.emplace_back(
        member, RunCounter(metrics_, "ctk_lease_calls_failed_total", "Of the calls of the lease table, those that failed.",
                           {{"relay", relay_}, {"why", why}}));
  };
  failed("throttled", &Calls::throttled);
  failed("other", &Calls::failed);
}

Gauge& LeaseMetrics::gauge(const char* name, const char* help) {
  gauges_.emplace_back(name);
  return metrics_.gauge(name, help, {{"relay", relay_}});
}

void LeaseMetrics::update(const coordination::LeaseFigures& figures) {
  for (auto& [member, counter] : counts_) counter.update(figures.counts.*member);
  for (auto& [member, counter] : calls_) counter.update(figures.calls.*member);
  held_.set(static_cast<double>(figures.held));
  workers_.set(static_cast<double>(figures.workers));
  since_renewal_.set(to_seconds(figures.since_renewal));
}

void LeaseMetrics::begin_run() {
  for (auto& [member, counter] : counts_) counter.begin_run();
  for (auto& [member, counter] : calls_) counter.begin_run();
}

void LeaseMetrics::remove() {
  for (const auto& [member, counter] : counts_) counter.remove(metrics_);
  for (const auto& [member, counter] : calls_) counter.remove(metrics_);
  for (const std::string& name : gauges_) metrics_.remove(name, {{"relay", relay_}});
}

}  // namespace ctk::observe
