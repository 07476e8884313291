#include "relay/shard_progress.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using shards::Position;
using std::chrono::seconds;

const Timestamp kNoon = from_micros(1'795'000'000'000'000);
const aws::ShardId kShard("s");

Position after(const char* sequence) { return Position::after(aws::SequenceNumber(sequence)); }

Slice slice_to(const Position& to, Timestamp arrival) {
  Slice slice;
  slice.shard = kShard;
  slice.to = to;
  slice.arrivals = {arrival, arrival};
  return slice;
}

TEST(ShardProgress, AMoveWithTheRowsGoesFromWhatIsAcknowledged) {
  ShardProgress progress(Position::trim_horizon());
  const Slice slice = slice_to(after("5"), kNoon);
  progress.add(1, slice);
  EXPECT_EQ(progress.writes(), 1u);
  const coordination::PositionMove move = progress.move_of(slice, kNoTime);
  EXPECT_EQ(move.from, Position::trim_horizon());
  EXPECT_EQ(move.to, after("5"));
  EXPECT_EQ(move.read_to, kNoon);
  EXPECT_EQ(progress.move_of(slice, kNoon + seconds(9)).read_to, kNoon + seconds(9)) << "where nothing else is left";
  progress.acknowledge(1);
  EXPECT_EQ(progress.acknowledged(), after("5"));
  EXPECT_EQ(progress.writes(), 0u);
}

TEST(ShardProgress, WhatIsAcknowledgedAndNotStoredIsDue) {
  ShardProgress progress(Position::trim_horizon());
  EXPECT_FALSE(progress.due_move(kShard, kNoTime, true));
  progress.add(1, slice_to(after("5"), kNoon));
  progress.add(2, slice_to(after("8"), kNoon + seconds(3)));
  progress.acknowledge(2);
  EXPECT_FALSE(progress.due_move(kShard, kNoTime, true)) << "the first write may be lost yet";
  progress.acknowledge(1);
  const auto move = progress.due_move(kShard, kNoTime, false);
  ASSERT_TRUE(move);
  EXPECT_EQ(move->to, after("8"));
  EXPECT_EQ(move->read_to, kNoon + seconds(3));
  progress.stored(move->to, move->read_to);
  EXPECT_FALSE(progress.due_move(kShard, kNoTime, true));
}

TEST(ShardProgress, ThatAnIdleShardWasReadOnIsWorthAMoveOnlyNowAndThen) {
  ShardProgress progress(after("5"));
  progress.restore_read_to(kNoon);
  EXPECT_FALSE(progress.due_move(kShard, kNoon + seconds(60), false));
  const auto move = progress.due_move(kShard, kNoon + seconds(60), true);
  ASSERT_TRUE(move);
  EXPECT_EQ(move->from, move->to);
  EXPECT_EQ(move->read_to, kNoon + seconds(60));
}

TEST(ShardProgress, ReadToNeverGoesBack) {
  ShardProgress progress(after("5"));
  progress.restore_read_to(kNoon + seconds(60));
  const Slice slice = slice_to(after("8"), kNoon);
  EXPECT_EQ(progress.move_of(slice, kNoTime).read_to, kNoon + seconds(60));
  EXPECT_EQ(progress.move_of(slice, kNoon).read_to, kNoon + seconds(60));
}

TEST(ShardProgress, DroppedItGoesOnFromWhatTheStoreHas) {
  ShardProgress progress(Position::trim_horizon());
  progress.add(1, slice_to(after("5"), kNoon));
  progress.drop_writes();
  coordination::StoredPosition row;
  row.position = after("3");
  row.read_to = kNoon;
  progress.restart(row);
  EXPECT_EQ(progress.acknowledged(), after("3"));
  EXPECT_EQ(progress.stored_read_to(), kNoon);
  EXPECT_FALSE(progress.has_pending());
  EXPECT_FALSE(progress.due_move(kShard, kNoTime, true));
}

}  // namespace
}  // namespace ctk::relay
