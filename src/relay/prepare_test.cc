#include "relay/prepare.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dynamodb/decode.h"

namespace ctk::relay {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string event(const std::string& key, int number) {
  return fmt::format(
      R"({{"eventName":"INSERT","tableName":"demo","dynamodb":{{"ApproximateCreationDateTime":{},"Keys":{{"pk":{}}},"NewImage":{{"pk":{}}}}}}})",
      1'795'318'371'000'000 + number, key, key);
}

std::string text_key(int number) { return fmt::format(R"({{"S":"k{}"}})", number); }

/// A slice of a shard: records of these numbers; -1 is no JSON, -2 has a key of another type.
Slice slice(const std::string& shard, const std::vector<int>& numbers) {
  Slice slice;
  slice.shard = aws::ShardId(shard);
  int place = 0;
  for (const int number : numbers) {
    const std::string data = number == -1 ? "no JSON" : event(number == -2 ? R"({"N":"1"})" : text_key(number), place);
    slice.records.push_back({data, aws::SequenceNumber(std::to_string(++place)), static_cast<uint64_t>(place), kNoTime});
  }
  return slice;
}

DecodedBatch decoded(std::vector<Slice> slices) {
  dynamodb::Decoder decoder;
  return decode_slices(slices, decoder, {.kind = dynamodb::VersionKind::file_time});
}

std::string place_of(const dynamodb::Change& change) { return std::string(change.shard) + std::string(change.position); }

std::vector<std::string> places(const std::vector<RoutedChange>& changes) {
  std::vector<std::string> places;
  for (const RoutedChange& one : changes) places.push_back(place_of(*one.change));
  return places;
}

TEST(DecodeSlices, TellsWhichTableEachChangeIsOf) {
  Slice one = slice("a", {1, 2, 3, 4});
  for (const size_t other : {size_t{1}, size_t{3}}) {
    std::string data(one.records[other].data);
    one.records[other].data = data.replace(data.find("demo"), 4, "other");
  }
  const DecodedBatch batch = decoded({one, slice("b", {5})});
  EXPECT_THAT(batch.tables, ElementsAre("demo", "other"));
  ASSERT_THAT(batch.changes, SizeIs(5));
  for (const RoutedChange& one_of : batch.changes) EXPECT_EQ(batch.tables[one_of.table], one_of.change->table);
}

TEST(DecodeSlices, TellsEventsWhereTheyAreAskedFor) {
  dynamodb::Decoder decoder;
  const auto events = [&](bool asked) {
    Slice one = slice("a", {1, 1, 2});
    for (dynamodb::RawRecord& record : one.records) record.data = std::string(record.data).insert(1, R"("eventID":"e",)");
    one.records[1].data = one.records[0].data;
    std::vector<Slice> slices = {one};
    const DecodeRules rules{.kind = dynamodb::VersionKind::file_time, .events = asked};
    std::vector<uint64_t> found;
    for (const RoutedChange& routed : decode_slices(slices, decoder, rules).changes) found.push_back(routed.event);
    return found;
  };
  EXPECT_THAT(events(false), ElementsAre(0, 0, 0));
  const std::vector<uint64_t> found = events(true);
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[0], found[1]);
  EXPECT_NE(found[0], found[2]);
  EXPECT_NE(found[0], 0u);
}

/// Of one aggregate: four records, of which the second belongs to another shard.
std::vector<Slice> with_a_stray() {
  Slice one = slice("a", {1, 2, 3, -1});
  for (uint32_t i = 0; i < one.records.size(); ++i) {
    one.records[i].sequence = aws::SequenceNumber("77");
    one.records[i].in_aggregate = {i, i == 3, i == 1};
  }
  return {one};
}

DecodedBatch decoded_with(source::Strays strays) {
  dynamodb::Decoder decoder;
  std::vector<Slice> slices = with_a_stray();
  return decode_slices(slices, decoder, {.kind = dynamodb::VersionKind::kinesis, .strays = strays});
}

TEST(Strays, AreDeliveredAndCounted) {
  const DecodedBatch batch = decoded_with(source::Strays::deliver);
  EXPECT_THAT(places(batch.changes), ElementsAre("a77:0", "a77:1", "a77:2"));
  EXPECT_THAT(batch.changes[1].change->order, testing::EndsWith("77:0000000001"));
  EXPECT_EQ(batch.strays, 1u);
  EXPECT_EQ(batch.dropped, 0u);
}

TEST(Strays, AreDroppedAndTheirSiblingsStay) {
  const DecodedBatch batch = decoded_with(source::Strays::drop);
  EXPECT_THAT(places(batch.changes), ElementsAre("a77:0", "a77:2"));
  EXPECT_THAT(batch.undecodable, SizeIs(1));
  EXPECT_EQ(batch.strays, 1u);
  EXPECT_EQ(batch.dropped, 1u);
}

TEST(Strays, AreKeptAsDeadLettersThatCanBeReplayed) {
  const DecodedBatch batch = decoded_with(source::Strays::dead_letter);
  EXPECT_THAT(places(batch.changes), ElementsAre("a77:0", "a77:2"));
  ASSERT_THAT(batch.undecodable, SizeIs(2));
  const RoutedUndecodable& stray = batch.undecodable[0];
  EXPECT_EQ(stray.position, "77:1");
  EXPECT_THAT(stray.undecodable.reason, testing::HasSubstr("aggregates=dead-letter"));
  EXPECT_EQ(stray.undecodable.key, R"({"pk":{"S":"k2"}})");
  EXPECT_THAT(stray.undecodable.order, testing::EndsWith("77:0000000001"));
  EXPECT_EQ(stray.undecodable.record, event(text_key(2), 1));
  EXPECT_EQ(batch.dropped, 0u);
}

TEST(CutAtUndecodable, WithinAnAggregateItEndsThere) {
  DecodedBatch batch = decoded_with(source::Strays::deliver);
  const std::vector<BadChange> bad = cut_at_undecodable(batch.undecodable, {&batch.changes});
  ASSERT_THAT(bad, SizeIs(1));
  EXPECT_EQ(bad[0].position, "77:3");
  EXPECT_EQ(bad[0].before, shards::Position::after(aws::SequenceNumber("77"), 2));
}

TEST(CutAtUndecodable, KeepsWhatComesBeforeInItsShardAndAllOfTheOthers) {
  DecodedBatch batch = decoded({slice("a", {1, 2, -1, 4, -1}), slice("b", {1, 2})});
  const std::vector<BadChange> bad = cut_at_undecodable(batch.undecodable, {&batch.changes});
  EXPECT_THAT(places(batch.changes), ElementsAre("a1", "a2", "b1", "b2"));
  ASSERT_THAT(bad, SizeIs(1));
  EXPECT_EQ(bad[0].shard.str(), "a");
  EXPECT_EQ(bad[0].position, "3");
  EXPECT_EQ(bad[0].before, shards::Position::after(aws::SequenceNumber("2")));
}

TEST(CutAtUndecodable, TheFirstRecordLeavesNothing) {
  DecodedBatch batch = decoded({slice("a", {-1, 2, 3})});
  const std::vector<BadChange> bad = cut_at_undecodable(batch.undecodable, {&batch.changes});
  EXPECT_THAT(batch.changes, IsEmpty());
  ASSERT_THAT(bad, SizeIs(1));
  EXPECT_FALSE(bad[0].before);
}

TEST(CutAtUndecodable, OfABatchInOneRecordTheChangesBeforeItAreKeptButTheRecordIsReadAgain) {
  Slice whole = slice("a", {1, 2});
  whole.records[1].data =
      R"({"Records":[)" + event(text_key(2), 5) + R"(,{"eventName":"NONSENSE"},)" + event(text_key(3), 6) + "]}";
  DecodedBatch batch = decoded({std::move(whole)});
  const std::vector<BadChange> bad = cut_at_undecodable(batch.undecodable, {&batch.changes});
  EXPECT_THAT(places(batch.changes), ElementsAre("a1", "a2"));
  ASSERT_THAT(bad, SizeIs(1));
  EXPECT_EQ(bad[0].before, shards::Position::after(aws::SequenceNumber("1")));
}

/// All of a batch's changes, for one table.
std::vector<TableShare> shares_of(DecodedBatch batch) {
  EXPECT_THAT(batch.undecodable, IsEmpty());
  const table::KeySchema keys = table::key_schema_of(*batch.changes.front().change);
  const auto spec = table::make_spec(table::Target::sqlite, {"", "demo"}, "demo", keys, {});
  EXPECT_TRUE(spec) << to_string(spec.error());
  std::vector<TableShare> shares;
  shares.push_back({"demo", 1, std::make_shared<const table::Renderer>(*spec), std::move(batch.changes)});
  return shares;
}

std::vector<std::string> written_by(const RenderedPrefix& prefix) {
  std::vector<std::string> written;
  for (const sink::TableWrites& writes : prefix.writes) {
    for (const sink::FoldedChange& folded : writes.changes) written.push_back(place_of(*folded.changes[0]));
  }
  return written;
}

TEST(FoldAndRender, EachChangeIsKeptWhereTheTargetWantsEach) {
  std::vector<TableShare> shares = shares_of(decoded({slice("a", {1, 2, 1, 1})}));
  EXPECT_THAT(written_by({fold_and_render(shares), {}, {}}), ElementsAre("a4", "a2"));
  shares[0].folds = false;
  EXPECT_THAT(written_by({fold_and_render(shares), {}, {}}), ElementsAre("a1", "a2", "a3", "a4"));
}

TEST(FoldAndRenderPrefix, EndsBeforeWhatTheTargetHasRefused) {
  const std::vector<TableShare> shares = shares_of(decoded({slice("a", {1, 2, 3, 4}), slice("b", {5, 6})}));
  const std::vector<RoutedChange>& changes = shares[0].changes;
  const RenderedPrefix prefix =
      fold_and_render_prefix(shares, {{changes[3].change, "too late"}, {changes[1].change, "the first"}});
  EXPECT_THAT(written_by(prefix), ElementsAre("a1", "b1", "b2"));
  EXPECT_THAT(places(prefix.shares[0].changes), ElementsAre("a1", "b1", "b2")) << "to be planned again";
  ASSERT_THAT(prefix.bad, SizeIs(1));
  EXPECT_EQ(prefix.bad[0].position, "2");
  EXPECT_EQ(prefix.bad[0].reason, "the first");
  EXPECT_EQ(prefix.bad[0].before, shards::Position::after(aws::SequenceNumber("1")));
}

TEST(FoldAndRenderPrefix, EndsBeforeTheFirstRefusal) {
  const RenderedPrefix prefix =
      fold_and_render_prefix(shares_of(decoded({slice("a", {1, 2, -2, 4, -2}), slice("b", {5, 6})})));
  EXPECT_THAT(written_by(prefix), ElementsAre("a1", "a2", "b1", "b2"));
  ASSERT_THAT(prefix.bad, SizeIs(1));
  EXPECT_EQ(prefix.bad[0].position, "3");
  EXPECT_EQ(prefix.bad[0].before, shards::Position::after(aws::SequenceNumber("2")));
  EXPECT_FALSE(prefix.bad[0].reason.empty());
}

}  // namespace
}  // namespace ctk::relay
