#include "shards/segment.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "shards/position.h"

namespace ctk::shards {
namespace {

TEST(Segment, IsNamedAsAShard) {
  EXPECT_EQ(segment_shard({2, 3, 16}).str(), "load:00002:003/016");
  EXPECT_EQ(segment_shard({123456, 4711, 100000}).str(), "load:123456:4711/100000");
  EXPECT_TRUE(is_segment(segment_shard({1, 0, 1})));
  EXPECT_FALSE(is_segment(aws::ShardId("shardId-000000000000")));
}

TEST(Segment, ComesBackFromItsName) {
  EXPECT_TRUE(rc::check([] {
    const int total = *rc::gen::inRange(1, 1'000'000);
    const Segment segment{*rc::gen::inRange<uint32_t>(1, 99'999'999), *rc::gen::inRange(0, total), total};
    RC_ASSERT(parse_segment(segment_shard(segment)) == segment);
  }));
}

TEST(Segment, OtherNamesAreNone) {
  for (const char* name : {"load:", "load:1", "load:00001:000", "load:00001:004/004", "load:00001:000/001x", "x"}) {
    EXPECT_FALSE(parse_segment(aws::ShardId(name))) << name;
  }
}

TEST(Segment, APositionInItIsTheLastKeyOfAPage) {
  const Position position = Position::after_key(R"({"pk":{"S":"a:b"},"sk":{"N":"7"}})");
  EXPECT_EQ(to_string(position), R"(AFTER_KEY:{"pk":{"S":"a:b"},"sk":{"N":"7"}})");
  EXPECT_EQ(*parse_position(to_string(position)), position);
  EXPECT_NE(position, Position::after_key("{}"));
  EXPECT_FALSE(parse_position("AFTER_KEY:"));
}

}  // namespace
}  // namespace ctk::shards
