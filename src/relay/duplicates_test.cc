#include "relay/duplicates.h"

#include <gtest/gtest.h>

#include "dynamodb/change_builder.h"

namespace ctk::relay {
namespace {

dynamodb::Change change(const std::string& event, const std::string& key, int64_t time = 1) {
  dynamodb::Change made;
  dynamodb::ChangeBuilder builder;
  builder.begin();
  builder.finish(made, {.table = "", .event_id = event, .order = "", .key = key});
  made.time = from_micros(time);
  return made;
}
aws::SequenceNumber seq(const std::string& digits) { return aws::SequenceNumber(digits); }

TEST(Duplicates, TheSameEventAtAHigherSequenceNumberIsARepetition) {
  DuplicateFilter filter;
  EXPECT_FALSE(filter.repeats(change("e", "k"), seq("10")));
  EXPECT_TRUE(filter.repeats(change("e", "k"), seq("11")));
}

TEST(Duplicates, AReReadGoesThrough) {
  DuplicateFilter filter;
  EXPECT_FALSE(filter.repeats(change("e", "k"), seq("10")));
  EXPECT_FALSE(filter.repeats(change("e", "k"), seq("10")));
  EXPECT_FALSE(filter.repeats(change("e", "k"), seq("9")));
  EXPECT_TRUE(filter.repeats(change("e", "k"), seq("10")));
}

TEST(Duplicates, AnEventIdAloneProvesNothing) {
  DuplicateFilter filter;
  EXPECT_FALSE(filter.repeats(change("e", "k1"), seq("10")));
  EXPECT_FALSE(filter.repeats(change("e", "k2"), seq("11")));
  EXPECT_FALSE(filter.repeats(change("e", "k1", 2), seq("12")));
  EXPECT_FALSE(filter.repeats(change("", "k1"), seq("13")));
  EXPECT_FALSE(filter.repeats(change("", "k1"), seq("14")));
}

TEST(Duplicates, MemoryIsBoundedAndCanBeCleared) {
  DuplicateFilter filter(10);
  for (int i = 0; i < 100; ++i) filter.repeats(change(std::to_string(i), "k"), seq(std::to_string(i + 1)));
  EXPECT_LE(filter.size(), 10u);
  for (const char* event : {"95", "96", "97", "98", "99"}) EXPECT_TRUE(filter.repeats(change(event, "k"), seq("1000")));
  filter.clear();
  EXPECT_FALSE(filter.repeats(change("99", "k"), seq("1000")));
}

}  // namespace
}  // namespace ctk::relay
