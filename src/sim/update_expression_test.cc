#include "sim/update_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Attributes kItem{{"n", R"({"N":"41"})"}, {"s", R"({"S":"x"})"}};
const std::map<std::string, std::string> kNames{{"#n", "n"}, {"#new", "status"}};
const Attributes kValues{{":one", R"({"N":"1"})"}, {":x", R"({"S":"x"})"}};

ItemUpdate update(const std::string& text) { return evaluate_update({text, kNames, kValues}, kItem).value(); }
std::string refused(const std::string& text) { return evaluate_update({text, kNames, kValues}, kItem).error().message; }
bool holds(const std::string& text) { return evaluate_condition({text, kNames, kValues}, kItem).value(); }

TEST(UpdateExpression, SetsAddsAndRemovesWholeAttributes) {
  const ItemUpdate out = update("SET #new = :x, #n = #n + :one REMOVE s");
  EXPECT_EQ(out.set, (Attributes{{"status", R"({"S":"x"})"}, {"n", R"({"N":"42"})"}}));
  EXPECT_THAT(out.removed, ElementsAre("s"));
  EXPECT_EQ(update("ADD n :one, fresh :one").set, (Attributes{{"n", R"({"N":"42"})"}, {"fresh", R"({"N":"1"})"}}));
  EXPECT_EQ(update("set a = if_not_exists(a, :one) - :one").set.at("a"), R"({"N":"0"})");
  EXPECT_EQ(update("SET a=if_not_exists(s,:one)").set.at("a"), R"({"S":"x"})");
}

TEST(UpdateExpression, RefusesWhatItDoesNotDo) {
  EXPECT_THAT(refused("SET a.b = :x"), HasSubstr("whole attributes only"));
  EXPECT_THAT(refused("SET a = :nothing"), HasSubstr("attribute value: :nothing"));
  EXPECT_THAT(refused("SET #nothing = :x"), HasSubstr("attribute name: #nothing"));
  EXPECT_THAT(refused("SET a = s + :one"), HasSubstr("incorrect data type"));
  EXPECT_THAT(refused("DROP a"), HasSubstr("Syntax error"));
  EXPECT_THAT(refused("SET a = missing"), HasSubstr("does not exist in the item"));
}

TEST(UpdateExpression, ChangesAnAttributeOnceAndHasEachSectionOnce) {
  EXPECT_THAT(refused("SET n = :one, #n = :one"), HasSubstr("overlap"));
  EXPECT_THAT(refused("SET n = :one REMOVE n"), HasSubstr("overlap"));
  EXPECT_THAT(refused("SET n = :one SET s = :x"), HasSubstr("only be used once"));
  EXPECT_THAT(refused("SET n :one"), HasSubstr("Syntax error"));
  EXPECT_THAT(refused("SET = :one"), HasSubstr("Syntax error"));
  EXPECT_THAT(refused("SET"), HasSubstr("Syntax error"));
  EXPECT_THAT(refused(""), HasSubstr("empty"));
}

TEST(UpdateExpression, FindsAPlaceholderThatNobodyUses) {
  EXPECT_EQ(unused_placeholder({"SET #new = :x REMOVE #n ADD a :one", kNames, kValues}), std::nullopt);
  EXPECT_EQ(unused_placeholder({"SET #new = :x ADD a :one", kNames, kValues}), "#n");
  EXPECT_EQ(unused_placeholder({"SET #new = :x, #n = :x", kNames, kValues}), ":one");
}

TEST(ConditionExpression, LooksAtPresenceAndEquality) {
  EXPECT_TRUE(holds("attribute_exists(n) AND attribute_not_exists(#new)"));
  EXPECT_FALSE(holds("attribute_exists(n) and s <> :x"));
  EXPECT_TRUE(holds("s = :x"));
  EXPECT_FALSE(holds("#new = :x"));
  for (const char* text : {"", "attribute_exists n", "attribute_exists(n) OR s = :x", "NOT s = :x", "= :x", "s = "}) {
    EXPECT_FALSE(evaluate_condition({text, kNames, kValues}, kItem)) << text;
  }
  EXPECT_THAT(evaluate_condition({"n < :one", kNames, kValues}, kItem).error().message, HasSubstr("only"));
}

}  // namespace
}  // namespace ctk::sim
