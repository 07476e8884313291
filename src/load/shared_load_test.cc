#include "load/shared_load.h"

#include <gtest/gtest.h>

#include "load/rows_testing.h"
#include "shards/segment.h"

namespace ctk::load {
namespace {

using aws::SequenceNumber;
using aws::ShardId;
using coordination::LoadState;
using coordination::StoredPosition;
using coordination::TableRecord;
using shards::Position;
using namespace std::chrono_literals;

constexpr Timestamp kEnd{2000s};
constexpr Timestamp kLater{2001s};

TableRecord load_of(coordination::Epoch epoch, LoadState state) {
  TableRecord record;
  record.table = "public.demo";
  record.epoch = epoch;
  record.load = state;
  record.loaded = kEnd;
  return record;
}

const Position kSomewhere = Position::after(SequenceNumber("7"));

TEST(SharedLoad, EveryWorkerTakesTheSameNumberOfSegments) {
  EXPECT_EQ(choose_shared_segments(std::nullopt), 32);
  EXPECT_EQ(choose_shared_segments(5), 5);
  EXPECT_EQ(choose_shared_segments(0), 1);
}

TEST(SharedLoad, OneBeginsOnlyWhereNothingOfTheStreamWasRead) {
  EXPECT_FALSE(has_read_stream({}));
  EXPECT_FALSE(has_read_stream({stored_row("load:00001:000/002", Position::trim_horizon(), 1)}));
  EXPECT_TRUE(has_read_stream({stored_row("shard-1", Position::trim_horizon(), 1)}));
}

TEST(SharedLoad, IsRefusedToThoseWhoFollowATableThatWasNeverLoaded) {
  const auto error = refuse_shared_load({stored_row("shard-1", kSomewhere, 1)}, load_of(1, LoadState::none));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::refused);
  EXPECT_EQ(refuse_shared_load({}, load_of(1, LoadState::none)), std::nullopt);
}

TEST(SharedLoad, IsRefusedBesidePositionsFromBeforeIt) {
  const TableRecord record = load_of(2, LoadState::running);
  EXPECT_TRUE(refuse_shared_load({stored_row("shard-1", kSomewhere, 1)}, record));
  EXPECT_TRUE(refuse_shared_load({stored_row("shard-1", Position::shard_end(), 1)}, record)) << "its end, too";
  EXPECT_FALSE(refuse_shared_load({stored_row("shard-1", kSomewhere, 2)}, record));
  EXPECT_FALSE(refuse_shared_load({stored_row("shard-1", kSomewhere, 0)}, record)) << "made by another library";
  EXPECT_FALSE(refuse_shared_load({stored_row("load:00001:000/002", Position::trim_horizon(), 1)}, record));
}

TEST(SharedLoad, SegmentsAreThoseThatHaveRowsAndThePlannedOnes) {
  const auto segments = segments_to_read(
      {stored_row("load:00002:001/002", Position::after_key("{}"), 2),
       stored_row("load:00001:000/002", Position::trim_horizon(), 1), stored_row("shard-1", kSomewhere, 2)},
      {{ShardId("load:00002:000/002"), Position::trim_horizon()},
       {ShardId("load:00002:001/002"), Position::trim_horizon()},
       {ShardId("shard-2"), Position::trim_horizon()}},
      load_of(2, LoadState::running));
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[0].shard.str(), "load:00002:000/002");
  EXPECT_EQ(segments[0].epoch, 2U);
  EXPECT_EQ(segments[1].position, Position::after_key("{}"));
}

TEST(SharedLoad, ThereAreNoneOnceItIsOver) {
  EXPECT_TRUE(
      segments_to_read({stored_row("load:00002:001/002", Position::shard_end(), 2)}, {}, load_of(2, LoadState::complete))
          .empty());
}

TEST(SharedLoad, OnlyTheSegmentsOfOlderLoadsGo) {
  const TableRecord record = load_of(2, LoadState::complete);
  EXPECT_TRUE(is_left_of_older_load(ShardId("load:00001:000/002"), record));
  EXPECT_FALSE(is_left_of_older_load(ShardId("load:00002:000/002"), record)) << "somebody may not have seen its end";
  EXPECT_FALSE(is_left_of_older_load(ShardId("load:00003:000/002"), record));
  EXPECT_FALSE(is_left_of_older_load(ShardId("shard-1"), record));
}

shards::KnownShard known(const std::string& shard, std::vector<ShardId> parents = {}, bool finished = false) {
  return {ShardId(shard), std::move(parents), finished ? Position::shard_end() : kSomewhere, finished};
}

bool ready(const TableRecord& record, const std::vector<shards::KnownShard>& shards,
           const std::vector<StoredPosition>& rows, std::set<ShardId> before = {}) {
  return coordination::is_load_complete(record) &&
         are_all_past_load(shards, shards_past_load(record, shards, rows, std::move(before)));
}

TEST(SharedLoad, TheTableIsReadyOnceAllHaveReadPastItsEnd) {
  const TableRecord record = load_of(2, LoadState::complete);
  const std::vector<shards::KnownShard> shards = {known("a"), known("b"), known("old", {}, true)};
  const StoredPosition a = stored_row("a", kSomewhere, 2, kLater);
  EXPECT_TRUE(ready(record, shards, {a, stored_row("b", kSomewhere, 2, kEnd)}));
  EXPECT_FALSE(ready(record, shards, {a, stored_row("b", kSomewhere, 2, kEnd - 1s)}));
  EXPECT_FALSE(ready(record, shards, {a, stored_row("b", kSomewhere, 1, kLater)})) << "under the epoch before";
  EXPECT_FALSE(ready(record, shards, {a, stored_row("b", kSomewhere, 2)}));
  EXPECT_FALSE(ready(record, shards, {a})) << "nobody reads it yet";
  EXPECT_FALSE(ready(record, shards, {a, stored_row("b", Position::shard_end(), 2, kLater)}))
      << "its children are not known yet";
  EXPECT_FALSE(ready(load_of(2, LoadState::running), shards, {a, stored_row("b", kSomewhere, 2, kLater)}));
  EXPECT_TRUE(ready(record, shards, {a}, {ShardId("b")})) << "it was seen before";
}

TEST(SharedLoad, WhatComesOfAShardThatWasReadPastTheEndIsPastIt) {
  const TableRecord record = load_of(2, LoadState::complete);
  const std::vector<shards::KnownShard> shards = {known("child", {ShardId("middle")}),
                                                  known("middle", {ShardId("a")}, true), known("a", {}, true)};
  EXPECT_TRUE(ready(record, shards, {}, {ShardId("a")})) << "it was opened later than that";
  const StoredPosition ended = stored_row("a", Position::shard_end(), 2, kLater);
  EXPECT_FALSE(ready(record, shards, {ended})) << "when it ended nobody knows";
  EXPECT_TRUE(ready(record, shards, {ended, stored_row("child", kSomewhere, 2, kLater)}));
}

}  // namespace
}  // namespace ctk::load
