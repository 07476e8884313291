#include "dynamodb/known_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "dynamodb/decode.h"
#include "dynamodb/encode.h"
#include "dynamodb/event_text.h"
#include "dynamodb/order.h"
#include "json/writer.h"

namespace ctk::dynamodb {
namespace {

using testing::HasSubstr;

std::string event(const std::string& key, int value, const std::string& sequence = "") {
  const std::string number = sequence.empty() ? "" : fmt::format(R"("SequenceNumber":"{}",)", sequence);
  return fmt::format(
      R"({{"eventName":"MODIFY","tableName":"t","dynamodb":{{"ApproximateCreationDateTime":1700000000123456,{}"Keys":{{"pk":)"
      R"({{"S":"{}"}}}},"NewImage":{{"pk":{{"S":"{}"}},"v":{{"N":"{}"}}}}}}}})",
      number, key, key, value);
}

std::string image(const Change& change) {
  std::string text;
  append_typed_object(text, change.new_image());
  return text;
}

/// Each change is found again by what a dead letter keeps of it.
void expect_found_again(const std::string& text, VersionKind kind, size_t changes, uint32_t value = 0,
                        std::optional<PlaceInAggregate> in_aggregate = {}) {
  RawRecord record;
  record.in_aggregate = in_aggregate;
  record.data = text;
  record.sequence = aws::SequenceNumber("49664531234567890");
  record.line = 12;
  record.value = value;
  const Decoded decoded = Decoder().decode(std::move(record), {kind, false});
  ASSERT_EQ(decoded.changes.size(), changes) << text;
  for (const Change& change : decoded.changes) {
    Decoder decoder;
    const Result<Change> found = find_change(decoder, {event_text(change), change.key, change.order}, false);
    ASSERT_TRUE(found) << change.order << ": " << to_string(found.error());
    EXPECT_EQ(found->order, change.order);
    EXPECT_EQ(found->key, change.key);
    EXPECT_EQ(found->time, change.time);
    EXPECT_EQ(image(*found), image(change)) << change.order;
  }
}

TEST(KnownChange, IsFoundInARecordOutOfAnAggregate) {
  const std::string two = event("a", 1) + event("b", 2);
  for (const uint32_t index : {0u, 1u, 3u}) {
    expect_found_again(event("a", 1), VersionKind::kinesis, 1, 0, PlaceInAggregate{index, true, false});
    expect_found_again(two, VersionKind::kinesis, 2, 0, PlaceInAggregate{index, true, false});
  }
}

TEST(KnownChange, IsFoundInItsRecord) {
  for (const VersionKind kind : {VersionKind::kinesis, VersionKind::file_time}) {
    expect_found_again(event("a", 1), kind, 1);
    expect_found_again(event("a", 1), kind, 1, 3);
  }
  for (const VersionKind kind : {VersionKind::streams, VersionKind::file_sequence}) {
    expect_found_again(event("a", 1, "12300000000000000000001"), kind, 1);
    expect_found_again(event("a", 1, "12345678901234567890123456789012345678901234567890123456"), kind, 1);
  }
}

TEST(KnownChange, IsTheRightOneOfSeveralOfItsItem) {
  const std::string first = event("a", 1), second = event("a", 2), other = event("b", 3);
  for (const VersionKind kind : {VersionKind::kinesis, VersionKind::file_time}) {
    expect_found_again(R"({"Records":[)" + first + "," + other + "," + second + "]}", kind, 3);
    expect_found_again(first + " " + second + other, kind, 3);
    expect_found_again(first + "[" + other + "," + second + "]", kind, 3);
  }
  const std::string two = R"({"Records":[)" + event("a", 1, "101") + "," + event("a", 2, "102") + "]}";
  expect_found_again(two, VersionKind::streams, 2);
  expect_found_again(two, VersionKind::file_sequence, 2);
}

TEST(KnownChange, IsFoundInAWrapper) {
  std::string data, two;
  json::append_base64(data, event("a", 1));
  json::append_base64(two, event("a", 1) + event("a", 2));
  expect_found_again(R"({"kinesis":{"data":")" + data + R"("}})", VersionKind::file_time, 1);
  expect_found_again(R"({"kinesis":{"data":")" + two + R"("}})", VersionKind::file_time, 2);
}

TEST(KnownChange, IsFoundAmongOthersOfItsItemInABatchOfLambda) {
  std::string batch = R"({"Records":[)";
  for (const int number : {1, 2, 3}) {
    std::string data;
    json::append_base64(data, event("a", number));
    batch +=
        fmt::format(R"({}{{"kinesis":{{"data":"{}","sequenceNumber":"4966{}"}}}})", number == 1 ? "" : ",", data, number);
  }
  expect_found_again(batch + "]}", VersionKind::file_time, 3);
}

TEST(KnownChange, OfALoadKeepsItsPlaceBelowTheStream) {
  RawRecord record;
  record.data = R"({"pk":{"S":"a"},"v":{"N":"1"}})";
  record.arrival = from_micros(1'700'000'000'000'000);
  const ItemSource source{"t", {"pk"}};
  const Decoded decoded = Decoder().decode_item(std::move(record), source);
  const Change& item = decoded.changes.at(0);
  Decoder decoder;
  const Result<Change> found = find_change(decoder, {event_text(item), item.key, item.order}, false);
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->order, item.order);
  EXPECT_TRUE(found->from_load());
  EXPECT_EQ(found->operation, Operation::insert);
  EXPECT_EQ(image(*found), image(item));
}

TEST(KnownChange, KeepsAVersionThatItsRecordDoesNotTell) {
  // As a sub-record of an aggregate has it, or a version of later rules.
  const std::string order = "1.01700000000123456.000000000000000000000000000000000000000049664531234567890.0000000007";
  Decoder decoder;
  const Result<Change> found = find_change(decoder, {event("a", 1), R"({"pk":{"S":"a"}})", order}, false);
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->order, order);
}

TEST(KnownChange, SaysWhatTheTextHoldsInstead) {
  Decoder decoder;
  const std::string key = R"({"pk":{"S":"a"}})", order = order_text(VersionKind::streams, kNoTime, "101", 0);
  EXPECT_THAT(to_string(find_change(decoder, {"no JSON", key, order}, false).error()), HasSubstr("JSON"));
  EXPECT_THAT(to_string(find_change(decoder, {event("b", 1, "101"), key, order}, false).error()),
              HasSubstr("no change of this item"));
  const std::string two = R"({"Records":[)" + event("a", 1, "7") + "," + event("a", 2, "8") + "]}";
  EXPECT_FALSE(find_change(decoder, {two, key, order}, false)) << "neither of them is it";
  EXPECT_FALSE(find_change(decoder, {event("a", 1, "101"), key, ""}, false).has_value() &&
               find_change(decoder, {"", key, ""}, false).has_value());
}

TEST(KnownChange, HasItsOldImageWhereThatIsWanted) {
  const std::string text =
      R"({"eventName":"REMOVE","dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":{"pk":{"S":"a"}},)"
      R"("SequenceNumber":"7","OldImage":{"pk":{"S":"a"},"v":{"N":"1"}}}})";
  const std::string order = order_text(VersionKind::streams, kNoTime, "7", 0);
  Decoder decoder;
  EXPECT_TRUE(find_change(decoder, {text, R"({"pk":{"S":"a"}})", order}, true)->has_old_image());
  EXPECT_FALSE(find_change(decoder, {text, R"({"pk":{"S":"a"}})", order}, false)->has_old_image());
}

}  // namespace
}  // namespace ctk::dynamodb
