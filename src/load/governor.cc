#include "load/governor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ctk::load {
namespace {

constexpr double kLeastRate = 1;  ///< a throttled load goes on, however slowly
constexpr Duration kLongestWait = std::chrono::seconds(1);

std::optional<double> parse_amount(std::string_view text) {
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(amount) || amount <= 0)
    return std::nullopt;
  return amount;
}

}  // namespace

Result<ReadCapacity> parse_read_capacity(std::string_view text) {
  const bool percent = text.ends_with('%');
  const std::optional<double> amount = parse_amount(percent ? text.substr(0, text.size() - 1) : text);
  if (amount && (!percent || *amount <= 100)) return ReadCapacity{*amount, percent};
  return fail(ErrorKind::usage,
              fmt::format("found \"{}\", accepted are read capacity units a second (200), or a share of the provisioned "
                          "ones (50%)",
                          text));
}

Result<double> resolve(const ReadCapacity& capacity, std::optional<double> provisioned) {
  if (!capacity.percent) return capacity.amount;
  if (provisioned && *provisioned > 0) return *provisioned * capacity.amount / 100;
  return fail(ErrorKind::usage,
              fmt::format("read-capacity={}% is a share of the provisioned capacity, and this table is billed on demand",
                          capacity.amount),
              "", "give read capacity units a second instead: read-capacity=1000");
}

std::optional<double> ReadGovernor::rate() const {
  const std::optional<double> ceiling = limits_.ceiling();
  if (!budget_) return ceiling;
  const double allowed = *budget_ * share_;
  return ceiling ? std::min(allowed, *ceiling) : allowed;
}

void ReadGovernor::refill(Duration now) {
  const double passed = refilled_ ? std::max(0.0, to_seconds(now - *refilled_)) : 0;
  refilled_ = std::max(now, refilled_.value_or(now));
  if (const std::optional<double> allowed = rate()) {
    balance_ = std::min(std::max(*allowed, kLeastRate), balance_ + *allowed * passed);
  }
}

Duration ReadGovernor::admit(Duration now) {
  refill(now);
  const std::optional<double> allowed = rate();
  const double free = balance_ - under_way_ * expected_;
  if (allowed && free <= 0) {
    const double wait = std::min(-free / *allowed, to_seconds(kLongestWait));
    return std::min(Duration(static_cast<int64_t>(wait * 1e6) + 1000), kLongestWait);
  }
  if (const Duration wait = limits_.admit(now); wait > Duration{}) return wait;
  ++under_way_;
  return Duration{};
}

void ReadGovernor::answered(double units, Duration now) {
  refill(now);
  failed();
  expected_ = (expected_ * 7 + units) / 8;
  // What came before there was a bound is nobody's debt.
  if (rate()) balance_ -= units;
  limits_.answered(units, now);
}

void ReadGovernor::throttled(Duration now) {
  refill(now);
  failed();
  if (limits_.throttled(now)) balance_ -= expected_;
}

void ReadGovernor::failed() { under_way_ = std::max(0, under_way_ - 1); }

}  // namespace ctk::load
