#include "sim/dynamodb_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dynamodb/decode.h"

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

}  // namespace
}  // namespace ctk::sim
