#include "relay/outage.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctk::relay {
namespace {

constexpr Duration kSayEvery = std::chrono::seconds(60);
constexpr Duration kWorthALine = std::chrono::seconds(2);

/// A service asks for fewer calls; a database lacks what no fewer calls would give it: room on its disk, memory, sessions,
/// a lock.
std::string_view state_of(Side side, ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unreachable: return "unreachable";
    case ErrorKind::throttled: return side == Side::source ? "throttled" : "short of resources";
    case ErrorKind::denied: return "denies access";
    case ErrorKind::not_found: return "not found";
    default: return "refuses";
  }
}

}  // namespace

bool Outage::failed(const std::string& part, const Error& error, Duration now) {
  auto [at, fresh] = parts_.try_emplace(part, Part{now, error});
  at->second.error = error;
  if (may_pass(error.kind) && now - at->second.since < kWorthALine) return false;
  if (reported_ && now - *reported_ < kSayEvery) return false;
  reported_ = now;
  open_ = true;
  return true;
}

bool Outage::worked(const std::string& part) {
  if (parts_.erase(part) == 0 || !parts_.empty()) return false;
  return std::exchange(open_, false);
}

bool Outage::worked() {
  parts_.clear();
  return std::exchange(open_, false);
}

Duration Outage::failing_for(const std::string& part, Duration now) const {
  const auto found = parts_.find(part);
  return found == parts_.end() ? Duration{} : now - found->second.since;
}

const Outage::Entry* Outage::longest() const {
  const auto found = std::ranges::min_element(parts_, {}, [](const Entry& entry) { return entry.second.since; });
  return found == parts_.end() ? nullptr : &*found;
}

Duration Outage::lasts(Duration now) const {
  const Entry* part = longest();
  return part == nullptr ? Duration{} : now - part->second.since;
}

const Error* Outage::error() const {
  const Entry* part = longest();
  return part == nullptr ? nullptr : &part->second.error;
}

std::string Outage::summary(Side side, Duration now) const {
  const Entry* part = longest();
  if (part == nullptr) return "";
  const Duration lasted = now - part->second.since;
  if (may_pass(part->second.error.kind) && lasted < kWorthALine) return "";
  return fmt::format("{} {} for {} s", side == Side::target ? "target" : "source", state_of(side, part->second.error.kind),
                     lasted / std::chrono::seconds(1));
}

bool Outages::failed(Side side, const std::string& part, const Error& error, Duration now) {
  Outage& outage = of(side);
  if (outage.failed(part, error, now)) {
    log_.warn(part + " failed, waiting it out",
              {{"error", to_string(error)}, {"seconds", outage.lasts(now) / std::chrono::seconds(1)}});
  }
  return most_ && outage.failing_for(part, now) > *most_;
}

void Outages::worked(Side side, const std::string& part) {
  if (of(side).worked(part)) report_working(side);
}

void Outages::worked(Side side) {
  if (of(side).worked()) report_working(side);
}

void Outages::report_working(Side side) {
  log_.info(side == Side::target ? "the target works again" : "the source works again");
}

}  // namespace ctk::relay
