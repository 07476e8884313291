#include "cli/onlookers.h"

#include <utility>

namespace ctk::cli {

Onlookers::Onlookers(Listening* listening, World& world, EventLoop& loop)
    : listening_(listening), world_(world), loop_(loop) {
  if (const auto manager = service_manager(world)) service_ = std::make_unique<observe::ServiceReporter>(*manager);
}

void Onlookers::watch(observe::StatusTicker::Look look) {
  if (listening_ == nullptr && service_ == nullptr) return;
  ticker_.emplace(std::move(look), [this](const std::vector<observe::RelayStatus>& relays) { show(relays); }, loop_);
}

void Onlookers::show(const std::vector<observe::RelayStatus>& relays) {
  if (listening_ != nullptr) listening_->show(relays);
  if (service_) service_->report(relays, world_.clock.monotonic());
}

}  // namespace ctk::cli
