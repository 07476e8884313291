// The cases of the conformance suite: loads, epochs, and what a load has not seen.
#include <gmock/gmock.h>

#include "dynamodb/decode.h"
#include "shards/segment.h"
#include "sink/conformance_test.h"

namespace ctk::sink::testing {
namespace {

using coordination::LoadRequest;
using coordination::LoadState;
using shards::Position;
using std::chrono::seconds;

const Timestamp kCut = from_micros(1'700'000'000'000'000);

/// What a Scan gives: an item, and when.
std::shared_ptr<const dynamodb::Change> scanned(const std::string& key, const std::string& value, int64_t page) {
  dynamodb::RawRecord record;
  record.data = R"({"pk":{"S":")" + key + R"("},"v":{"S":")" + value + R"("}})";
  record.arrival = kCut + std::chrono::microseconds(page);
  dynamodb::Decoded decoded = dynamodb::Decoder().decode_item(std::move(record), {"source", {"pk"}});
  return std::make_shared<const dynamodb::Change>(std::move(decoded.changes.at(0)));
}

}  // namespace

void Conformance::load_over_rows_without_version() {
  open_loading(kCut, LoadRequest::Kind::initial);
  apply({scanned("both", "1", 1), scanned("theirs", "1", 1)});
  backend->refresh(*sink, name("demo"));
  ASSERT_TRUE(query("UPDATE " + backend->quoted(name("demo")) + " SET cdc_version = NULL"));
  backend->refresh(*sink, name("demo"));
  apply(Changes{scanned("both", "2", 2)});
}

namespace {

TEST_P(Conformance, ALoadBeginsIsGoneOnWithAndEnds) {
  const coordination::TableRecord begun = open_loading(kCut, LoadRequest::Kind::initial);
  EXPECT_EQ(begun.load, LoadState::running);
  EXPECT_EQ(begun.epoch, 1u);
  EXPECT_EQ(begun.cut, kCut);
  EXPECT_EQ(open_loading(kCut, LoadRequest::Kind::again), begun);
  apply(Changes{scanned("a", "1", 5), scanned("b", "2", 5)});

  Result<LoadEnding> ending = finish_load(1);
  ASSERT_TRUE(ending) << to_string(ending.error());
  EXPECT_EQ(ending->record.load, LoadState::complete);
  ASSERT_TRUE(ending->record.loaded);
  EXPECT_EQ(ending->swept, 0u);
  const auto again = finish_load(1);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->record.loaded, ending->record.loaded) << "the reply may have been lost";
  EXPECT_EQ(open_loading(kCut, LoadRequest::Kind::initial), ending->record);
  EXPECT_EQ(items().size(), 2u);
}

TEST_P(Conformance, AnyChangeWinsOverTheLoad) {
  open_loading(kCut, LoadRequest::Kind::initial);
  apply({put(1, text_key("changed"), R"({"v":{"S":"new"}})"), removal(2, text_key("gone"))});
  apply({scanned("changed", "old", 900'000'000), scanned("gone", "old", 900'000'000), scanned("quiet", "as it is", 7)});
  const auto all = items();
  EXPECT_THAT(all.at("changed"), ::testing::HasSubstr("new"));
  EXPECT_EQ(all.at("gone"), "deleted");
  EXPECT_THAT(all.at("quiet"), ::testing::HasSubstr("as it is"));
}

TEST_P(Conformance, WhatANewLoadHasNotSeenIsSwept) {
  open_loading(kCut, LoadRequest::Kind::initial);
  apply({scanned("stays", "1", 1), scanned("vanished", "1", 1)});
  apply(Changes{removal(2, text_key("marked"))});
  EXPECT_EQ(swept_by_load(1), 0u);

  EXPECT_EQ(open_loading(kCut, LoadRequest::Kind::again).epoch, 2u);
  apply(Changes{scanned("stays", "2", 1)});
  EXPECT_EQ(swept_by_load(2), 2u);
  const auto all = items();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(all.at("stays"), ::testing::HasSubstr("2"));
}

TEST_P(Conformance, AKeyWithAnOpenLetterIsNotTakenForGone) {
  open_loading(kCut, LoadRequest::Kind::initial);
  apply({scanned("refused", "1", 1), scanned("vanished", "1", 1)});
  EXPECT_EQ(swept_by_load(1), 0u);

  open_loading(kCut, LoadRequest::Kind::again);
  auto batch = batch_of(Changes{scanned("other", "2", 1)});
  const auto refused = scanned("refused", "2", 2);
  DeadLetter letter =
      make_dead_letter({"r", "r", incarnation, "source", "load:00002:000/001", "p", 0}, kCut, "refused", "why", "{}");
  letter.source_table = "source";
  letter.key = refused->key;
  letter.version = table::version_text(2, refused->order);
  batch->dead_letters = {letter};
  ASSERT_TRUE(apply(batch));
  EXPECT_EQ(swept_by_load(2), 1u);
  EXPECT_TRUE(items().contains("refused"));
  EXPECT_FALSE(items().contains("vanished"));
}

TEST_P(Conformance, RowsWithoutAVersionAreLeftAlone) {
  load_over_rows_without_version();
  EXPECT_EQ(swept_by_load(1), 0u);
  EXPECT_TRUE(items().contains("theirs"));
  EXPECT_THAT(items().at("both"), ::testing::HasSubstr("2"));
}

TEST_P(Conformance, RowsWithoutAVersionGoWhereTheTableIsAdopted) {
  options.tables.adopt = true;
  sink = backend->make_sink(options);
  load_over_rows_without_version();
  EXPECT_EQ(swept_by_load(1), 1u);
  EXPECT_FALSE(items().contains("theirs"));
  EXPECT_TRUE(items().contains("both"));
}

TEST_P(Conformance, WithSoftDeletesTheyAreMarkedForEver) {
  options.tables.deletes = table::Deletes::soft;
  sink = backend->make_sink(options);
  open_loading(kCut, LoadRequest::Kind::initial);
  apply({scanned("stays", "1", 1), scanned("vanished", "1", 1)});
  EXPECT_EQ(swept_by_load(1), 0u);
  open_loading(kCut, LoadRequest::Kind::again);
  apply(Changes{scanned("stays", "2", 1)});
  EXPECT_EQ(swept_by_load(2), 1u);
  EXPECT_THAT(items().at("vanished"), ::testing::AllOf(::testing::HasSubstr("1"), ::testing::EndsWith("deleted")));
  EXPECT_THAT(items().at("stays"), ::testing::Not(::testing::EndsWith("deleted")));
}

TEST_P(Conformance, ALoadThatAnotherHasReplacedCannotEndNorWrite) {
  open_loading(kCut, LoadRequest::Kind::initial);
  const auto batch = batch_of(Changes{scanned("late", "1", 1)});
  auto other = backend->make_sink(options);
  const table::TableSpec spec = opened->renderer->spec();
  coordination::TableRegistration anew = registration_of(spec);
  anew.load = LoadRequest{LoadRequest::Kind::restart, kCut, 1};
  Result<OpenTable> raised = await<OpenTable>([&](auto done) { other->open(spec, anew, std::move(done)); });
  ASSERT_TRUE(raised) << to_string(raised.error());
  EXPECT_EQ(raised->record.epoch, 2u);

  Result<LoadEnding> ending = finish_load(1);
  ASSERT_FALSE(ending);
  EXPECT_EQ(ending.error().kind, ErrorKind::stale_epoch);
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::stale_epoch);
  EXPECT_TRUE(rows().empty());
}

TEST_P(Conformance, AnAcquisitionSetsShardsBackAndDropsSegmentsOfOlderLoads) {
  const aws::ShardId open_shard("shard-1"), ended("shard-2"), untouched("shard-3"), old_segment("load:00001:000/001");
  const Timestamp late = kCut + seconds(60);
  auto mine = acquire(*sink, "a",
                      {{open_shard, Position::trim_horizon()},
                       {ended, Position::trim_horizon()},
                       {untouched, Position::trim_horizon()},
                       {old_segment, Position::trim_horizon()}});
  const Position after = Position::after(aws::SequenceNumber("7"));
  const Position in_page = Position::after_key(R"({"pk":{"S":"it's \"q\""}})");
  ASSERT_TRUE(move_alone(*sink, mine.fence,
                         {{open_shard, Position::trim_horizon(), after, late, {}},
                          {ended, Position::trim_horizon(), Position::shard_end(), late, {}},
                          {untouched, Position::trim_horizon(), after, late, {}},
                          {old_segment, Position::trim_horizon(), in_page, kNoTime, {}}}));
  EXPECT_EQ(stored_at(*sink, old_segment).position, in_page);

  coordination::AcquireRequest request{relay, coordination::WorkerName("b"), incarnation, {}, false, 2};
  request.shards = {{shards::segment_shard({2, 0, 1}), Position::trim_horizon()}};
  request.rewound = {{open_shard, Position::at_timestamp(kCut), kCut}, {ended, Position::at_timestamp(kCut), kNoTime}};
  request.dropped = {old_segment};
  auto acquired = await<coordination::Acquired>([&](auto done) { sink->positions().acquire(request, std::move(done)); });
  ASSERT_TRUE(acquired) << to_string(acquired.error());
  EXPECT_EQ(acquired->positions.size(), 4u);
  for (const aws::ShardId& shard : {open_shard, ended}) {
    const coordination::StoredPosition row = stored_at(*sink, shard);
    EXPECT_EQ(row.position, Position::at_timestamp(kCut)) << shard;
    EXPECT_EQ(row.epoch, 2u) << shard;
    EXPECT_EQ(row.fence, acquired->fence) << shard;
  }
  EXPECT_EQ(stored_at(*sink, open_shard).read_to, kCut) << "what is read again is not read yet";
  EXPECT_EQ(stored_at(*sink, ended).read_to, kNoTime);
  EXPECT_EQ(stored_at(*sink, untouched).position, after);
  EXPECT_EQ(stored_at(*sink, untouched).epoch, 2u);
  EXPECT_EQ(stored_at(*sink, shards::segment_shard({2, 0, 1})).position, Position::trim_horizon());
}

}  // namespace
}  // namespace ctk::sink::testing
