#include "coordination/kcl_leader.h"

#include <algorithm>
#include <charconv>

#include "json/reader.h"

namespace ctk::coordination {
namespace {

constexpr Duration kUsualLease = std::chrono::minutes(2);
constexpr Duration kLongestLease = std::chrono::minutes(10);

std::string text_of(json::Element item, std::string_view name) {
  const auto value = json::member(item, name);
  const auto text = value ? json::string_member(*value, "S") : std::nullopt;
  return std::string(text.value_or(""));
}

Duration lease_of(const std::string& text) {
  int64_t milliseconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (read.ec != std::errc() || milliseconds <= 0) return kUsualLease;
  return std::min(kLongestLease, Duration(std::chrono::milliseconds(std::min<int64_t>(milliseconds, 1'000'000))));
}

}  // namespace

std::optional<KclLeader> read_kcl_leader(std::string_view item) {
  json::Parser parser;
  const auto parsed = parser.parse(item);
  if (!parsed) return std::nullopt;
  KclLeader leader{WorkerName(text_of(*parsed, "ownerName")), lease_of(text_of(*parsed, "leaseDuration")),
                   text_of(*parsed, "recordVersionNumber")};
  const bool is_released = json::member(*parsed, "isReleased").has_value();
  if (is_released || leader.version.empty()) return std::nullopt;
  return leader;
}

bool is_led_by_nobody(std::string_view item) {
  json::Parser parser;
  const auto parsed = parser.parse(item);
  if (!parsed) return false;
  const std::string rules = text_of(*parsed, "cv");
  return rules == "CLIENT_VERSION_2X" || rules == "CLIENT_VERSION_UPGRADE_FROM_2X";
}

}  // namespace ctk::coordination
