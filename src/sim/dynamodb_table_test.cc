#include "sim/dynamodb_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dynamodb/decode.h"
#include "sim/lively_table.h"

namespace ctk::sim {
namespace {

using dynamodb::Operation;

const Timestamp kStart = from_micros(1'795'318'371'742'001);

dynamodb::Change decode(const ItemChange& change) {
  dynamodb::Decoder decoder;
  dynamodb::RawRecord record;
  record.data = kinesis_event(change).record;
  record.sequence = aws::SequenceNumber("49590338271490256608559692538361571095921575989136588898");
  auto decoded = decoder.decode(std::move(record), {dynamodb::VersionKind::kinesis});
  EXPECT_EQ(decoded.undecodable.size(), 0u);
  EXPECT_EQ(decoded.changes.size(), 1u);
  return std::move(decoded.changes.at(0));
}

TEST(DynamoDbTable, WritesWhatOurDecoderReads) {
  Random random(1);
  DynamoDbTable table("demo", {"pk"}, "eu-central-1", random);
  const auto inserted = table.put({{"pk", R"({"S":"a"})"}, {"n", R"({"N":"1"})"}}, kStart);
  ASSERT_TRUE(inserted);
  auto change = decode(*inserted);
  EXPECT_EQ(change.operation, Operation::insert);
  EXPECT_EQ(change.table, "demo");
  EXPECT_EQ(change.time, kStart);
  EXPECT_EQ(change.key, R"({"pk":{"S":"a"}})");
  EXPECT_EQ(change.event_id.size(), 36u);
  EXPECT_FALSE(change.has_old_image());

  EXPECT_FALSE(table.put({{"pk", R"({"S":"a"})"}, {"n", R"({"N":"1"})"}}, kStart)) << "nothing changed";

  const auto updated = table.update({{"pk", R"({"S":"a"})"}}, {{"m", R"({"BOOL":true})"}}, {"n"}, kStart);
  change = decode(updated.value());
  EXPECT_EQ(change.operation, Operation::modify);
  EXPECT_TRUE(change.has_new_image());
  EXPECT_THAT(kinesis_event(*updated).record, testing::HasSubstr(R"("OldImage":{"n":{"N":"1"},"pk":{"S":"a"}})"));
  EXPECT_EQ(kinesis_event(*updated).partition_key, kinesis_event(*inserted).partition_key);

  const auto removed = table.remove({{"pk", R"({"S":"a"})"}}, kStart, true);
  EXPECT_THAT(kinesis_event(removed.value()).record, testing::HasSubstr(R"("principalId":"dynamodb.amazonaws.com")"));
  EXPECT_EQ(decode(*removed).operation, Operation::remove);
  EXPECT_FALSE(table.remove({{"pk", R"({"S":"a"})"}}, kStart)) << "it was not there";
  EXPECT_TRUE(table.items().empty());
}

TEST(LivelyTable, LivesTheSameLifeFromTheSameSeed) {
  std::string lives[2];
  for (std::string& life : lives) {
    Random random(42);
    LivelyTable lively("demo", "us-east-1", random);
    int inserts = 0, updates = 0, deletes = 0;
    for (int i = 0; i < 500; ++i) {
      const auto event = lively.step(kStart + std::chrono::milliseconds(i));
      if (!event) continue;
      life += kinesis_event(*event).record;
      const Operation operation = decode(*event).operation;
      (operation == Operation::insert ? inserts : operation == Operation::modify ? updates : deletes) += 1;
    }
    EXPECT_GT(inserts, 20);
    EXPECT_GT(updates, 50);
    EXPECT_GT(deletes, 20);
    EXPECT_GT(lively.table().items().size(), 10u);
  }
  EXPECT_EQ(lives[0], lives[1]);
}

}  // namespace
}  // namespace ctk::sim
