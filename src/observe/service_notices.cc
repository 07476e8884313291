#include "observe/service_notices.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "observe/progress.h"

namespace ctk::observe {
namespace {

using State = relay::RelayView::State;

/// Lag changes all the time: it is no reason to wake the manager every second.
constexpr Duration kStatusEvery = std::chrono::seconds(10);
constexpr size_t kLongestReason = 200;

bool is_in(const RelayStatus& relay, State state) { return !relay.failure && relay.view.state == state; }

bool all_in(const std::vector<RelayStatus>& relays, State state) {
  return std::ranges::all_of(relays, [&](const RelayStatus& relay) { return is_in(relay, state); });
}

/// On one line, as the protocol has it.
std::string one_line_of(std::string text) {
  if (text.size() > kLongestReason) text = std::string(cut_at_character(text, kLongestReason)) + "...";
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20; }, ' ');
  return text;
}

std::string status_of(const std::vector<RelayStatus>& relays) {
  size_t well = 0;
  Duration lag{};
  for (const RelayStatus& relay : relays) {
    well += relay.health.is_well() ? 1 : 0;
    lag = std::max(lag, relay.view.stats.lag);
  }
  const auto unwell = std::ranges::find(relays, false, [](const RelayStatus& relay) { return relay.health.is_well(); });
  if (unwell != relays.end()) {
    const std::string name = unwell->view.name.str();
    return fmt::format("{} of {} healthy; {}{}", well, relays.size(), name.empty() ? "" : name + ": ",
                       one_line_of(unwell->health.reasons.front()));
  }
  const bool loads = std::ranges::any_of(relays, [](const RelayStatus& relay) { return is_in(relay, State::loading); });
  return fmt::format("{} of {} healthy; {}, {} behind", well, relays.size(), loads ? "loading" : "following",
                     human_duration(lag));
}

}  // namespace

ServiceNotices::Phase ServiceNotices::phase_of(Phase before, const std::vector<RelayStatus>& relays) {
  if (before == Phase::stopping || relays.empty()) return before;
  if (all_in(relays, State::stopping)) return Phase::stopping;
  const bool any_starts =
      std::ranges::any_of(relays, [](const RelayStatus& relay) { return is_in(relay, State::starting); });
  return before == Phase::starting && any_starts ? Phase::starting : Phase::ready;
}

std::string ServiceNotices::next(const std::vector<RelayStatus>& relays, Duration now) {
  std::string lines;
  const Phase phase = phase_of(phase_, relays);
  const Phase was = std::exchange(phase_, phase);
  const bool changed = phase != was;
  // One that ended as soon as it had begun was ready, too: the manager would take its end for a failure.
  if (changed && was == Phase::starting) lines += "READY=1\n";
  if (changed && phase == Phase::stopping) lines += "STOPPING=1\n";
  const bool is_stuck = std::ranges::any_of(relays, [](const RelayStatus& relay) { return relay.health.is_stuck; });
  if (fed_ && !is_stuck) lines += "WATCHDOG=1\n";
  if (std::string status = status_of(relays);
      status != status_ && (changed || status_.empty() || now - sent_at_ >= kStatusEvery)) {
    lines += "STATUS=" + status + "\n";
    status_ = std::move(status);
    sent_at_ = now;
  }
  return lines;
}

}  // namespace ctk::observe
