#include "dynamodb/decode.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

#include "dynamodb/encode.h"
#include "dynamodb/order.h"
#include "json/writer.h"
#include "shards/aggregate_testing.h"

namespace ctk::dynamodb {
namespace {

using testing::HasSubstr;

constexpr VersionKind kKinesis = VersionKind::kinesis;

/// An event as AWS writes it into Kinesis, with some parts replaced.
struct EventText {
  std::string name = "INSERT";
  std::string keys = R"({"device":{"S":"foo"},"timestamp":{"S":"2024-07-12T01:17:42"}})";
  std::string new_image =
      R"({"humidity":{"N":"84.84"},"temperature":{"N":"42.42"},"device":{"S":"foo"},"timestamp":{"S":"2024-07-12T01:17:42"}})";
  std::string time = "1720740233012995";
  std::string precision = R"(,"ApproximateCreationDateTimePrecision":"MICROSECOND")";
  std::string more;  ///< further members of `dynamodb`, with a comma before each

  std::string str() const {
    return R"({"awsRegion":"us-east-1","eventID":"b015b5f0-c095-4b50-8ad0-4279aa3d88c6","eventName":")" + name +
           R"(","userIdentity":null,"recordFormat":"application/json","tableName":"demo","dynamodb":{)" +
           (time.empty() ? "" : R"("ApproximateCreationDateTime":)" + time + ",") +
           (keys.empty() ? "" : R"("Keys":)" + keys + ",") + (new_image.empty() ? "" : R"("NewImage":)" + new_image + ",") +
           R"("SizeBytes":99)" + precision + more + R"(},"eventSource":"aws:dynamodb"})";
  }
};

RawRecord raw(const std::string& data, const std::string& sequence = "49653") {
  RawRecord record;
  record.data = data;
  record.sequence = aws::SequenceNumber(sequence);
  record.line = 7;
  return record;
}

Decoded decode(const std::string& data, std::optional<VersionKind> kind = kKinesis) {
  return Decoder().decode(raw(data), {.kind = kind});
}

Change decode_one(const std::string& data, std::optional<VersionKind> kind = kKinesis) {
  Decoded decoded = decode(data, kind);
  for (const Undecodable& failed : decoded.undecodable) ADD_FAILURE() << failed.reason;
  if (decoded.changes.size() != 1) throw std::runtime_error("not one change");
  return std::move(decoded.changes[0]);
}

Undecodable refused(const std::string& data, std::optional<VersionKind> kind = kKinesis) {
  Decoded decoded = decode(data, kind);
  EXPECT_TRUE(decoded.changes.empty());
  if (decoded.undecodable.size() != 1) throw std::runtime_error("not one failure");
  return decoded.undecodable[0];
}

std::string reason_for(const std::string& new_image) {
  EventText event;
  event.new_image = new_image;
  return refused(event.str()).reason;
}

std::string plain(Value value) {
  std::string out;
  append_plain(out, value);
  return out;
}

std::string wrap(const std::string& event) {
  std::string data;
  json::append_base64(data, event);
  return R"({"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"p","sequenceNumber":"777","data":")" + data +
         R"(","approximateArrivalTimestamp":1720740233.5},"eventSource":"aws:kinesis","eventID":"shardId-0:777"})";
}

EventText named(const std::string& key) {
  EventText event;
  event.keys = event.new_image = R"({"id":{"S":")" + key + R"("}})";
  return event;
}

/// A change out of an aggregate has its index behind its version: as from Kinesis itself.
TEST(Decode, TakesAggregatesApartInLambdasWrapping) {
  const std::string event = named("a").str(), other = named("b").str();
  const std::string line = wrap(shards::aggregate_of({event, other, "no JSON", event + other}));
  const Decoded decoded = decode(line, VersionKind::file_time);
  ASSERT_EQ(decoded.changes.size(), 4u);
  const std::string order = order_text(kKinesis, from_micros(1720740233012995), "777", 0);
  EXPECT_EQ(decoded.changes[0].order, order + ":0000000000");
  EXPECT_EQ(decoded.changes[1].order, order + ":0000000001");
  EXPECT_EQ(decoded.changes[2].order, order + ":0000000003");
  EXPECT_EQ(decoded.changes[3].order, order + ":0000000003:0000000001");
  EXPECT_EQ(decoded.changes[1].key, R"({"id":{"S":"b"}})");
  ASSERT_EQ(decoded.undecodable.size(), 1u);
  EXPECT_EQ(decoded.undecodable[0].index_in_record, 2u);
  EXPECT_EQ(decoded.undecodable[0].record, line);

  RawRecord live = raw(event, "777");
  live.in_aggregate = {1, true, false};
  EXPECT_EQ(Decoder().decode(std::move(live), {.kind = kKinesis}).changes.at(0).order, decoded.changes[1].order);
}

TEST(Decode, TakesAggregatesApartInOtherWrappings) {
  std::string data;
  json::append_base64(data, shards::aggregate_of({named("a").str(), named("b").str()}));
  const Decoded decoded = decode(R"({"recordId":"1","data":")" + data + R"("})", VersionKind::file_time);
  ASSERT_EQ(decoded.changes.size(), 2u);
  EXPECT_LT(decoded.changes[0].order, decoded.changes[1].order);
}

