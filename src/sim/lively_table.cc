#include "sim/lively_table.h"

#include <fmt/format.h>

#include <iterator>

namespace ctk::sim {
namespace {

std::string typed(const char* tag, const std::string& text) { return fmt::format(R"({{"{}":"{}"}})", tag, text); }

}  // namespace

LivelyTable::LivelyTable(std::string name, std::string region, Random& random)
    : random_(random), table_(std::move(name), {"device", "slot"}, std::move(region), random) {}

Attributes LivelyTable::new_item(Timestamp now) {
  const uint64_t celsius = random_.below(4000);
  return {
      {"device", typed("S", fmt::format("sensor-{:02}", random_.below(12)))},
      {"slot", typed("N", std::to_string(random_.below(6)))},
      {"place", typed("S", random_.below(2) == 0 ? "Zürich" : "Graz \xF0\x9F\x8C\xA1")},
      {"celsius", typed("N", fmt::format("{}.{:02}", celsius / 100, celsius % 100))},
      {"serial", typed("N", fmt::format("1234567890123456789012345678{:010}", random_.below(1'000'000'000)))},
      {"ok", random_.below(4) == 0 ? R"({"BOOL":false})" : R"({"BOOL":true})"},
      {"since", typed("N", std::to_string(to_micros(now) / 1'000'000))},
      {"tags", fmt::format(R"({{"SS":["class-{}","pilot"]}})", random_.below(3))},
      {"limits", fmt::format(R"({{"M":{{"low":{{"N":"-{}"}},"high":{{"N":"{}"}},"note":{{"NULL":true}}}}}})",
                             1 + random_.below(30), 30 + random_.below(30))},
      {"history", fmt::format(R"({{"L":[{{"N":"{}"}},{{"S":"none"}},{{"B":"AAH/"}}]}})", random_.below(100))},
  };
}

Attributes LivelyTable::some_key() {
  auto it = table_.items().begin();
  std::advance(it, static_cast<ptrdiff_t>(random_.below(table_.items().size())));
  return table_.key_of(it->second);
}

std::optional<ItemChange> LivelyTable::step(Timestamp now) {
  const uint64_t dice = random_.below(100);
  const bool grows = table_.items().size() < population_;
  if (table_.items().empty() || dice < (grows ? 50U : 15U)) return table_.put(new_item(now), now);
  const Attributes key = some_key();
  if (dice >= 85) return table_.remove(key, now, dice >= 98);
  const Attributes fresh = new_item(now);
  if (dice >= 75) return table_.update(key, {{"alarm", R"({"BOOL":true})"}}, {"history"}, now);
  return table_.update(key, {{"celsius", fresh.at("celsius")}, {"since", fresh.at("since")}}, {}, now);
}

}  // namespace ctk::sim
