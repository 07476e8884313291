#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dynamodb/decode.h"
#include "dynamodb/encode.h"
#include "dynamodb/event_text.h"
#include "dynamodb/order.h"

namespace ctk::dynamodb {
namespace {

using testing::HasSubstr;

const ItemSource kSource{"demo", {"pk", "sk"}};
constexpr int64_t kMicros = 1'795'000'000'000'123;

Decoded decode(const std::string& item, const ItemSource& source = kSource) {
  RawRecord record;
  record.data = item;
  record.arrival = from_micros(kMicros);
  return Decoder().decode_item(std::move(record), source);
}

Change decode_one(const std::string& item, const ItemSource& source = kSource) {
  Decoded decoded = decode(item, source);
  for (const Undecodable& failed : decoded.undecodable) ADD_FAILURE() << failed.reason;
  if (decoded.changes.size() != 1) throw std::runtime_error("not one change");
  return std::move(decoded.changes[0]);
}

std::string reason(const std::string& item) {
  Decoded decoded = decode(item);
  if (decoded.undecodable.size() != 1) return "it was decoded";
  EXPECT_EQ(decoded.undecodable[0].table, "demo");
  EXPECT_EQ(decoded.undecodable[0].order, load_order(from_micros(kMicros)));
  EXPECT_EQ(decoded.undecodable[0].record, item);
  return decoded.undecodable[0].reason;
}

TEST(DecodeItem, AnItemIsAnInsertBelowEveryChange) {
  const std::string item = R"({"sk":{"N":"+7.50"},"a":{"L":[{"S":"x"},{"BOOL":true}]},"pk":{"S":"k"},"z":{"NULL":true}})";
  const Change change = decode_one(item);
  EXPECT_EQ(change.table, "demo");
  EXPECT_EQ(change.operation, Operation::insert);
  EXPECT_EQ(change.time, from_micros(kMicros));
  EXPECT_EQ(change.order, "0.01795000000000123");
  EXPECT_TRUE(change.from_load());
  EXPECT_LT(change.order, order_text(VersionKind::kinesis, from_micros(1), "1", 0));
  EXPECT_LT(change.order, order_text(VersionKind::streams, from_micros(1), "1", 0));
  EXPECT_EQ(change.key, R"({"pk":{"S":"k"},"sk":{"N":"7.5"}})");
  std::string image;
  append_typed_object(image, change.new_image());
  EXPECT_EQ(image, item);
  std::string keys;
  append_typed_object(keys, change.keys());
  EXPECT_EQ(keys, R"({"pk":{"S":"k"},"sk":{"N":"+7.50"}})");
  EXPECT_EQ(change.record, item);
}

TEST(DecodeItem, ItsEventTextDecodesToTheSameInsert) {
  const std::string item = R"({"sk":{"N":"+7.50"},"a":{"L":[{"S":"x\"y"}]},"pk":{"S":"k"}})";
  const Change read = decode_one(item, {"de\"mo", {"pk", "sk"}});
  RawRecord record;
  record.data = event_text(read);
  Decoded decoded = Decoder().decode(std::move(record), {.kind = VersionKind::file_time});
  ASSERT_EQ(decoded.changes.size(), 1u) << (decoded.undecodable.empty() ? "" : decoded.undecodable[0].reason);
  const Change& again = decoded.changes[0];
  EXPECT_EQ(again.operation, Operation::insert);
  EXPECT_EQ(again.time, read.time);
  EXPECT_EQ(again.key, read.key);
  EXPECT_EQ(again.table, "de\"mo");
  std::string image;
  append_typed_object(image, again.new_image());
  EXPECT_EQ(image, item);
  EXPECT_EQ(event_text(again), again.record) << "an event is its own text";
}

TEST(DecodeItem, BinaryAndLoneKeys) {
  EXPECT_EQ(decode_one(R"({"id":{"B":"AAEC/w=="},"v":{"S":"x"}})", {"t", {"id"}}).key, R"({"id":{"B":"AAEC/w=="}})");
  EXPECT_EQ(decode_one(R"({"id":{"N":"1"}})", {"t", {"id"}}).key, R"({"id":{"N":"1"}})");
}

TEST(DecodeItem, AnItemOf400KilobytesIsOne) {
  const std::string large(400'000, 'x');
  const Change change = decode_one(R"({"pk":{"S":"k"},"sk":{"N":"1"},"v":{"S":")" + large + R"("}})");
  std::string value;
  for (Value member : change.new_image()) {
    if (member.name() == "v") value = member.text();
  }
  EXPECT_EQ(value, large);
}

TEST(DecodeItem, NumbersWithoutQuotesKeepTheirDigits) {
  const Change change = decode_one(R"({"pk":{"S":"k"},"sk":{"N":12345678901234567890.10}})");
  EXPECT_EQ(change.key, R"({"pk":{"S":"k"},"sk":{"N":"12345678901234567890.1"}})");
}

TEST(DecodeItem, WhatIsNoItemOfTheTable) {
  EXPECT_THAT(reason(R"({"pk":{"S":"k"}})"), HasSubstr("the key sk is missing"));
  EXPECT_THAT(reason(R"({"pk":{"S":"k"},"sk":{"L":[{"S":"x"}]}})"), HasSubstr("the key sk is L, not S, N or B"));
  EXPECT_THAT(reason(R"({"pk":{"S":"k"},"sk":{"BOOL":true}})"), HasSubstr("not S, N or B"));
  EXPECT_THAT(reason(R"({"pk":{"X":"k"},"sk":{"N":"1"}})"), HasSubstr("unknown type X"));
  EXPECT_THAT(reason(R"([])"), HasSubstr("no object"));
  EXPECT_NE(reason(R"({"pk")"), "it was decoded");
}

}  // namespace
}  // namespace ctk::dynamodb