/// Statement 30: a corrupt one is an ordinary record.
TEST(Decode, WhatIsNoValidAggregateIsARecord) {
  std::string whole = shards::aggregate_of({named("a").str()});
  whole.back() = static_cast<char>(whole.back() ^ 1);
  EXPECT_EQ(decode(wrap(whole), VersionKind::file_time).undecodable.size(), 1u);
  EXPECT_EQ(decode(wrap(shards::sealed(shards::packed_record(3, "x"))), VersionKind::file_time).undecodable.at(0).reason,
            shards::kNoSuchKey);
}

TEST(Decode, TakesWhatAwsPutsIntoKinesis) {
  std::string text = EventText().str();
  Change change = decode_one(text);
  EXPECT_EQ(change.table, "demo");
  EXPECT_EQ(change.operation, Operation::insert);
  EXPECT_EQ(change.event_id, "b015b5f0-c095-4b50-8ad0-4279aa3d88c6");
  EXPECT_EQ(to_micros(change.time), 1720740233012995);
  EXPECT_EQ(change.order, "1.01720740233012995." + std::string(55, '0') + "49653");
  EXPECT_EQ(change.key, R"({"device":{"S":"foo"},"timestamp":{"S":"2024-07-12T01:17:42"}})");
  EXPECT_EQ(plain(change.keys()), R"({"device":"foo","timestamp":"2024-07-12T01:17:42"})");
  ASSERT_TRUE(change.has_new_image());
  EXPECT_EQ(plain(change.new_image()),
            R"({"humidity":84.84,"temperature":42.42,"device":"foo","timestamp":"2024-07-12T01:17:42"})");
  EXPECT_EQ(change.record, text);
}

TEST(Decode, ValuesStayWhenTheChangeMoves) {
  EventText event;
  event.keys = R"({"a":{"S":"b"}})";
  event.new_image = R"({"a":{"S":"b"}})";
  Change change = decode_one(event.str());
  Value image = change.new_image();
  Change moved = std::move(change);
  EXPECT_EQ(plain(image), R"({"a":"b"})");
  EXPECT_EQ(plain(moved.new_image()), R"({"a":"b"})");
}

TEST(Decode, ReadsTimesInAnyUnit) {
  auto micros = [](const std::string& time, const std::string& precision) {
    EventText event;
    event.time = time;
    event.precision = precision.empty() ? "" : R"(,"ApproximateCreationDateTimePrecision":")" + precision + '"';
    return to_micros(decode_one(event.str()).time);
  };
  EXPECT_EQ(micros("1720740233", ""), 1720740233000000);
  EXPECT_EQ(micros("1720740233012", ""), 1720740233012000);
  EXPECT_EQ(micros("1720740233012995", ""), 1720740233012995);
  EXPECT_EQ(micros("1720740233012", "MILLISECOND"), 1720740233012000);
  EXPECT_EQ(micros("99999999999", "MILLISECOND"), 99999999999000);
  EXPECT_EQ(micros("99999999999999", "MICROSECOND"), 99999999999999);
  EXPECT_EQ(micros("1720740233012", "FORTNIGHT"), 1720740233012000);
  EXPECT_EQ(micros("1.7E9", ""), 1700000000000000);
  EXPECT_EQ(micros("1.72074023E9", ""), 1720740230000000);
  EXPECT_EQ(micros("1720740233.012995", ""), 1720740233012995);
  EXPECT_EQ(micros("1.720740233012995E15", ""), 1720740233012995);
  EXPECT_EQ(micros("\"1720740233\"", ""), 1720740233000000);
  EXPECT_EQ(micros("\"1.5e9\"", ""), 1500000000000000);
  EXPECT_EQ(micros("\"1500000000.25\"", ""), 1500000000250000);
  EXPECT_EQ(micros("99999999999", ""), 99999999999000000);
}

TEST(Decode, ReadsTimesOfTheCalendar) {
  const auto micros = [](const std::string& time) {
    EventText event;
    event.time = '"' + time + '"';
    event.precision = "";
    return to_micros(decode_one(event.str()).time);
  };
  EXPECT_EQ(micros("2024-07-11T23:23:53Z"), 1720740233000000);
  EXPECT_EQ(micros("2024-07-11T23:23:53.012Z"), 1720740233012000);
  EXPECT_EQ(micros("2024-07-11T23:23:53.012995Z"), 1720740233012995);
  EXPECT_EQ(micros("2024-07-11T23:23:53.012995999Z"), 1720740233012995);
  EXPECT_EQ(micros("2024-07-12T01:23:53.5+02:00"), 1720740233500000);
  EXPECT_EQ(micros("2024-07-11T19:23:53-0400"), 1720740233000000);
  EXPECT_EQ(micros("2024-07-11T19:23:53-04"), 1720740233000000);
  EXPECT_EQ(micros("2024-07-11 23:23:53+00:00"), 1720740233000000);
  EXPECT_EQ(micros("2024-07-11T23:23:53"), 1720740233000000);
  EXPECT_EQ(micros("2024-07-11T23:23Z"), 1720740180000000);
  EXPECT_EQ(micros("2024-07-11"), 1720656000000000);
}

TEST(Decode, OrdersATimeOfTheCalendarAsThatTime) {
  EventText number, calendar;
  calendar.time = "\"2024-07-11T23:23:53.012995Z\"";
  EXPECT_EQ(decode_one(calendar.str()).order, decode_one(number.str()).order);
  EXPECT_EQ(decode_one(calendar.str(), VersionKind::file_time).order,
            decode_one(number.str(), VersionKind::file_time).order);
}

