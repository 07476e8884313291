#include "relay/position_keeper.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using coordination::PositionMove;
using std::chrono::seconds;

const Timestamp kNoon = from_micros(1'795'000'000'000'000);
const ShardId kParent("a"), kChild("b");

Position after(const char* sequence) { return Position::after(aws::SequenceNumber(sequence)); }

/// A shard that is read, and has a child that a listing has shown.
struct PositionKeeperTest : testing::Test {
  PositionKeeperTest() {
    coordination::StoredPosition row;
    row.shard = kParent;
    row.fence = 5;
    life.lineage.acquired({}, {5, {row}});
    life.held.acquired({5, {row}});
    life.lineage.walk().listed({{kParent, {}, true}, {kChild, {kParent}, false}});
    const shards::CadencePolicy cadence = shards::make_cadence(seconds(1), {});
    life.shards[kParent] =
        std::make_shared<Shard>(kParent, Position::trim_horizon(), source::PageSize{}, cadence, Duration{});
  }

  Shard& parent() { return *life.shards.at(kParent); }

  void read(const char* sequence) {
    source::Page page;
    page.records.emplace_back().sequence = aws::SequenceNumber(sequence);
    page.read_to = kNoon;
    parent().reading.took(page, 0, seconds(1));
    parent().queue.add(page, seconds(1));
  }

  void read_end() {
    parent().reading.know_end();
    parent().queue.add_end();
  }

  InFlightBatch take(uint64_t id, size_t records) {
    InFlightBatch write;
    write.id = id;
    std::vector<Slice> slices;
    slices.push_back(parent().queue.take(records));
    parent().progress.add(id, slices.back());
    write.take_decoded(std::move(slices), {});
    write.begin_rendering();
    write.take_rendered(std::make_shared<sink::Batch>(), {});
    write.begin_applying();
    return write;
  }

  Life life;
};

TEST_F(PositionKeeperTest, ABatchCarriesTheMovesOfItsShards) {
  read("5");
  read("7");
  InFlightBatch first = take(1, 1);
  const std::vector<PositionMove> moves = PositionKeeper::moves_of(first, life);
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_EQ(moves[0].to, after("5"));
  EXPECT_EQ(moves[0].fence, 5);
  EXPECT_LT(moves[0].read_to, kNoon) << "the other record is not acknowledged with it";
  first.batch().moves = moves;
  EXPECT_TRUE(PositionKeeper::acknowledged(first, true, life).empty());
  EXPECT_EQ(parent().progress.stored_position(), after("5"));
  EXPECT_EQ(PositionKeeper::moves_of(take(2, 1), life)[0].read_to, kNoon);
}

TEST_F(PositionKeeperTest, AnEndMakesTheRowsOfItsChildrenAndFinishesTheShardOnce) {
  read_end();
  InFlightBatch end = take(1, 0);
  end.batch().moves = PositionKeeper::moves_of(end, life);
  ASSERT_EQ(end.batch().moves[0].children.size(), 1u);
  EXPECT_EQ(end.batch().moves[0].children[0].shard, kChild);
  const std::vector<PositionMove> ends = PositionKeeper::acknowledged(end, true, life);
  ASSERT_EQ(ends.size(), 1u);
  parent().reading.finish();
  EXPECT_TRUE(PositionKeeper::stored(ends, life).empty());
}

TEST_F(PositionKeeperTest, AShardThatWentToAnotherWorkerMeanwhileIsLetAlone) {
  read_end();
  InFlightBatch end = take(1, 0);
  EXPECT_TRUE(PositionKeeper::acknowledged(end, false, life).empty());
  const std::vector<PositionMove> moves = PositionKeeper::due_moves(life, false, false);
  ASSERT_EQ(moves.size(), 1u);
  std::vector<PositionMove> older = moves;
  older[0].fence = 4;
  EXPECT_TRUE(PositionKeeper::stored(older, life).empty()) << "it was, and is this one's again";
  EXPECT_EQ(PositionKeeper::stored(moves, life).size(), 1u);
  life.shards.clear();
  EXPECT_TRUE(PositionKeeper::stored(moves, life).empty());
}

TEST_F(PositionKeeperTest, WithTheRowsOnlyQuietShardsAreDue) {
  read("5");
  const InFlightBatch write = take(1, 1);
  read("7");
  EXPECT_TRUE(PositionKeeper::acknowledged(write, false, life).empty());
  EXPECT_TRUE(PositionKeeper::due_moves(life, true, true).empty()) << "the next batch carries it";
  const std::vector<PositionMove> moves = PositionKeeper::due_moves(life, false, false);
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_EQ(moves[0].to, after("5"));
  EXPECT_EQ(moves[0].fence, 5);
  EXPECT_TRUE(PositionKeeper::stored(moves, life).empty());
  EXPECT_TRUE(PositionKeeper::due_moves(life, false, false).empty());
}

TEST_F(PositionKeeperTest, AShardWithoutARowIsNotMoved) {
  read_end();
  PositionKeeper::acknowledged(take(1, 0), false, life);
  EXPECT_TRUE(PositionKeeper::ends_are_due(life));
  life.lineage.want_row(kParent);
  EXPECT_TRUE(PositionKeeper::due_moves(life, false, true).empty());
  life.lineage.has_row_now(kParent);
  ASSERT_EQ(PositionKeeper::due_moves(life, false, true).size(), 1u);
  EXPECT_EQ(PositionKeeper::due_moves(life, false, true)[0].children.size(), 1u);
}

TEST_F(PositionKeeperTest, WhatIsWishedDuringAStoreIsOneWishForItsEnd) {
  PositionKeeper keeper;
  keeper.begin(seconds(1));
  EXPECT_FALSE(keeper.end());
  keeper.begin(seconds(2));
  bool heard = false;
  keeper.wish(false, {});
  keeper.wish(true, [&](bool stored) { heard = stored; });
  keeper.wish(false, {});
  EXPECT_TRUE(keeper.is_storing());
  std::optional<PositionKeeper::Wish> wish = keeper.end();
  EXPECT_FALSE(keeper.is_storing());
  ASSERT_TRUE(wish);
  EXPECT_TRUE(wish->all);
  wish->then(true);
  EXPECT_TRUE(heard);
  keeper.begin(seconds(3));
  EXPECT_FALSE(keeper.end()) << "it was given once";
}

TEST_F(PositionKeeperTest, AnAcquisitionThatNothingConfirmsIsAskedForEveryThreeSeconds) {
  PositionKeeper keeper;
  keeper.still_held(seconds(10));
  EXPECT_FALSE(keeper.hold_is_doubtful(seconds(12)));
  EXPECT_TRUE(keeper.hold_is_doubtful(seconds(13)));
  keeper.ask_for_hold();
  EXPECT_FALSE(keeper.hold_is_doubtful(seconds(60))) << "one question at a time";
  keeper.hold_answered();
  EXPECT_TRUE(keeper.hold_is_doubtful(seconds(60))) << "it was not answered";
  keeper.still_held(seconds(60));
  EXPECT_FALSE(keeper.hold_is_doubtful(seconds(62)));
}

}  // namespace
}  // namespace ctk::relay
