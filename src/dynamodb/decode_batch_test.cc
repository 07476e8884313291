// Records that are decoded together: what they share, and what outlives what.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "dynamodb/decode.h"
#include "dynamodb/encode.h"
#include "dynamodb/slab.h"
#include "json/text_block.h"

namespace ctk::dynamodb {
namespace {

RawRecord record_of(std::string data) {
  RawRecord record;
  record.data = std::move(data);
  record.line = 1;
  return record;
}

std::string event_of(const std::string& name, const std::string& key, const std::string& images) {
  return R"({"eventName":")" + name +
         R"(","tableName":"t","dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":{"pk":{"S":")" + key + R"("}})" +
         images + "}}";
}

std::string insert_of(const std::string& key, const std::string& text) {
  return event_of("INSERT", key, R"(,"NewImage":{"pk":{"S":")" + key + R"("},"text":{"S":")" + text + R"("}})");
}

std::string plain_item(const Change& change) {
  std::string out;
  append_plain(out, change.new_image());
  return out;
}

/// All changes of the records, of one batch; the decoder is gone.
std::vector<Change> changes_of(const std::vector<std::string>& records) {
  Decoder decoder;
  std::vector<Change> changes;
  Decoded decoded;
  for (const std::string& data : records) {
    RawRecord record = record_of(data);
    decoder.decode_of_batch(record, {}, decoded);
    std::move(decoded.changes.begin(), decoded.changes.end(), std::back_inserter(changes));
  }
  return changes;
}

TEST(DecodeBatch, AChangeOutlivesTheOthersAndTheDecoder) {
  std::vector<std::string> records;
  for (int i = 0; i < 2000; ++i) records.push_back(insert_of("k" + std::to_string(i), std::string(200, 'x')));
  records[1000] = insert_of("k1000", R"(a\u00e4\n\"b)");
  std::vector<Change> changes = changes_of(records);
  ASSERT_EQ(changes.size(), 2000u);
  Change kept = std::move(changes[1000]);
  Change last = std::move(changes.back());
  changes.clear();
  EXPECT_EQ(plain_item(kept), R"({"pk":"k1000","text":"aä\n\"b"})");
  EXPECT_EQ(kept.key, R"({"pk":{"S":"k1000"}})");
  EXPECT_EQ(kept.record, records[1000]);
  EXPECT_EQ(last.table, "t");
  EXPECT_EQ(last.record, records.back());
}

TEST(DecodeBatch, ARecordOutlivesItsChange) {
  std::vector<Change> changes = changes_of({insert_of("a", "b")});
  const json::SharedText record = changes.at(0).shared_record();
  changes.clear();
  EXPECT_EQ(record, insert_of("a", "b"));
}

TEST(DecodeBatch, WhatCannotBeDecodedKeepsItsRecord) {
  std::vector<Undecodable> undecodable;
  {
    Decoder decoder;
    Decoded decoded;
    for (const char* data : {"no JSON", R"({"eventName":"INSERT"})"}) {
      RawRecord record = record_of(data);
      decoder.decode_of_batch(record, {}, decoded);
      std::move(decoded.undecodable.begin(), decoded.undecodable.end(), std::back_inserter(undecodable));
    }
    decoder.end_batch();
  }
  ASSERT_EQ(undecodable.size(), 2u);
  EXPECT_EQ(undecodable[0].record, "no JSON");
  EXPECT_EQ(undecodable[1].record, R"({"eventName":"INSERT"})");
}

TEST(DecodeBatch, ASlabCountsRecordsThatHaveMemoryOfTheirOwn) {
  const std::string text(1000, 'x');
  Slab slab(64);
  slab.keep(json::SharedText(text));
  slab.keep(json::SharedText(text));
  EXPECT_EQ(slab.bytes(), 2000u);
  json::TextBlock page(10'000);
  for (int i = 0; i < 9; ++i) slab.keep(page.add(text));
  EXPECT_EQ(slab.bytes(), 3000u);
}

TEST(DecodeBatch, ItemsComeAsTheyDoAlone) {
  const ItemSource source{"t", {"pk"}};
  Decoder decoder;
  Decoded together;
  for (const char* item : {R"({"pk":{"S":"a"},"n":{"N":"1"}})", R"({"pk":{"S":"b"},"n":{"N":1.50}})"}) {
    RawRecord record = record_of(item);
    decoder.decode_item_of_batch(record, source, "segment", together);
    const Decoded alone = Decoder().decode_item(record_of(item), source);
    ASSERT_EQ(together.changes.size(), 1u);
    EXPECT_EQ(plain_item(together.changes[0]), plain_item(alone.changes.at(0)));
    EXPECT_EQ(together.changes[0].key, alone.changes[0].key);
    EXPECT_EQ(together.changes[0].record, item);
  }
}

TEST(DecodeWalk, MembersComeInAnyOrder) {
  const std::string event =
      R"({"dynamodb":{"NewImage":{"a":{"S":"x"},"pk":{"S":"k"}},"SequenceNumber":"7","Keys":{"pk":{"S":"k"}},)"
      R"("ApproximateCreationDateTimePrecision":"MILLISECOND","ApproximateCreationDateTime":1700000000123},)"
      R"("other":[{"deep":[1,2.5e3,null]}],"tableName":"t","eventName":"MODIFY"})";
  const Decoded decoded = Decoder().decode(record_of(event), {.kind = VersionKind::streams});
  ASSERT_EQ(decoded.changes.size(), 1u);
  EXPECT_EQ(decoded.changes[0].operation, Operation::modify);
  EXPECT_EQ(decoded.changes[0].time, from_micros(1700000000123000));
  EXPECT_EQ(plain_item(decoded.changes[0]), R"({"a":"x","pk":"k"})");
}

TEST(DecodeWalk, WhatNobodyAsksForHasToBeJson) {
  for (const char* image :
       {R"({"a":{"S":"x"},})", R"({"a" {"S":"x"}})", R"({"a":{"S":"\q"}})", R"({"a":{"N":01}})", "tru"}) {
    const std::string event = event_of("REMOVE", "k", std::string(R"(,"OldImage":)") + image);
    const Decoded decoded = Decoder().decode(record_of(event), {});
    EXPECT_TRUE(decoded.changes.empty()) << image;
    EXPECT_EQ(decoded.undecodable.size(), 1u) << image;
  }
  const std::string odd = event_of("REMOVE", "k", R"(,"OldImage":{"a":{"X":[1,{"b":null}]}})");
  EXPECT_EQ(Decoder().decode(record_of(odd), {}).changes.size(), 1u) << "but it need not be an item";
}

TEST(DecodeWalk, AnImageThatCannotBeSaysWhyWithItsPath) {
  const std::string event =
      event_of("INSERT", "k", R"(,"NewImage":{"pk":{"S":"k"},"m":{"M":{"l":{"L":[{"S":"a"},{"Q":"b"}]}}},"z":{"S":"z"}})");
  const Decoded decoded = Decoder().decode(record_of(event), {});
  ASSERT_EQ(decoded.undecodable.size(), 1u);
  EXPECT_EQ(decoded.undecodable[0].reason, "NewImage.m.l[1]: unknown type Q");
  EXPECT_EQ(decoded.undecodable[0].key, R"({"pk":{"S":"k"}})");
}

}  // namespace
}  // namespace ctk::dynamodb