TEST(Decode, RefusesWhatIsNoTime) {
  for (const char* time : {"-1", "1e17", "100000000000000000", "18446744073709551615", "true", "{}", "\"soon\"", "-0.5",
                           "\"1e400\"", "\"1969-12-31T23:59:59Z\"", "\"2024-13-01T00:00:00Z\"",
                           "\"2024-07-11T23:23:53 CET\"", "\"5139-01-01\"", "\"-2024-07-11\""}) {
    EventText event;
    event.time = time;
    Undecodable failed = refused(event.str());
    EXPECT_THAT(failed.reason, HasSubstr("ApproximateCreationDateTime is no time")) << time;
    EXPECT_EQ(failed.table, "demo");
    EXPECT_THAT(failed.key, HasSubstr("foo"));
    EXPECT_EQ(failed.order, "");
  }
  EventText event;
  event.time = "";
  EXPECT_EQ(refused(event.str()).reason, "ApproximateCreationDateTime is missing");
}

TEST(Decode, RemovesHaveNoNewImage) {
  EventText event;
  event.name = "REMOVE";
  event.new_image = "";
  event.more = R"(,"OldImage":{"device":{"S":"foo"}})";
  Change change = decode_one(event.str());
  EXPECT_EQ(change.operation, Operation::remove);
  EXPECT_FALSE(change.has_new_image());
  EXPECT_FALSE(change.has_old_image());
  Decoded decoded = Decoder().decode(raw(event.str()), {.kind = kKinesis, .old_image = true});
  ASSERT_EQ(decoded.changes.size(), 1u);
  EXPECT_EQ(plain(decoded.changes[0].old_image()), R"({"device":"foo"})");
}

TEST(Decode, KnowsWhatTimeToLiveRemoves) {
  const auto removed = [](const std::string& user, const std::string& name = "REMOVE") {
    return decode_one(R"({"eventName":")" + name + R"(","tableName":"t","userIdentity":)" + user +
                      R"(,"dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":{"k":{"S":"a"}},)" +
                      R"("NewImage":{"k":{"S":"a"}}}})")
        .by_time_to_live;
  };
  const std::string streams = R"({"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"})";
  EXPECT_TRUE(removed(R"({"type":"Service","principalId":"dynamodb.amazonaws.com"})"));
  EXPECT_TRUE(removed(streams));
  EXPECT_FALSE(removed(streams, "MODIFY"));
  for (const char* user : {"null", "{}", "7", R"({"principalId":7})", R"({"principalId":"somebody"})"}) {
    EXPECT_FALSE(removed(user)) << user;
  }
}

TEST(Decode, TakesDynamoDbStreamsOwnForm) {
  std::string event =
      R"({"eventID":"c4ca4238a0b923820dcc509a6f75849b","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb",)"
      R"("awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":1428537600.0,"Keys":{"Id":{"N":"101"}},)"
      R"("NewImage":{"Message":{"S":"hi"},"Id":{"N":"101"}},"SequenceNumber":"4421584500000000017450439092",)"
      R"("SizeBytes":59,"StreamViewType":"NEW_AND_OLD_IMAGES"},)"
      R"("eventSourceARN":"arn:aws:dynamodb:us-east-1:123456789012:table/ExampleTableWithStream/stream/2015-06-27T00:48:05.899"})";
  Change change = decode_one(event, VersionKind::streams);
  EXPECT_EQ(change.table, "ExampleTableWithStream");
  EXPECT_EQ(change.order, "1." + std::string(12, '0') + "4421584500000000017450439092");
  EXPECT_EQ(to_micros(change.time), 1428537600000000);
  EXPECT_EQ(change.key, R"({"Id":{"N":"101"}})");
  EXPECT_EQ(decode_one(event, std::nullopt).order, change.order);
  EXPECT_EQ(Decoder().file_kind(event), VersionKind::file_sequence);
}

TEST(Decode, UnwrapsLambdasRecords) {
  Change change = decode_one(wrap(EventText().str()));
  EXPECT_EQ(change.order, decode_one(EventText().str()).order);
  EXPECT_EQ(change.record, wrap(EventText().str()));
  EXPECT_EQ(Decoder().file_kind(wrap(EventText().str())), VersionKind::file_time);
}

TEST(Decode, OrdersWhatLambdaHasWrappedAsItsStreamDoes) {
  const std::string event = EventText().str();
  const auto live = [](const std::string& data) {
    RawRecord record;
    record.data = data;
    record.sequence = aws::SequenceNumber("777");
    return Decoder().decode(std::move(record), {VersionKind::kinesis, false});
  };
  const std::string one(live(event).changes.at(0).order);
  EXPECT_EQ(one, "1.01720740233012995." + std::string(57, '0') + "777");
  EXPECT_EQ(decode_one(wrap(event), VersionKind::file_time).order, one);
  const Decoded batch = decode(R"({"Records":[)" + wrap(event) + "," + wrap(event) + "]}", VersionKind::file_time);
  const Decoded line = decode(wrap(event) + " " + wrap(event), VersionKind::file_time);
  for (size_t i : {0, 1}) {
    EXPECT_EQ(batch.changes.at(i).order, one) << "whatever else is in its batch";
    EXPECT_EQ(line.changes.at(i).order, one);
  }
  const Decoded two = decode(wrap(event + event), VersionKind::file_time), two_live = live(event + event);
  ASSERT_EQ(two.changes.size(), 2u);
  for (size_t i : {0, 1}) EXPECT_EQ(two.changes[i].order, two_live.changes.at(i).order);
  std::string unnumbered = wrap(event);
  unnumbered.replace(unnumbered.find("777"), 3, "");
  EXPECT_EQ(decode_one(unnumbered, VersionKind::file_time).order, "1.01720740233012995." + std::string(19, '0') + "7")
      << "by its line";
}

