#include "cli/demo_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::cli {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

TEST(DemoResult, ShowsItemsAsRows) {
  Random random(1);
  sim::DynamoDbTable table("sensors", {"device", "slot"}, "eu-central-1", random);
  const Timestamp now = from_micros(1'795'318'371'742'001);
  table.put({{"device", R"({"S":"a"})"},
             {"slot", R"({"N":"1"})"},
             {"n", R"({"N":"12345678901234567890123456789012345678"})"},
             {"tags", R"({"SS":["b","a"]})"}},
            now);
  table.put({{"device", R"({"S":"a"})"}, {"slot", R"({"N":"2"})"}}, now);
  const auto rows = expected_rows(table);
  ASSERT_TRUE(rows);
  EXPECT_THAT(*rows, UnorderedElementsAre(Pair(std::vector<std::string>{"a", "1"},
                                               R"({"n":12345678901234567890123456789012345678,"tags":["a","b"]})"),
                                          Pair(std::vector<std::string>{"a", "2"}, "{}")));
}

TEST(DemoResult, TellsEveryKindOfDifference) {
  const DemoRows items = {{{"a", "1"}, "{}"}, {{"a", "2"}, "{}"}, {{"b", "1"}, "{}"}};
  EXPECT_EQ(difference(items, items), std::nullopt);
  EXPECT_EQ(difference({}, {}), std::nullopt);
  EXPECT_EQ(difference(items, {{{"a", "1"}, "{}"}, {{"b", "1"}, R"({"x":1})"}, {{"c", "1"}, "{}"}}),
            "of 3 items 1 have no row and 1 another one, and 1 rows have no item; the first is a/2");
  EXPECT_EQ(difference({}, {{{"c", "1"}, "{}"}}),
            "of 0 items 0 have no row and 0 another one, and 1 rows have no item; the first is c/1");
}

}  // namespace
}  // namespace ctk::cli
