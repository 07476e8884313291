#include "record/recorded_line.h"

#include <gmock/gmock.h>

#include "dynamodb/decode.h"

namespace ctk::record {
namespace {

using dynamodb::Decoder;
using dynamodb::RawRecord;
using dynamodb::VersionKind;
using testing::EndsWith;
using testing::StartsWith;

const std::string kKinesisArn = "arn:aws:kinesis:eu-central-1:123456789012:stream/cdc";
const std::string kStreamArn = "arn:aws:dynamodb:eu-west-1:123456789012:table/demo/stream/2026-01-01T00:00:00.000";

std::string event(const std::string& more = "") {
  return R"({"eventName":"INSERT","eventID":"1","dynamodb":{"Keys":{"pk":{"S":"a"}},"NewImage":{"pk":{"S":"a"}},)"
         R"("ApproximateCreationDateTime":1767225600)" +
         more + R"(},"tableName":"demo","userIdentity":null})";
}

RawRecord kinesis_record(std::string data) {
  RawRecord record;
  record.data = std::move(data);
  record.sequence = aws::SequenceNumber("49545115243490985018280067714973144582180062593244200961");
  record.arrival = from_micros(1'767'225'601'234'000);
  return record;
}

std::string version_of(const std::string& text, std::optional<VersionKind> kind, RawRecord record = {}) {
  record.data = text;
  Decoder decoder;
  const auto decoded = decoder.decode(std::move(record), {.kind = kind});
  return decoded.changes.empty() ? "none" : std::string(decoded.changes.front().order);
}

TEST(RecordedLine, OfKinesisIsAsLambdaHasIt) {
  const std::string line = recorded_line({RecordedStream::Service::kinesis, kKinesisArn},
                                         aws::ShardId("shardId-000000000006"), kinesis_record("hi"));
  EXPECT_EQ(line, R"({"kinesis":{"kinesisSchemaVersion":"1.0",)"
                  R"("sequenceNumber":"49545115243490985018280067714973144582180062593244200961","data":"aGk=",)"
                  R"("approximateArrivalTimestamp":1767225601.234},"eventSource":"aws:kinesis","eventVersion":"1.0",)"
                  R"("eventID":"shardId-000000000006:49545115243490985018280067714973144582180062593244200961",)"
                  R"("eventName":"aws:kinesis:record","awsRegion":"eu-central-1",)"
                  R"("eventSourceARN":"arn:aws:kinesis:eu-central-1:123456789012:stream/cdc"})");
}

TEST(RecordedLine, OfKinesisHasTheVersionOfTheLiveStream) {
  const RawRecord live = kinesis_record(event());
  const std::string line = recorded_line({RecordedStream::Service::kinesis, kKinesisArn}, aws::ShardId("s"), live);
  RawRecord played;
  played.line = 7;
  Decoder decoder;
  EXPECT_EQ(version_of(line, decoder.file_kind(line), played), version_of(event(), VersionKind::kinesis, live));
}

TEST(RecordedLine, OfDynamoDbIsTheServicesOwnRecordAndTheStreamsName) {
  RawRecord record;
  record.data = "{\"eventID\": \"1\",\n \"dynamodb\": {}\r\n}\n";
  EXPECT_EQ(recorded_line({RecordedStream::Service::dynamodb, kStreamArn}, aws::ShardId("s"), record),
            "{\"eventID\": \"1\",  \"dynamodb\": {}  ,\"eventSourceARN\":\"" + kStreamArn + "\"}");
}

TEST(RecordedLine, OfDynamoDbHasTheVersionOfTheLiveStream) {
  RawRecord live;
  live.data = event(R"(,"SequenceNumber":"100000000000000000001")");
  const std::string line = recorded_line({RecordedStream::Service::dynamodb, kStreamArn}, aws::ShardId("s"), live);
  Decoder decoder;
  EXPECT_EQ(version_of(line, decoder.file_kind(line)), version_of(std::string(live.data), VersionKind::streams));
}

TEST(RecordedLine, WhateverARecordIsItBecomesOneChangeThatHoldsIt) {
  for (const std::string& data : {std::string("hi"), event() + event(), std::string("\0\xff", 2), std::string()}) {
    const std::string line =
        recorded_line({RecordedStream::Service::kinesis, kKinesisArn}, aws::ShardId("s"), kinesis_record(data));
    RawRecord record;
    record.data = change_around(line, aws::SequenceNumber("12"));
    record.sequence = aws::SequenceNumber("12");
    Decoder decoder;
    const auto decoded = decoder.decode(std::move(record), {.kind = VersionKind::kinesis});
    ASSERT_EQ(decoded.changes.size(), 1u);
    EXPECT_EQ(decoded.undecodable.size(), 0u);
    EXPECT_EQ(line_within(decoded.changes.front().record), line);
  }
}

}  // namespace
}  // namespace ctk::record