TEST(Decode, TakesWholeLambdaBatches) {
  EventText second;
  second.keys = second.new_image = R"({"device":{"N":"2"}})";
  EventText broken;
  broken.keys = "";
  std::string batch = R"({"Records":[)" + wrap(EventText().str()) + "," + broken.str() + "," + second.str() + ",7]}";
  Decoded decoded = decode(batch, VersionKind::file_time);
  ASSERT_EQ(decoded.changes.size(), 2u);
  ASSERT_EQ(decoded.undecodable.size(), 2u);
  EXPECT_EQ(decoded.total(), 4u);
  EXPECT_EQ(decoded.changes[0].index_in_record, 0u);
  EXPECT_EQ(decoded.undecodable[0].index_in_record, 1u);
  EXPECT_EQ(decoded.undecodable[0].reason, "Keys is missing");
  EXPECT_EQ(decoded.changes[1].index_in_record, 2u);
  EXPECT_EQ(decoded.undecodable[1].reason, "Records holds what is no JSON object");
  EXPECT_EQ(decoded.changes[1].key, R"({"device":{"N":"2"}})");
  EXPECT_LT(decoded.changes[0].order, decoded.changes[1].order) << "later changes of a record win over earlier ones";
  EXPECT_LT(decoded.changes[1].order, order_text(VersionKind::file_time, decoded.changes[1].time, "", 8));
  EXPECT_EQ(decode(R"({"Records":[]})").total(), 0u);
}

TEST(Decode, TakesTheAnswersOfGetRecords) {
  const std::string event = EventText().str();
  std::string data;
  json::append_base64(data, event);
  const std::string record =
      R"({"SequenceNumber":"496","ApproximateArrivalTimestamp":"2024-07-12T01:23:53+02:00","Data":")" + data +
      R"(","PartitionKey":"p"})";
  EXPECT_EQ(decode_one(record).key, decode_one(event).key);
  const Decoded answer = decode(R"({"Records":[)" + record + "," + record + R"(],"MillisBehindLatest":0})");
  ASSERT_EQ(answer.changes.size(), 2u);
  EXPECT_LT(answer.changes[0].order, answer.changes[1].order);
  EXPECT_EQ(decode_one(R"({"invocationId":"i","records":[{"recordId":"r","data":")" + data + "\"}]}").key,
            decode_one(event).key);
  std::string text;
  json::append_string(text, event);
  EXPECT_EQ(decode_one(R"({"PartitionKey":"p","Data":)" + text + "}").key, decode_one(event).key) << "as tools show it";
  EXPECT_EQ(decode("[" + record + "," + event + "]").changes.size(), 2u);
  EXPECT_EQ(refused(R"({"Data":"?"})").reason, "Data is no base64");
  EXPECT_EQ(refused(R"({"Data":""})").reason, "Data is empty");
}

TEST(Decode, TakesTheValuesOfARecordApart) {
  EventText bare, broken;
  bare.new_image = R"({"n":{"N":7}})";
  broken.keys = "";
  const std::string good = EventText().str();
  for (const char* between : {"", " ", "\n", ",", "\r\n\n"}) {
    const Decoded decoded = decode(good + between + bare.str() + between + broken.str() + between + "{\"x\n" + good + "\n");
    ASSERT_EQ(decoded.changes.size(), 3u) << between;
    ASSERT_EQ(decoded.undecodable.size(), 2u) << between;
    EXPECT_EQ(decoded.changes[0].record, good);
    EXPECT_EQ(decoded.changes[1].record, bare.str());
    EXPECT_EQ(plain(decoded.changes[1].new_image()), R"({"n":7})");
    EXPECT_EQ(decoded.undecodable[0].record, broken.str());
    EXPECT_EQ(decoded.undecodable[1].record, "{\"x");
    EXPECT_EQ(decoded.changes[2].index_in_record, 4u);
    EXPECT_LT(decoded.changes[0].order, decoded.changes[1].order) << "the later one wins";
    EXPECT_LT(decoded.changes[1].order, decoded.changes[2].order);
  }
  EXPECT_EQ(decode_one("\xEF\xBB\xBF" + good).record, good) << "a byte order mark is none of the text";
  EXPECT_EQ(decode(good + good, std::nullopt).changes.size(), 2u);
  EXPECT_EQ(Decoder().file_kind(good + good), VersionKind::file_time);
  EXPECT_EQ(decode(wrap(good + "\n" + good)).changes.size(), 2u) << "in a wrapper, too";
}

