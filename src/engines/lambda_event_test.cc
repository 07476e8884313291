#include "engines/lambda_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engines/lambda_testing.h"

namespace ctk::engines {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Service = MappedStream::Service;

Result<std::vector<EventShard>> read(std::string text) { return read_lambda_event(text); }

std::string words_of(std::string text) {
  const auto shards = read(std::move(text));
  return shards ? "read" : to_string(shards.error());
}

TEST(LambdaEvent, OfKinesis) {
  const auto shards = read(event_of(
      {kinesis_record("shardId-000000000006", "49590338271490256608559692538361571095921575989136588898", "{\"a\":1}")}));
  ASSERT_TRUE(shards) << to_string(shards.error());
  ASSERT_THAT(*shards, SizeIs(1));
  const EventShard& shard = shards->front();
  EXPECT_EQ(shard.stream.service, Service::kinesis);
  EXPECT_EQ(shard.stream.arn.str(), "arn:aws:kinesis:us-east-2:123456789012:stream/cdc");
  EXPECT_EQ(shard.stream.name(), "cdc");
  EXPECT_EQ(shard.shard.str(), "shardId-000000000006");
  ASSERT_THAT(shard.records, SizeIs(1));
  EXPECT_EQ(shard.records[0].data, "{\"a\":1}");
  EXPECT_EQ(shard.records[0].sequence.str(), "49590338271490256608559692538361571095921575989136588898");
  EXPECT_EQ(shard.records[0].arrival, from_micros(1'545'084'650'987'000));
}

TEST(LambdaEvent, OfDynamoDbTheRecordIsItsOwnText) {
  const std::string record = dynamodb_record("4421584500000000017450439091");
  const auto shards = read("{ \"Records\" : [ " + record + " ] }\n");
  ASSERT_TRUE(shards) << to_string(shards.error());
  ASSERT_THAT(*shards, SizeIs(1));
  const EventShard& shard = shards->front();
  EXPECT_EQ(shard.stream.service, Service::dynamodb);
  EXPECT_EQ(shard.stream.name(), "demo");
  EXPECT_TRUE(shard.shard.empty());
  ASSERT_THAT(shard.records, SizeIs(1));
  EXPECT_EQ(shard.records[0].data, record);
  EXPECT_EQ(shard.records[0].sequence.str(), "4421584500000000017450439091");
  EXPECT_EQ(shard.records[0].arrival, from_micros(1'428'537'600'000'000));
}

TEST(LambdaEvent, ShardsAndStreamsApartAndInTheirOrder) {
  const auto shards = read(event_of({kinesis_record("s-1", "5"), kinesis_record("s-0", "7"), dynamodb_record("2", "x"),
                                     kinesis_record("s-1", "6"), dynamodb_record("1", "y"), dynamodb_record("3", "x")}));
  ASSERT_TRUE(shards) << to_string(shards.error());
  std::vector<std::string> seen;
  for (const EventShard& shard : *shards) {
    std::string line = shard.stream.name() + "/" + shard.shard.str();
    for (const auto& record : shard.records) line += " " + record.sequence.str();
    seen.push_back(line);
  }
  EXPECT_THAT(seen, ElementsAre("cdc/s-1 5 6", "cdc/s-0 7", "x/ 2 3", "y/ 1"));
}

TEST(LambdaEvent, WithoutRecords) {
  EXPECT_THAT(read(R"({"Records":[]})").value(), IsEmpty());
  EXPECT_THAT(read(R"({"Records":[],"window":{},"state":{}})").value(), IsEmpty());
  EXPECT_THAT(words_of(R"({"key1":"value1"})"), HasSubstr("it has no Records"));
}

TEST(LambdaEvent, BrokenContentIsARecordAllTheSame) {
  std::string bad = kinesis_record("s", "1");
  bad.replace(bad.find("e30="), 4, "e3!=");
  const auto shards = read(event_of({bad, kinesis_record("s", "2", "no JSON")}));
  ASSERT_TRUE(shards) << to_string(shards.error());
  EXPECT_EQ(shards->front().records[0].refusal, "its data is no base64");
  EXPECT_EQ(shards->front().records[1].data, "no JSON");
  EXPECT_TRUE(shards->front().records[1].refusal.empty());
}

TEST(LambdaEvent, WhatIsNone) {
  EXPECT_THAT(words_of(""), HasSubstr("no JSON object"));
  EXPECT_THAT(words_of("[1]"), HasSubstr("no JSON object"));
  EXPECT_THAT(words_of(R"({"Records":[)"), HasSubstr("no JSON object"));
  EXPECT_THAT(words_of(R"({"Records":[],"a"})"), HasSubstr("breaks off"));
  EXPECT_THAT(words_of(event_of({kinesis_record("s", "1") + "x"})), HasSubstr("no batch of a stream"));
  EXPECT_THAT(words_of(R"({"Records":{}})"), HasSubstr("no list of objects"));
  EXPECT_THAT(words_of(R"({"Records":[5]})"), HasSubstr("no list of objects"));
  EXPECT_THAT(words_of(event_of({kinesis_record("s", "1")}) + " {}"), HasSubstr("breaks off"));
  EXPECT_THAT(words_of(event_of({kinesis_record("s", "x")})), HasSubstr("record 1 has no sequence number"));
  EXPECT_THAT(words_of(event_of({dynamodb_record("1"), R"({"eventSource":"aws:sqs","body":"x"})"})),
              HasSubstr("record 2 of the event is of aws:sqs"));
  EXPECT_THAT(words_of(R"({"Records":[{"eventSource":"aws:kinesis"}]})"), HasSubstr("not of a stream that ctk reads"));
}

TEST(BatchAnswer, NamesTheFirstThatAreNotDone) {
  EXPECT_EQ(batch_answer({}), R"({"batchItemFailures":[]})");
  EXPECT_EQ(batch_answer({aws::SequenceNumber("12"), aws::SequenceNumber("9")}),
            R"({"batchItemFailures":[{"itemIdentifier":"12"},{"itemIdentifier":"9"}]})");
}

}  // namespace
}  // namespace ctk::engines
