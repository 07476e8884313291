#include "relay/fold.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "dynamodb/change_builder.h"

namespace ctk::relay {
namespace {

RoutedChange change(const std::string& key, const std::string& order, const std::string& position) {
  auto made = std::make_shared<dynamodb::Change>();
  dynamodb::ChangeBuilder builder;
  builder.begin(nullptr);
  builder.finish(*made, {.table = "", .event_id = "", .order = order, .key = key, .shard = "s", .position = position},
                 std::make_shared<dynamodb::Slab>(64));
  return {std::move(made)};
}

std::vector<std::string> positions(const sink::FoldedChange& folded) {
  std::vector<std::string> positions;
  for (const auto& change : folded.changes) positions.emplace_back(change->position);
  return positions;
}

std::vector<RoutedChange> list(std::initializer_list<std::tuple<const char*, const char*, const char*>> items) {
  std::vector<RoutedChange> changes;
  for (const auto& [key, order, position] : items) changes.push_back(change(key, order, position));
  return changes;
}

TEST(Fold, TheHighestVersionWinsWhereverItStands) {
  const auto folded = fold(list({{"a", "2", "p1"}, {"b", "1", "p2"}, {"a", "3", "p3"}, {"a", "1", "p4"}}));
  ASSERT_EQ(folded.size(), 2u);
  EXPECT_EQ(positions(folded[0]), (std::vector<std::string>{"p3", "p1", "p4"}));
  EXPECT_EQ(folded[0].changes[0]->order, "3");
  EXPECT_EQ(positions(folded[1]), (std::vector<std::string>{"p2"}));
}

TEST(Fold, OfEqualVersionsTheLaterComesFirst) {
  const auto folded = fold(list({{"a", "2", "p1"}, {"a", "2", "p2"}}));
  EXPECT_EQ(positions(folded[0]), (std::vector<std::string>{"p2", "p1"}));
}

TEST(Fold, SpareRowsChangeNothingButTheMemory) {
  std::vector<sink::FoldedChange> spare(5);
  for (sink::FoldedChange& one : spare) std::get<table::Row>(one.rendered).data.emplace() = std::string(100, 'x');
  const char* const memory = std::get<table::Row>(spare[1].rendered).data->data();
  const auto changes = [] { return list({{"a", "2", "p1"}, {"b", "1", "p2"}, {"a", "3", "p3"}}); };
  const auto folded = fold(changes(), std::move(spare));
  ASSERT_EQ(folded.size(), 2u);
  EXPECT_EQ(positions(folded[0]), (std::vector<std::string>{"p3", "p1"}));
  EXPECT_EQ(positions(folded[1]), (std::vector<std::string>{"p2"}));
  EXPECT_EQ(std::get<table::Row>(folded[1].rendered).data->data(), memory);
  const auto each = one_by_one(changes(), std::vector<sink::FoldedChange>(1));
  ASSERT_EQ(each.size(), 3u);
  EXPECT_EQ(positions(each[2]), (std::vector<std::string>{"p3"}));
}

RC_GTEST_PROP(Fold, LosesNothingAndDescends, (const std::vector<std::pair<uint8_t, uint8_t>>& items)) {
  std::vector<RoutedChange> changes;
  for (const auto& [key, order] : items)
    changes.push_back(change(std::to_string(key % 5), std::string(1, static_cast<char>('a' + order % 20)), "p"));
  size_t total = 0;
  std::map<std::string_view, int> keys;
  const std::vector<sink::FoldedChange> all = fold(std::move(changes));
  for (const sink::FoldedChange& folded : all) {
    RC_ASSERT(++keys[folded.changes.front()->key] == 1);
    for (size_t i = 0; i < folded.changes.size(); ++i) {
      RC_ASSERT(folded.changes[i]->key == folded.changes.front()->key);
      if (i > 0) RC_ASSERT(folded.changes[i - 1]->order >= folded.changes[i]->order);
    }
    total += folded.changes.size();
  }
  RC_ASSERT(total == items.size());
}

}  // namespace
}  // namespace ctk::relay