TEST(Decode, OrdersWhatSharesALine) {
  const std::string one = EventText().str(), two = R"({"Records":[)" + one + "," + one + "]}";
  std::vector<std::string> orders;
  const auto add = [&](const std::string& text, uint32_t value) {
    RawRecord record = raw(text);
    record.value = value;
    for (const Change& change : Decoder().decode(std::move(record), {.kind = VersionKind::file_time}).changes)
      orders.emplace_back(change.order);
  };
  add(two, 0);
  add(two, 1);
  add(one, 2);
  add(one, 11);
  EXPECT_TRUE(std::ranges::is_sorted(orders));
  EXPECT_EQ(std::ranges::adjacent_find(orders), orders.end());
  EXPECT_LT(orders.back(), order_text(VersionKind::file_time, from_micros(1720740233012995), "", 8)) << "the next line";
  std::vector<std::string> together;
  for (const Change& change : decode(two + two + one, VersionKind::file_time).changes) together.emplace_back(change.order);
  orders.pop_back();
  EXPECT_EQ(together, orders) << "it is the same whether a file's reader or the decoder takes the line apart";
}

TEST(Decode, DoesNotLookAtWhatTheSourceRefuses) {
  RawRecord record = raw(EventText().str());
  record.refusal = "too long";
  record.first_line = 3;
  const Decoded decoded = Decoder().decode(std::move(record), {});
  ASSERT_EQ(decoded.undecodable.size(), 1u);
  EXPECT_EQ(decoded.undecodable[0].reason, "too long (lines 3 to 7)");
}

