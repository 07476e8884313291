#include "relay/write_queue.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using std::chrono::seconds;

WriteQueue::Rules rules(size_t connections, bool in_turn) {
  WriteQueue::Rules rules;
  rules.connections = connections;
  rules.in_turn = in_turn;
  rules.age_while_busy = seconds(5);
  return rules;
}

std::vector<Slice> slices_of(std::initializer_list<const char*> shards) {
  std::vector<Slice> slices;
  for (const char* shard : shards) slices.emplace_back().shard = aws::ShardId(shard);
  return slices;
}

/// A batch of these shards, at the state before the target.
InFlightBatch& ready(WriteQueue& queue, std::initializer_list<const char*> shards) {
  InFlightBatch& batch = queue.add(seconds(1));
  batch.bytes = 10;
  batch.take_decoded(slices_of(shards), {});
  batch.begin_rendering();
  batch.take_rendered(std::make_shared<sink::Batch>(), {});
  return batch;
}

TEST(WriteQueue, ABatchGoesFromTheWorkerToTheTarget) {
  WriteQueue queue(rules(1, true));
  InFlightBatch& batch = queue.add(seconds(1));
  batch.take_decoded(slices_of({"a"}), {});
  batch.share(batch.share_of("t", 1)).changes.emplace_back();
  batch.share(batch.share_of("t", 1)).changes.emplace_back();
  batch.share(batch.share_of("u", 1)).changes.emplace_back();
  EXPECT_EQ(queue.routing().size(), 1u);
  EXPECT_EQ(queue.next(), nullptr);
  const std::vector<TableShare> shares = batch.begin_rendering();
  ASSERT_EQ(shares.size(), 2u);
  EXPECT_EQ(shares[0].changes.size(), 2u);
  EXPECT_TRUE(queue.routing().empty());
  batch.take_rendered(std::make_shared<sink::Batch>(), {});
  ASSERT_EQ(queue.next(), &batch);
  batch.begin_applying();
  EXPECT_EQ(queue.applying(), 1u);
  batch.failed();
  EXPECT_EQ(queue.next(), &batch) << "what failed is applied again";
  EXPECT_EQ(queue.remove(batch.id), 0u);
  EXPECT_TRUE(queue.empty());
}

TEST(WriteQueue, TheTargetIsGivenNoMoreThanItHasConnections) {
  WriteQueue queue(rules(2, false));
  for (int i = 0; i < 3; ++i) ready(queue, {"a"});
  EXPECT_FALSE(queue.has_room());
  queue.next()->begin_applying();
  queue.next()->begin_applying();
  EXPECT_EQ(queue.next(), nullptr);
  queue.remove(1);
  ASSERT_NE(queue.next(), nullptr);
  EXPECT_EQ(queue.next()->id, 3u);
}

TEST(WriteQueue, TheWritesOfAShardFollowEachOther) {
  WriteQueue queue(rules(3, true));
  ready(queue, {"a"});
  ready(queue, {"b", "a"});
  ready(queue, {"c"});
  queue.next()->begin_applying();
  ASSERT_NE(queue.next(), nullptr);
  EXPECT_EQ(queue.next()->id, 3u) << "the second waits for the first";
  queue.next()->begin_applying();
  EXPECT_EQ(queue.next(), nullptr);
  queue.remove(1);
  ASSERT_NE(queue.next(), nullptr);
  EXPECT_EQ(queue.next()->id, 2u);
}

TEST(WriteQueue, ItIsKnownWhoseRecordsAreUnderWay) {
  WriteQueue queue(rules(1, true));
  const uint64_t id = ready(queue, {"a", "b"}).id;
  EXPECT_TRUE(queue.holds(ShardId("b")));
  EXPECT_FALSE(queue.holds(ShardId("c")));
  queue.remove(id);
  EXPECT_FALSE(queue.holds(ShardId("b")));
}

TEST(WriteQueue, WhoseShardsAreNotKnownIsWaitedFor) {
  WriteQueue queue(rules(3, true));
  queue.add(seconds(1));
  ready(queue, {"a"});
  EXPECT_EQ(queue.next(), nullptr);
}

TEST(WriteQueue, BehindTheFirstChangeThatStopsTheRunNothingIsApplied) {
  WriteQueue queue(rules(1, true));
  for (const char* shard : {"a", "b", "c"}) ready(queue, {shard});
  queue.stop_behind(2, Error{ErrorKind::corrupt, "the second", "", ""});
  EXPECT_EQ(queue.drop_behind_stop(), 10u);
  EXPECT_FALSE(queue.stops_now());
  queue.stop_behind(3, Error{ErrorKind::corrupt, "the third", "", ""});
  queue.remove(1);
  EXPECT_FALSE(queue.stops_now()) << "what comes before it is applied";
  queue.remove(2);
  ASSERT_TRUE(queue.stops_now());
  EXPECT_EQ(queue.stops_now()->message, "the second");
  queue.clear();
  EXPECT_FALSE(queue.stops());
}

TEST(WriteQueue, ABatchBehindTheStopIsDroppedItselfUnlessItIsBeingApplied) {
  WriteQueue queue(rules(2, true));
  ready(queue, {"a"});
  InFlightBatch& second = ready(queue, {"b"});
  second.begin_applying();
  queue.stop_behind(1, Error{ErrorKind::corrupt, "the first", "", ""});
  EXPECT_EQ(queue.drop_behind_stop(), 0u);
  second.begin_rendering_again();
  EXPECT_EQ(queue.drop_behind_stop(), 10u);
  EXPECT_EQ(queue.find(2), nullptr);
}

TEST(WriteQueue, LingeringCostsNothingWhileTheTargetIsAtWork) {
  WriteQueue queue(rules(1, true));
  EXPECT_EQ(queue.limits().age, seconds(0));
  queue.add(seconds(1));
  EXPECT_EQ(queue.limits().age, seconds(5));
}

TEST(WriteQueue, LettersGoWithTheNextBatchOnce) {
  WriteQueue queue(rules(1, true));
  queue.add_dead_letter({});
  EXPECT_TRUE(queue.has_dead_letters());
  InFlightBatch& batch = queue.add(seconds(1));
  queue.take_dead_letters(batch);
  EXPECT_EQ(batch.dead_letters.size(), 1u);
  EXPECT_FALSE(queue.has_dead_letters());
  queue.remove(batch.id);
  EXPECT_FALSE(queue.has_dead_letters());
}

TEST(WriteQueue, LettersOfABatchThatIsDroppedGoWithAnother) {
  WriteQueue queue(rules(1, true));
  queue.add_dead_letter({});
  queue.take_dead_letters(ready(queue, {"a"}));
  queue.clear();
  ASSERT_TRUE(queue.has_dead_letters());
  ready(queue, {"a"});
  queue.take_dead_letters(ready(queue, {"b"}));
  queue.stop_behind(2, Error{ErrorKind::corrupt, "the second", "", ""});
  queue.drop_behind_stop();
  EXPECT_TRUE(queue.has_dead_letters());
}

}  // namespace
}  // namespace ctk::relay
