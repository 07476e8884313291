#include "relay/run_counters.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using Kind = sink::ChangeOutcome::Kind;

std::shared_ptr<const dynamodb::Change> change(dynamodb::Operation operation) {
  auto change = std::make_shared<dynamodb::Change>();
  change->operation = operation;
  return change;
}

/// A batch with one key, under whose change `folded` others lie, that is being applied.
InFlightBatch batch_of(size_t folded, dynamodb::Operation operation = dynamodb::Operation::modify) {
  InFlightBatch write;
  write.take_decoded({}, {});
  write.begin_rendering();
  auto batch = std::make_shared<sink::Batch>();
  sink::FoldedChange& one = batch->tables.emplace_back().changes.emplace_back();
  for (size_t i = 0; i <= folded; ++i) one.changes.push_back(change(operation));
  write.take_rendered(std::move(batch), {});
  write.begin_applying();
  return write;
}

sink::BatchOutcome outcome(Kind kind, int parked, bool key_refused = false) {
  sink::BatchOutcome outcome;
  outcome.tables.push_back({{kind, parked, key_refused}});
  return outcome;
}

TEST(RunCounters, WhatIsReadIsAppliedParkedOrFilteredOut) {
  RunCounters counters(true);
  InFlightBatch write = batch_of(2);
  write.filtered = 3;
  write.undecodable = 1;
  counters.add(write, outcome(Kind::applied, 1));
  const RelayStats& stats = counters.stats();
  EXPECT_EQ(stats.counts.applied, 2u) << "those folded away are applied, too";
  EXPECT_EQ(stats.counts.dead_letters, 2u);
  EXPECT_EQ(stats.counts.read, stats.counts.applied + stats.counts.dead_letters + stats.counts.filtered);
  EXPECT_EQ(stats.counts.stale, 0u);
}

TEST(RunCounters, KeepsTheLastDeadLetters) {
  RunCounters counters(true);
  for (int i = 0; i < 30; ++i) {
    sink::BatchOutcome kept = outcome(Kind::applied, 0);
    sink::DeadLetter& letter = kept.dead_letters.emplace_back();
    letter.key = std::to_string(i);
    letter.reason = "too long";
    counters.add(batch_of(0), kept);
  }
  ASSERT_EQ(counters.last_dead_letters().size(), 10u);
  EXPECT_EQ(counters.last_dead_letters().front().key, "20");
  EXPECT_EQ(counters.last_dead_letters().back().key, "29");
  EXPECT_EQ(counters.last_dead_letters().back().reason, "too long");
}

TEST(RunCounters, WhatIsKnownToBeStaleIsAppliedAndStale) {
  RunCounters counters(true);
  InFlightBatch write = batch_of(0, dynamodb::Operation::remove);
  write.repeated = 2;
  write.repeated_deletes = 1;
  counters.add(write, outcome(Kind::stale, 0));
  EXPECT_EQ(counters.stats().counts.applied, 3u);
  EXPECT_EQ(counters.stats().counts.stale, 3u);
  EXPECT_EQ(counters.stats().counts.deleted, 2u);
}

TEST(RunCounters, AHundredRefusalsAtTheStartEndARun) {
  RunCounters counters(false);
  for (int i = 0; i < 99; ++i) counters.add(batch_of(0), outcome(Kind::parked, 1, true));
  EXPECT_FALSE(counters.nothing_is_taken({}));
  RunCounters lucky = counters;
  counters.add(batch_of(0), outcome(Kind::parked, 1, true));
  ASSERT_TRUE(counters.nothing_is_taken({}));
  EXPECT_NE(counters.nothing_is_taken({})->message.find("for their key"), std::string::npos);
  lucky.add(batch_of(0), outcome(Kind::applied, 0));
  for (int i = 0; i < 9; ++i) lucky.add(batch_of(0), outcome(Kind::parked, 1));
  EXPECT_FALSE(lucky.nothing_is_taken({})) << "a change was kept";
}

TEST(RunCounters, ShardsTablesAndViewsCountOnce) {
  RunCounters counters(false);
  for (const char* name : {"a", "b", "a"}) {
    counters.add_shard(ShardId(name));
    counters.add_table(name);
    counters.add_view(name);
  }
  counters.add_view("");
  EXPECT_EQ(counters.stats().counts.shards, 2u);
  EXPECT_EQ(counters.stats().tables.size(), 2u);
  EXPECT_EQ(counters.stats().views.size(), 2u);
}

}  // namespace
}  // namespace ctk::relay