TEST(Decode, SaysWhatARecordLooksLike) {
  using namespace std::string_literals;
  const auto reason = [](const std::string& text) { return refused(text).reason; };
  EXPECT_THAT(reason("\xF3\x89\x9A\xC2\x0a\x01p\x1a{}"), HasSubstr("Kinesis Producer Library has aggregated"));
  EXPECT_THAT(reason("\xF3\x89\x9A\xC2\x0a\x01p\x1a{}"), HasSubstr("AggregationEnabled=false"));
  EXPECT_THAT(refused(wrap("\xF3\x89\x9A\xC2\x0a")).reason, HasSubstr("Kinesis Producer Library has aggregated"));
  EXPECT_THAT(reason("\x1f\x8b\x08\x00\x00"s), HasSubstr("CloudWatch Logs"));
  EXPECT_THAT(reason("\x28\xb5\x2f\xfd more"), HasSubstr("zstd"));
  EXPECT_THAT(reason("{\0\"\0"s), HasSubstr("UTF-16"));
  EXPECT_THAT(reason("\xff\xfe{\0"s), HasSubstr("UTF-16"));
  EXPECT_THAT(reason("{'eventName': 'INSERT'}"), HasSubstr("Python"));
  std::string twice;
  json::append_base64(twice, EventText().str());
  EXPECT_THAT(reason(twice), HasSubstr("base64 of JSON"));
  EXPECT_THAT(refused(wrap(twice)).reason, HasSubstr("base64 of JSON"));
  EXPECT_THAT(reason(R"("{\"eventName\":1}")"), HasSubstr("JSON within a JSON string"));
  EXPECT_THAT(reason(R"({"Records":[{"eventSource":"aws:s3","s3":{}}]})"), HasSubstr("an event of S3"));
  EXPECT_THAT(reason(R"({"Records":[{"EventSource":"aws:sns","Sns":{}}]})"), HasSubstr("SNS"));
  EXPECT_THAT(reason(R"({"Records":[{"eventSource":"aws:sqs","body":"{}"}]})"), HasSubstr("SQS"));
  EXPECT_THAT(reason(R"({"Records":[{"eventSource":"me","body":"{}"}]})"), HasSubstr("an event of me"));
  EXPECT_THAT(reason(R"({"version":"0","detail-type":"x","detail":{}})"), HasSubstr("EventBridge"));
  EXPECT_THAT(reason(R"({"awslogs":{"data":"H4sI"}})"), HasSubstr("CloudWatch Logs"));
  EXPECT_THAT(reason(R"({"Item":{"pk":{"S":"a"}}})"), HasSubstr("export to S3"));
  EXPECT_THAT(reason(R"({"pk":{"S":"a"},"n":{"N":"1"}})"), HasSubstr("an item alone"));
  EXPECT_THAT(reason(R"({"Keys":{"pk":{"S":"a"}},"NewImage":{}})"), HasSubstr("a stream record without the event"));
  EXPECT_EQ(reason(R"({"hello":"world"})"), "no change of DynamoDB: it has no member dynamodb");
  EXPECT_THAT(reason("not json"), testing::Not(HasSubstr("looks like")));
}

TEST(Decode, FilesGoBySequenceNumberOrByTime) {
  EventText by_time, by_sequence;
  by_sequence.more = R"(,"SequenceNumber":"12")";
  EXPECT_EQ(Decoder().file_kind(by_time.str()), VersionKind::file_time);
  EXPECT_EQ(Decoder().file_kind(by_sequence.str()), VersionKind::file_sequence);
  EXPECT_EQ(Decoder().file_kind("{}"), std::nullopt);
  EXPECT_EQ(Decoder().file_kind("nonsense"), std::nullopt);
  EXPECT_THAT(refused(by_time.str(), VersionKind::file_sequence).reason, HasSubstr("SequenceNumber is missing"));
  EXPECT_THAT(refused(by_sequence.str(), VersionKind::file_time).reason, HasSubstr("SequenceNumber is present"));
  EXPECT_EQ(decode_one(by_sequence.str()).order, decode_one(by_time.str()).order) << "on Kinesis it plays no part";
  by_sequence.more = R"(,"SequenceNumber":"12x")";
  EXPECT_THAT(refused(by_sequence.str(), VersionKind::streams).reason, HasSubstr("12x"));
}

TEST(Decode, RefusesWhatIsNoChange) {
  EXPECT_EQ(refused("").reason, "the record is empty");
  EXPECT_THAT(refused("not json").reason, HasSubstr("not valid JSON"));
  EXPECT_THAT(refused("{").reason, HasSubstr("not valid JSON"));
  EXPECT_THAT(refused("[]").reason, HasSubstr("no JSON object"));
  EXPECT_THAT(refused("{}").reason, HasSubstr("no change of DynamoDB"));
  EXPECT_THAT(refused(R"({"dynamodb":7})").reason, HasSubstr("no change of DynamoDB"));
  EXPECT_EQ(refused(R"({"kinesis":{}})").reason, "kinesis.data is missing");
  EXPECT_EQ(refused(R"({"kinesis":{"data":"?"}})").reason, "kinesis.data is no base64");
  EXPECT_EQ(refused(R"({"kinesis":{"data":""}})").reason, "kinesis.data is empty");
  EXPECT_THAT(refused(wrap("{")).reason, HasSubstr("kinesis.data: not valid JSON"));
  EXPECT_THAT(refused(wrap(wrap(EventText().str()))).reason, HasSubstr("no change of DynamoDB"));
  EXPECT_THAT(refused(std::string(40000, '[') + std::string(40000, ']')).reason, HasSubstr("not valid JSON"));
}

TEST(Decode, RefusesTextThatIsNotUtf8) {
  for (const char* bad :
       {"\xff", "\xc3", "\xed\xa0\x80", "\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800", "\\ud800\\u0041"}) {
    EventText event;
    event.new_image = std::string(R"({"a":{"S":")") + bad + R"("}})";
    Undecodable failed = refused(event.str());
    EXPECT_THAT(failed.reason, HasSubstr("not valid JSON")) << bad;
    EXPECT_EQ(failed.record, event.str());
  }
}

TEST(Decode, RefusesOtherEventsAndSources) {
  EventText event;
  event.name = "FOOBAR";
  Undecodable failed = refused(event.str());
  EXPECT_EQ(failed.reason, "unknown eventName: FOOBAR");
  EXPECT_EQ(failed.table, "demo");
  EXPECT_THAT(failed.key, HasSubstr("foo"));
  EXPECT_THAT(failed.order, HasSubstr("01720740233012995"));
  std::string other = EventText().str();
  other.replace(other.find("aws:dynamodb"), 12, "foo:bar");
  EXPECT_EQ(refused(other).reason, "eventSource is not aws:dynamodb: foo:bar");
}

TEST(Decode, RefusesChangesWithoutKeysOrImage) {
  EventText event;
  event.keys = "";
  EXPECT_EQ(refused(event.str()).reason, "Keys is missing");
  event.keys = "{}";
  EXPECT_EQ(refused(event.str()).reason, "Keys is empty");
  event.keys = R"({"a":{"M":{}}})";
  EXPECT_EQ(refused(event.str()).reason, "Keys.a is M, not S, N or B");
  event.keys = R"({"a":{"S":"x"},"a":{"S":"y"}})";
  EXPECT_EQ(refused(event.str()).reason, "Keys: the attribute a stands twice");
  event.keys = R"({"a":{"S":"x"},"b":{"S":"y"},"c":{"S":"z"}})";
  EXPECT_EQ(refused(event.str()).reason, "Keys has more than two attributes");
  EventText no_image;
  no_image.new_image = "";
  EXPECT_EQ(refused(no_image.str()).reason, "NewImage is missing in an INSERT");
  no_image.name = "MODIFY";
  no_image.more = R"(,"StreamViewType":"KEYS_ONLY")";
  EXPECT_EQ(refused(no_image.str()).reason, "NewImage is missing in a MODIFY (the stream's view type is KEYS_ONLY)");
  no_image.new_image = "null";
  EXPECT_THAT(refused(no_image.str()).reason, HasSubstr("NewImage is missing"));
}

TEST(Decode, NamesThePlaceOfABadValue) {
  EXPECT_EQ(reason_for("[]"), "NewImage is no object");
  EXPECT_EQ(reason_for(R"({"a":7})"), "NewImage.a: an attribute value is no object");
  EXPECT_EQ(reason_for(R"({"a":{"X":"1"}})"), "NewImage.a: unknown type X");
  EXPECT_EQ(reason_for(R"({"a":{"S":"1","N":"1"}})"), "NewImage.a: an attribute value has more than one type");
  EXPECT_EQ(reason_for(R"({"a":{"M":{"b":{"L":[{"S":""},{"N":"x"}]}}}})"), "NewImage.a.b[1]: no number: x");
  EXPECT_EQ(reason_for(R"({"a":{"N":"NaN"}})"), "NewImage.a: no number: NaN");
  EXPECT_EQ(reason_for(R"({"a":{"N":""}})"), "NewImage.a: no number: ");
  EXPECT_EQ(reason_for(R"({"a":{"N":true}})"), "NewImage.a: N is no string");
  EXPECT_EQ(reason_for(R"({"a":{"B":"A"}})"), "NewImage.a: no base64: A");
  EXPECT_EQ(reason_for(R"({"a":{"B":"AB=="}})"), "NewImage.a: no base64: AB==");
  EXPECT_EQ(reason_for(R"({"a":{"S":7}})"), "NewImage.a: S is no string");
  EXPECT_EQ(reason_for(R"({"a":{"BOOL":"true"}})"), "NewImage.a: BOOL is neither true nor false");
  EXPECT_EQ(reason_for(R"({"a":{"M":[]}})"), "NewImage.a: M is no object");
  EXPECT_EQ(reason_for(R"({"a":{"L":{}}})"), "NewImage.a: L is no array");
  EXPECT_EQ(reason_for(R"({"a":{"SS":"x"}})"), "NewImage.a: SS is no array");
  EXPECT_EQ(reason_for(R"({"a":{"SS":["x",null]}})"), "NewImage.a: a set holds null");
  EXPECT_EQ(reason_for(R"({"a":{"BS":["AA==","A"]}})"), "NewImage.a[1]: no base64: A");
  EXPECT_LT(reason_for(R"({"a":{"N":")" + std::string(100000, 'x') + R"("}})").size(), 200u);
}

/// Which of the two would be read later is each database's own affair.
TEST(Decode, RefusesANameThatStandsTwice) {
  EXPECT_EQ(reason_for(R"({"a":{"S":"1"},"b":{"S":"2"},"a":{"S":"1"}})"), "NewImage: the attribute a stands twice");
  EXPECT_EQ(reason_for(R"({"a":{"S":"1"},"\u0061":{"N":"2"}})"), "NewImage: the attribute a stands twice");
  EXPECT_EQ(reason_for(R"({"a":{"L":[{"M":{"":{"S":"1"},"":{"S":"2"}}}]}})"), "NewImage.a[0]: the attribute  stands twice");
  EXPECT_EQ(reason_for(R"({"m":{"M":{"x of a long name":{"M":{}},"x of a long name":{}}}})"),
            "NewImage.m: the attribute x of a long name stands twice");
  EventText event;
  event.more = R"(,"NewImage":{"foo":{"S":"other"}})";
  EXPECT_EQ(refused(event.str()).reason, "NewImage stands twice");
  event.more = R"(,"Keys":{"foo":{"S":"other"}})";
  EXPECT_EQ(refused(event.str()).reason, "Keys stands twice");
}

TEST(Decode, AFieldThatDecidesMayNotStandTwice) {
  const auto with = [](const std::string& before, const std::string& more) {
    std::string text = EventText().str();
    return text.insert(text.find(before) + before.size(), more);
  };
  EXPECT_EQ(refused(with("{", R"("eventName":"REMOVE",)")).reason, "eventName stands twice");
  EXPECT_EQ(refused(with(R"("dynamodb":{)", R"("ApproximateCreationDateTime":1,)")).reason,
            "ApproximateCreationDateTime stands twice");
  EXPECT_EQ(refused(with(R"("dynamodb":{)", R"("SequenceNumber":"1","SequenceNumber":"2",)")).reason,
            "SequenceNumber stands twice");
}

TEST(Decode, TakesAnyNamesThatDiffer) {
  std::string item = "{";
  for (int size = 0; size < 30; ++size) item += fmt::format(R"("{}":{{"N":"1"}},)", std::string(size, 'n'));
  for (int i = 0; i < 5'000; ++i) item += fmt::format(R"("of many names {} one":{{"N":"{}"}},)", i, i);
  item.back() = '}';
  EventText event;
  event.new_image = item;
  EXPECT_EQ(decode_one(event.str()).new_image().size(), 5'030u);
  item.insert(1, R"("of many names 4711 one":{"N":"0"},)");
  EXPECT_EQ(reason_for(item), "NewImage: the attribute of many names 4711 one stands twice");
}

TEST(Decode, TakesWhatDynamoDbNeverSends) {
  EventText event;
  event.new_image = R"({"e":{},"z":{"S":null},"ss":{"SS":[]},"big":{"N":"123456789012345678901234567890123456789012345"}})";
  EXPECT_EQ(plain(decode_one(event.str()).new_image()),
            R"({"e":{},"z":null,"ss":[],"big":123456789012345678901234567890123456789012345})");
}

TEST(Decode, KeepsEveryDigitOfNumbersWithoutQuotes) {
  EventText event;
  event.new_image =
      R"({"ns":{"NS":[1, 2.50,-3E+2]},"n":{"N":0.1000000000000000055511151231257827},"s":{"S":"x 1, \"2\" 3"},)"
      R"("big":{"N":12345678901234567890123456789012345678}})";
  for (const std::string& text : {event.str(), wrap(event.str()), R"({"Records":[)" + event.str() + "]}"}) {
    Change change = decode_one(text);
    EXPECT_EQ(plain(change.new_image()),
              R"({"ns":[-3E+2,1,2.50],"n":0.1000000000000000055511151231257827,"s":"x 1, \"2\" 3",)"
              R"("big":12345678901234567890123456789012345678})");
    EXPECT_EQ(change.record, text);
    EXPECT_EQ(to_micros(change.time), 1720740233012995);
  }
}

TEST(Decode, OneBareNumberInABatchDoesNotDoubleTheOthers) {
  EventText bare;
  bare.new_image = R"({"n":{"N":7}})";
  Decoded decoded = decode(R"({"Records":[)" + EventText().str() + "," + bare.str() + ",7," + EventText().str() + "]}");
  ASSERT_EQ(decoded.changes.size(), 3u);
  ASSERT_EQ(decoded.undecodable.size(), 1u);
  EXPECT_EQ(plain(decoded.changes[1].new_image()), R"({"n":7})");
  EXPECT_EQ(decoded.changes[2].index_in_record, 3u);
}

std::vector<std::string> lines_of(const std::string& name) {
  std::ifstream file(std::string(CTK_SOURCE_DIR) + "/src/dynamodb/testdata/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

class Emulator : public testing::TestWithParam<const char*> {};

TEST_P(Emulator, AllItsRecordsAreChanges) {
  std::vector<std::string> lines = lines_of(GetParam());
  ASSERT_GE(lines.size(), 10u);
  Decoder decoder;
  json::Parser parser;
  for (const std::string& line : lines) {
    Result<json::Element> element = parser.parse(line);
    ASSERT_TRUE(element);
    std::string data(*json::string_member(*element, "Data"));
    Decoded decoded = decoder.decode(raw(data), {.kind = kKinesis, .old_image = true});
    for (const Undecodable& failed : decoded.undecodable) ADD_FAILURE() << failed.reason << "\n" << data;
    ASSERT_EQ(decoded.changes.size(), 1u);
    const Change& change = decoded.changes[0];
    EXPECT_EQ(change.table, "demo");
    EXPECT_EQ(to_micros(change.time) / 10'000'000, 179531837);
    EXPECT_EQ(change.has_new_image(), change.operation != Operation::remove);
    EXPECT_EQ(change.has_old_image(), change.operation != Operation::insert);
    EXPECT_EQ(change.record, data);
  }
}

INSTANTIATE_TEST_SUITE_P(Decode, Emulator, testing::Values("localstack-4.4.0.ndjson", "ministack-1.5.33.ndjson"));

TEST(Decode, KeepsAllTypesThatLocalStackWrites) {
  json::Parser parser;
  std::string line = lines_of("localstack-4.4.0.ndjson").at(0);
  Change change = decode_one(std::string(*json::string_member(*parser.parse(line), "Data")));
  EXPECT_EQ(
      plain(change.new_image()),
      R"({"pk":"a","sk":1,"n":12345678901234567890123456789012345678,"neg":-1.5E-100,"b":"AAH/","bs":["YQ==","/g=="],)"
      R"("ns":[1,2.50],"ss":["x","y"],"e":"","nul":null,"bo":false,"l":["x",1,{"q":"eno="}],"m":{},"el":[],"u":"grüß 😀"})");
}

RC_GTEST_PROP(OrderText, SortsAsTimeThenSequence, ()) {
  using Pair = std::pair<uint64_t, uint64_t>;
  auto moment = rc::gen::oneOf(rc::gen::inRange<uint64_t>(0, 4), rc::gen::inRange<uint64_t>(0, 99'999'999'999'999'999));
  auto number = rc::gen::oneOf(rc::gen::inRange<uint64_t>(0, 4), rc::gen::arbitrary<uint64_t>());
  Pair left = *rc::gen::pair(moment, number), right = *rc::gen::pair(moment, number);
  for (VersionKind kind : {kKinesis, VersionKind::streams, VersionKind::file_sequence, VersionKind::file_time}) {
    bool by_time = kind == kKinesis || kind == VersionKind::file_time;
    auto text = [kind](const Pair& pair) {
      return order_text(kind, from_micros(static_cast<int64_t>(pair.first)), std::to_string(pair.second), pair.second);
    };
    auto rank = [by_time](const Pair& pair) { return by_time ? pair : Pair{0, pair.second}; };
    RC_ASSERT((text(left) < text(right)) == (rank(left) < rank(right)));
    RC_ASSERT((text(left) == text(right)) == (rank(left) == rank(right)));
    RC_ASSERT(text(left).size() == text(right).size());
  }
}

TEST(OrderText, HasTheDocumentedWidths) {
  EXPECT_EQ(order_text(kKinesis, from_micros(1), "2", 3), "1." + std::string(16, '0') + "1." + std::string(59, '0') + "2");
  EXPECT_EQ(order_text(VersionKind::streams, from_micros(1), "2", 3), "1." + std::string(39, '0') + "2");
  EXPECT_EQ(order_text(VersionKind::file_sequence, from_micros(1), "002", 3), "1." + std::string(39, '0') + "2");
  EXPECT_EQ(order_text(VersionKind::file_time, from_micros(1), "2", 3),
            "1." + std::string(16, '0') + "1." + std::string(19, '0') + "3");
}

TEST(OrderText, SortsLongSequenceNumbersBehindShortOnes) {
  const auto text = [](const std::string& number) { return order_text(VersionKind::streams, from_micros(1), number, 0); };
  const std::string longest(40, '9');
  EXPECT_LT(text(longest), text("1" + std::string(40, '0')));
  EXPECT_LT(text("1" + std::string(40, '0')), text("1" + std::string(55, '0')));
  EXPECT_EQ(text("000" + longest), text(longest));
}

TEST(VersionKindText, RoundTrips) {
  for (VersionKind kind : {kKinesis, VersionKind::streams, VersionKind::file_sequence, VersionKind::file_time}) {
    EXPECT_EQ(parse_version_kind(to_string(kind)), kind);
  }
  EXPECT_EQ(parse_version_kind("tape"), std::nullopt);
}

}  // namespace
}  // namespace ctk::dynamodb
