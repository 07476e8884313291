#include "sim/lively_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::sim {
namespace {

const Timestamp kStart = from_micros(1'795'318'371'742'001);

/// A table's life from a seed: what its stream says of it.
struct Life {
  explicit Life(uint64_t seed) : random(seed), table(dynamodb, "sensors", 200, random) {
    EXPECT_TRUE(table.create(kStart));
    table.fill(kStart);
    for (int i = 0; i < 500; ++i) table.step(kStart + std::chrono::milliseconds(i));
    const TableStream* stream = streams.stream(dynamodb.stream_of("sensors"));
    for (const TableShard::Record& record : stream->shards().front().records) log_lines.push_back(record.data);
  }
  auto of(const std::string& operation) const {
    return std::ranges::count_if(log_lines, [&](const std::string& record) { return record.contains(operation); });
  }

  Random random;
  DynamoDbStreams streams{{}};
  DynamoDb dynamodb{{}, streams, random};
  LivelyTable table;
  std::vector<std::string> log_lines;
};

TEST(LivelyTable, InsertsUpdatesAndDeletes) {
  const Life life(42);
  EXPECT_GT(life.of("INSERT"), 250) << "200 to fill it";
  EXPECT_GT(life.of("MODIFY"), 200);
  EXPECT_GT(life.of("REMOVE"), 50);
  EXPECT_THAT(life.table.items().items().size(), testing::AllOf(testing::Gt(150u), testing::Lt(220u)));
}

TEST(LivelyTable, LivesTheSameLifeFromTheSameSeed) {
  EXPECT_EQ(Life(42).log_lines, Life(42).log_lines);
  EXPECT_NE(Life(42).log_lines, Life(43).log_lines);
}

}  // namespace
}  // namespace ctk::sim
