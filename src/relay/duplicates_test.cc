#include "relay/duplicates.h"

#include <gtest/gtest.h>

#include "dynamodb/change_builder.h"

namespace ctk::relay {
namespace {

uint64_t event(const std::string& id, const std::string& key, int64_t time = 1) {
  dynamodb::Change made;
  dynamodb::ChangeBuilder builder;
  builder.begin(nullptr);
  builder.finish(made, {.table = "", .event_id = id, .order = "", .key = key, .shard = "", .position = ""},
                 std::make_shared<dynamodb::Slab>(64));
  made.time = from_micros(time);
  return DuplicateFilter::event_of(made);
}

TEST(Duplicates, WithinAnAggregateTheIndexCountsToo) {
  DuplicateFilter filter;
  EXPECT_FALSE(filter.repeats(event("e", "k"), "10:2"));
  EXPECT_FALSE(filter.repeats(event("e", "k"), "10:2"));
  EXPECT_TRUE(filter.repeats(event("e", "k"), "10:10"));
  EXPECT_TRUE(filter.repeats(event("e", "k"), "11:0"));
  EXPECT_FALSE(filter.repeats(event("e", "k"), "9:4294967295"));
}

TEST(Duplicates, TheSameEventAtAHigherSequenceNumberIsARepetition) {
  DuplicateFilter filter;
  EXPECT_FALSE(filter.repeats(event("e", "k"), "10"));
  EXPECT_TRUE(filter.repeats(event("e", "k"), "11"));
}

TEST(Duplicates, AReReadGoesThrough) {
  DuplicateFilter filter;
  EXPECT_FALSE(filter.repeats(event("e", "k"), "10"));
  EXPECT_FALSE(filter.repeats(event("e", "k"), "10"));
  EXPECT_FALSE(filter.repeats(event("e", "k"), "9"));
  EXPECT_TRUE(filter.repeats(event("e", "k"), "10"));
}

TEST(Duplicates, AnEventIdAloneProvesNothing) {
  DuplicateFilter filter;
  EXPECT_FALSE(filter.repeats(event("e", "k1"), "10"));
  EXPECT_FALSE(filter.repeats(event("e", "k2"), "11"));
  EXPECT_FALSE(filter.repeats(event("e", "k1", 2), "12"));
  EXPECT_FALSE(filter.repeats(event("", "k1"), "13"));
  EXPECT_FALSE(filter.repeats(event("", "k1"), "14"));
}

TEST(Duplicates, NumbersAreComparedAsSuch) {
  DuplicateFilter filter;
  EXPECT_FALSE(filter.repeats(event("e", "k"), "9"));
  EXPECT_TRUE(filter.repeats(event("e", "k"), "10"));
  EXPECT_FALSE(filter.repeats(event("e", "k"), "0000009"));
  const std::string longest(57, '9');
  EXPECT_TRUE(filter.repeats(event("e", "k"), longest));
  EXPECT_FALSE(filter.repeats(event("e", "k"), longest + "9")) << "no sequence number of Kinesis is as long";
  EXPECT_FALSE(filter.repeats(event("e", "k"), "0"));
  EXPECT_TRUE(filter.repeats(event("e", "k"), "1"));
}

TEST(Duplicates, ManyAreToldApart) {
  DuplicateFilter filter(4096);
  for (int i = 0; i < 2000; ++i) EXPECT_FALSE(filter.repeats(event(std::to_string(i), "k"), "1"));
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(filter.repeats(event(std::to_string(i), "k"), "2"));
}

TEST(Duplicates, MemoryIsBoundedAndCanBeCleared) {
  DuplicateFilter filter(10);
  for (int i = 0; i < 100; ++i) filter.repeats(event(std::to_string(i), "k"), std::to_string(i + 1));
  EXPECT_LE(filter.size(), 10u);
  for (const char* id : {"95", "96", "97", "98", "99"}) EXPECT_TRUE(filter.repeats(event(id, "k"), "1000"));
  filter.clear();
  EXPECT_FALSE(filter.repeats(event("99", "k"), "1000"));
}

}  // namespace
}  // namespace ctk::relay
