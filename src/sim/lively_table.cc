#include "sim/lively_table.h"

#include <fmt/format.h>

namespace ctk::sim {
namespace {

constexpr uint64_t kSlots = 6;

std::string typed(const char* tag, const std::string& text) { return fmt::format(R"({{"{}":"{}"}})", tag, text); }

}  // namespace

bool LivelyTable::create(Timestamp now) {
  return dynamodb_
      .create_table(
          {.name = name_, .keys = {{"device", 'S'}, {"slot", 'N'}}, .stream = aws::StreamView::new_and_old_images}, now)
      .has_value();
}

void LivelyTable::fill(Timestamp now) {
  while (items().items().size() < population_) (void)dynamodb_.put_item(name_, new_item(now), now);
}

Attributes LivelyTable::new_item(Timestamp now) {
  // Twice as many keys as items: some inserts meet an item, most do not.
  const uint64_t devices = 1 + population_ * 2 / kSlots;
  const uint64_t celsius = random_.below(4000);
  return {
      {"device", typed("S", fmt::format("sensor-{:04}", random_.below(devices)))},
      {"slot", typed("N", std::to_string(random_.below(kSlots)))},
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
  const auto& all = items().items();
  const aws::HashKey hash = aws::HashKey(random_.next()) << 64 | random_.next();
  const auto found = all.lower_bound({hash, {}});
  return items().key_of((found == all.end() ? all.begin() : found)->second);
}

void LivelyTable::step(Timestamp now) {
  const uint64_t dice = random_.below(100);
  const bool grows = items().items().size() < population_;
  if (items().items().empty() || dice < (grows ? 50U : 15U)) {
    (void)dynamodb_.put_item(name_, new_item(now), now);
    return;
  }
  const Attributes key = some_key();
  const Attributes fresh = new_item(now);
  if (dice >= 85) {
    (void)dynamodb_.delete_item(name_, key, now);
  } else if (dice >= 75) {
    (void)dynamodb_.update_item(name_, key, {{"alarm", R"({"BOOL":true})"}}, {"history"}, now);
  } else {
    (void)dynamodb_.update_item(name_, key, {{"celsius", fresh.at("celsius")}, {"since", fresh.at("since")}}, {}, now);
  }
}

}  // namespace ctk::sim
