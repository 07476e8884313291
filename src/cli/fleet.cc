#include "cli/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/run_ending.h"

namespace ctk::cli {

Fleet::Fleet(World& world, EventLoop& loop, Metrics& metrics, Duration health_window, std::function<void()> on_end)
    : memory_(0), ground_{world, loop, memory_, metrics, health_window}, on_end_(std::move(on_end)) {}

void Fleet::follow(FleetPlan plan) {
  if (stopping_) return;
  memory_.set_limit(plan.max_memory);
  exit_on_failure_ = plan.exit_on_failure;
  for (Place& place : places_) {
    const bool stays = std::ranges::find(plan.relays, place.member->relay().name, &FleetRelay::name) != plan.relays.end();
    if (!stays && !place.removed) remove(place.member->relay().name);
  }
  for (FleetRelay& relay : plan.relays) take(std::move(relay));
}

void Fleet::take(FleetRelay relay) {
  const auto place = find(relay.name);
  if (place == places_.end()) return add(std::move(relay));
  if (!place->removed && place->member->will_run_as(relay)) return;
  ground_.world.log.info("the relay's configuration has changed: it is begun again", {{"relay", relay.name}});
  place->removed = false;
  place->member->replace(std::move(relay));
}

void Fleet::add(FleetRelay relay) {
  auto member = std::make_unique<FleetMember>(std::move(relay), ground_,
                                              lifeline_.guard([this](std::optional<int> failed) { on_change(failed); }));
  places_.push_back({std::move(member)});
  places_.back().member->begin();
}

void Fleet::remove(const std::string& name) {
  const auto place = find(name);
  ground_.world.log.info("the relay is no longer configured: it is stopped", {{"relay", name}});
  place->removed = true;
  place->member->stop();
  on_change(std::nullopt);  // it may have been over before
}

std::vector<Fleet::Place>::iterator Fleet::find(const std::string& name) {
  return std::ranges::find(places_, name, [](const Place& place) { return place.member->relay().name; });
}

void Fleet::stop() {
  stopping_ = true;
  for (const Place& place : places_) place.member->stop();
  on_change(std::nullopt);
}

void Fleet::on_change(std::optional<int> failed) {
  if (failed && exit_on_failure_ && !stopping_) {
    ground_.world.log.error("a relay has failed, and exit-on-failure is set: all are stopped");
    exit_code_ = worse_exit_code(exit_code_, *failed);
    stop();
  }
  // The caller may be a member that goes.
  ground_.loop.post(lifeline_.guard([this] { tidy_up(); }));
}

void Fleet::tidy_up() {
  std::erase_if(places_, [](const Place& place) {
    const bool gone = place.removed && place.member->is_over() && !place.member->hangs();
    if (gone) place.member->forget();
    return gone;
  });
  const bool all_over = std::ranges::all_of(places_, [](const Place& place) { return place.member->is_over(); });
  if (!all_over || !on_end_) return;
  for (const Place& place : places_) exit_code_ = worse_exit_code(exit_code_, place.member->exit_code());
  std::exchange(on_end_, nullptr)();
}

bool Fleet::hangs() const {
  return std::ranges::any_of(places_, [](const Place& place) { return place.member->hangs(); });
}

std::vector<observe::RelayStatus> Fleet::look() {
  std::vector<observe::RelayStatus> all;
  for (const Place& place : places_) {
    if (!place.removed) all.push_back(place.member->look());
  }
  return all;
}

relay::RelayStats Fleet::stats() {
  std::vector<relay::RelayStats> all;
  for (const Place& place : places_) all.push_back(place.member->stats());
  return sum_of(all);
}

relay::RelayStats sum_of(const std::vector<relay::RelayStats>& all) {
  relay::RelayStats sum;
  size_t others = 0;
  for (const relay::RelayStats& one : all) {
    for (const auto count :
         {&relay::RunCounts::read, &relay::RunCounts::applied, &relay::RunCounts::filtered, &relay::RunCounts::deleted,
          &relay::RunCounts::dead_letters, &relay::RunCounts::gaps, &relay::RunCounts::shards, &relay::RunCounts::bytes}) {
      sum.counts.*count += one.counts.*count;
    }
    sum.shards_reading += one.shards_reading;
    sum.shards_waiting += one.shards_waiting;
    sum.memory_used += one.memory_used;
    sum.lag = std::max(sum.lag, one.lag);
    if (one.until_data_loss)
      sum.until_data_loss = std::min(sum.until_data_loss.value_or(Duration::max()), *one.until_data_loss);
    if (!sum.outage.empty() && !one.outage.empty()) ++others;
    if (sum.outage.empty()) sum.outage = one.outage;
  }
  if (others > 0) sum.outage += fmt::format(", and {} more", others);
  return sum;
}

}  // namespace ctk::cli
