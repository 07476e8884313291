#include "shards/position.h"

#include <gtest/gtest.h>

namespace ctk::shards {
namespace {

TEST(Position, IsStoredAsTextAndReadBack) {
  const std::pair<Position, std::string> cases[] = {
      {Position::trim_horizon(), "TRIM_HORIZON"},
      {Position::trim_horizon(from_micros(1700000000123456)), "TRIM_HORIZON:1700000000123456"},
      {Position::at_timestamp(from_micros(1700000000123456)), "AT_TIMESTAMP:1700000000123456"},
      {Position::at_sequence(aws::SequenceNumber("42")), "AT_SEQUENCE_NUMBER:42"},
      {Position::after(aws::SequenceNumber("42")), "42"},
      {Position::after(aws::SequenceNumber("42"), 0), "42:0"},
      {Position::after(aws::SequenceNumber("42"), 4294967295), "42:4294967295"},
      {Position::shard_end(), "SHARD_END"},
  };
  for (const auto& [position, text] : cases) {
    EXPECT_EQ(to_string(position), text);
    Result<Position> read = parse_position(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, position);
  }
}

TEST(Position, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"", "LATEST", "12x", "TRIM_HORIZON:", "TRIM_HORIZON:0", "TRIM_HORIZON:x", "AT_TIMESTAMP:", "AT_TIMESTAMP:1.5",
        "AT_SEQUENCE_NUMBER:", "AT_SEQUENCE_NUMBER:1:2", "-1", ":1", "1:", "1:-1", "1:2:3", "1:4294967296"}) {
    Result<Position> read = parse_position(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::corrupt);
  }
}

}  // namespace
}  // namespace ctk::shards
