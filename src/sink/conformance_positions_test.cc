// The cases of the conformance suite: positions, fencing, exactly once.
#include "sink/conformance_test.h"

namespace ctk::sink::testing {
namespace {

using coordination::Acquired;
using coordination::Fence;
using coordination::NewShard;
using coordination::PositionMove;
using coordination::StoredPosition;
using shards::Position;
using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;
using OutcomeKind = ChangeOutcome::Kind;

const aws::ShardId kShard("shardId-000000000000");
const aws::ShardId kOther("shardId-000000000001");

Position after(const std::string& digits) { return Position::after(aws::SequenceNumber(digits)); }

std::vector<NewShard> two_shards() {
  return {{kShard, Position::trim_horizon()}, {kOther, Position::at_timestamp(from_micros(1'700'000'000'123'456))}};
}

PositionMove moved(const aws::ShardId& shard, Position from, Position to) {
  return {shard, std::move(from), std::move(to), kNoTime, {}};
}

TEST_P(Conformance, PositionsAreEmptyBeforeTheFirstAcquisition) {
  EXPECT_TRUE(stored(*sink).empty());
  auto relays = await<std::vector<coordination::RelayName>>([&](auto done) { sink->positions().relays(std::move(done)); });
  ASSERT_TRUE(relays) << to_string(relays.error());
  EXPECT_TRUE(relays->empty());
}

TEST_P(Conformance, AnAcquisitionMakesRowsAndRaisesTheFence) {
  Acquired first = acquire(*sink, "host/1/a", two_shards());
  ASSERT_EQ(first.positions.size(), 2u);
  EXPECT_EQ(first.positions[0].shard, kShard);
  EXPECT_EQ(first.positions[0].position, Position::trim_horizon());
  EXPECT_EQ(first.positions[1].position, Position::at_timestamp(from_micros(1'700'000'000'123'456)));
  for (const StoredPosition& row : first.positions) {
    EXPECT_EQ(row.fence, first.fence);
    EXPECT_EQ(row.worker, coordination::WorkerName("host/1/a"));
    EXPECT_EQ(row.incarnation, incarnation);
    EXPECT_EQ(row.epoch, 1u);
    EXPECT_EQ(row.read_to, kNoTime);
    EXPECT_EQ(row.updated, backend->clock().now());
  }
  ASSERT_TRUE(move_alone(*sink, first.fence, {moved(kShard, Position::trim_horizon(), after("17"))}));
  Acquired second = acquire(*sink, "host/2/b", two_shards());
  EXPECT_GT(second.fence, first.fence);
  ASSERT_EQ(second.positions.size(), 2u);
  EXPECT_EQ(second.positions[0].position, after("17")) << "an acquisition keeps what is stored";
  EXPECT_EQ(second.positions, stored(*sink));
}

TEST_P(Conformance, ResetForgetsPositionsButNotFences) {
  Acquired first = acquire(*sink, "a", two_shards());
  ASSERT_TRUE(move_alone(*sink, first.fence, {moved(kShard, Position::trim_horizon(), after("17"))}));
  Acquired second = acquire(*sink, "b", {{kShard, Position::trim_horizon()}}, true);
  ASSERT_EQ(second.positions.size(), 1u);
  EXPECT_EQ(second.positions[0].position, Position::trim_horizon());
  EXPECT_GT(second.fence, first.fence);
}

TEST_P(Conformance, PositionsOfAnotherIncarnationAreNotReused) {
  acquire(*sink, "a", two_shards());
  coordination::AcquireRequest request{
      relay, coordination::WorkerName("b"), coordination::Incarnation("another life"), {}, false, 1};
  auto refused = await<Acquired>([&](auto done) { sink->positions().acquire(request, std::move(done)); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::mismatch);
}

TEST_P(Conformance, PositionsMoveWithReadToAndChildren) {
  Acquired mine = acquire(*sink, "a", {{kShard, Position::trim_horizon()}});
  PositionMove end{kShard,
                   Position::trim_horizon(),
                   Position::shard_end(),
                   from_micros(1'700'000'001'000'001),
                   {{kOther, Position::trim_horizon()}}};
  Result<bool> done = move_alone(*sink, mine.fence, {end});
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_TRUE(stored_at(*sink, kShard).position.ended());
  EXPECT_EQ(stored_at(*sink, kShard).read_to, from_micros(1'700'000'001'000'001));
  StoredPosition child = stored_at(*sink, kOther);
  EXPECT_EQ(child.position, Position::trim_horizon());
  EXPECT_EQ(child.fence, mine.fence);
  EXPECT_EQ(child.incarnation, incarnation);
  ASSERT_TRUE(move_alone(*sink, mine.fence, {moved(kOther, Position::trim_horizon(), after("5"))}));

  auto pruned = await<size_t>([&](auto d) { sink->positions().remove(relay, true, std::move(d)); });
  ASSERT_TRUE(pruned) << to_string(pruned.error());
  EXPECT_EQ(*pruned, 1u);
  ASSERT_EQ(stored(*sink).size(), 1u);
  EXPECT_EQ(stored(*sink)[0].shard, kOther);
  auto relays = await<std::vector<coordination::RelayName>>([&](auto d) { sink->positions().relays(std::move(d)); });
  ASSERT_TRUE(relays);
  EXPECT_EQ(*relays, std::vector<coordination::RelayName>{relay});
  auto removed = await<size_t>([&](auto d) { sink->positions().remove(relay, false, std::move(d)); });
  ASSERT_TRUE(removed);
  EXPECT_EQ(*removed, 1u);
  EXPECT_TRUE(stored(*sink).empty());
}

TEST_P(Conformance, RowsOfFinishedShardsAreRemovedUnderTheAcquisition) {
  const Acquired mine = acquire(*sink, "a", two_shards());
  const auto remove = [&](std::vector<aws::ShardId> shards) {
    return await<size_t>(
        [&](auto done) { sink->positions().remove_finished(relay, mine.fence, std::move(shards), std::move(done)); });
  };
  ASSERT_TRUE(move_alone(*sink, mine.fence, {moved(kShard, Position::trim_horizon(), Position::shard_end())}));
  Result<size_t> none = remove({kOther, aws::ShardId("unknown")});
  ASSERT_TRUE(none) << to_string(none.error());
  EXPECT_EQ(*none, 0u) << "it goes on";
  EXPECT_EQ(stored(*sink).size(), 2u);
  Result<size_t> one = remove({kShard, kOther});
  ASSERT_TRUE(one) << to_string(one.error());
  EXPECT_EQ(*one, 1u);
  ASSERT_EQ(stored(*sink).size(), 1u);
  EXPECT_EQ(stored(*sink)[0].shard, kOther);

  ASSERT_TRUE(move_alone(*sink, mine.fence, {moved(kOther, two_shards()[1].position, Position::shard_end())}));
  const auto other = backend->make_sink(options);
  acquire(*other, "b", {{kShard, Position::trim_horizon()}});
  Result<size_t> late = remove({kOther});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::fenced);
  EXPECT_EQ(stored(*sink).size(), 2u);
}

TEST_P(Conformance, AnAcquisitionOfSomeShardsLeavesTheOthersAlone) {
  if (!sink->traits().transactions) GTEST_SKIP() << "one acquisition takes all shards here";
  const aws::ShardId third("shardId-000000000002");
  const Acquired mine = acquire(*sink, "a", two_shards());
  const auto newer = backend->make_sink(options);
  const auto take = [&](Sink& in, std::vector<aws::ShardId> shards, std::vector<NewShard> made) {
    coordination::AcquireRequest request{relay, coordination::WorkerName("b"), incarnation, std::move(made), false, 1};
    request.only = std::move(shards);
    return await<Acquired>([&](auto done) { in.positions().acquire(request, std::move(done)); });
  };
  const Result<Acquired> none = take(*newer, {}, {{third, Position::trim_horizon()}});
  ASSERT_TRUE(none) << to_string(none.error());
  EXPECT_EQ(none->positions.size(), 3u);
  EXPECT_EQ(stored_at(*sink, kOther).fence, mine.fence) << "rows are made, none is taken";
  const Result<Acquired> theirs = take(*newer, {kOther}, {});
  ASSERT_TRUE(theirs) << to_string(theirs.error());
  EXPECT_GT(theirs->fence, mine.fence);
  EXPECT_EQ(stored_at(*sink, kOther).fence, theirs->fence);
  EXPECT_EQ(stored_at(*sink, kOther).worker, coordination::WorkerName("b"));
  EXPECT_EQ(stored_at(*sink, kShard).fence, mine.fence);
  EXPECT_EQ(stored_at(*sink, kShard).worker, coordination::WorkerName("a"));

  EXPECT_TRUE(move_alone(*sink, mine.fence, {moved(kShard, Position::trim_horizon(), Position::shard_end())}));
  const Result<bool> late = move_alone(*sink, mine.fence, {moved(kOther, two_shards()[1].position, after("5"))});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::fenced);
  EXPECT_TRUE(move_alone(*newer, theirs->fence, {moved(kOther, two_shards()[1].position, after("5"))}));
  const Result<size_t> removed = await<size_t>(
      [&](auto done) { sink->positions().remove_finished(relay, coordination::kAnyFence, {kShard}, std::move(done)); });
  ASSERT_TRUE(removed) << to_string(removed.error());
  EXPECT_EQ(*removed, 1u);
}

TEST_P(Conformance, ShardsFoundLaterGetRowsUnderTheAcquisition) {
  Acquired mine = acquire(*sink, "a", {{kShard, Position::trim_horizon()}});
  auto add = [&](Sink& in, Fence fence) {
    return await<bool>([&](auto done) { in.positions().add(relay, fence, {{kOther, after("3")}}, std::move(done)); });
  };
  ASSERT_TRUE(add(*sink, mine.fence));
  EXPECT_EQ(stored_at(*sink, kOther).position, after("3"));
  EXPECT_EQ(stored_at(*sink, kOther).worker, coordination::WorkerName("a"));
  auto other = backend->make_sink(options);
  acquire(*other, "b");
  Result<bool> late = add(*sink, mine.fence);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::fenced);
}

/// A batch of one change that moves kShard.
std::shared_ptr<Batch> with_move(std::shared_ptr<Batch> batch, Fence fence, Position from, Position to) {
  batch->moves = {moved(kShard, std::move(from), std::move(to))};
  batch->moves[0].fence = fence;
  return batch;
}

TEST_P(Conformance, RowsAndPositionsMoveTogether) {
  if (!sink->traits().transactions) GTEST_SKIP() << "not in one transaction here";
  auto change = put(1, text_key("a"), R"({"v":{"N":"1"}})");
  open(*change);
  Acquired mine = acquire(*sink, "a", two_shards());
  auto batch = with_move(batch_of({change}), mine.fence, Position::trim_horizon(), after("1"));
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_EQ(outcome->tables[0][0].kind, OutcomeKind::applied);
  EXPECT_EQ(stored_at(*sink, kShard).position, after("1"));
  EXPECT_EQ(stored_at(*sink, kOther).position, two_shards()[1].position);

  // Its answer was lost, and the caller sends it again: it counts as written.
  outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_EQ(outcome->tables[0][0].kind, OutcomeKind::applied);
  EXPECT_EQ(stored_at(*sink, kShard).position, after("1"));

  // A batch that does not start where the position is writes nothing at all.
  auto gap = with_move(batch_of({put(9, text_key("b"), "{}")}), mine.fence, after("8"), after("9"));
  outcome = apply(gap);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::internal);
  EXPECT_EQ(rows().size(), 1u);
  EXPECT_EQ(stored_at(*sink, kShard).position, after("1"));
}

TEST_P(Conformance, TheNewestOfTwoWorkersWrites) {
  if (!sink->traits().transactions) GTEST_SKIP() << "not fenced here";
  auto change = put(1, text_key("a"), R"({"v":{"N":"1"}})");
  open(*change);
  Acquired mine = acquire(*sink, "first/1/x", two_shards());
  auto newer = backend->make_sink(options);
  Acquired theirs = acquire(*newer, "second/2/y");
  auto batch = with_move(batch_of({change}), mine.fence, Position::trim_horizon(), after("1"));
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::fenced);
  EXPECT_TRUE(outcome.error().message.contains("second/2/y")) << outcome.error().message;
  EXPECT_TRUE(outcome.error().message.contains(format_iso8601(backend->clock().now()))) << outcome.error().message;
  EXPECT_TRUE(rows().empty());
  Result<bool> alone = move_alone(*sink, mine.fence, {moved(kOther, two_shards()[1].position, after("2"))});
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().kind, ErrorKind::fenced);
  EXPECT_EQ(theirs.positions, stored(*newer));
}

TEST_P(Conformance, RemovedPositionsStopTheRelay) {
  if (!sink->traits().transactions) GTEST_SKIP() << "not fenced here";
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  Acquired mine = acquire(*sink, "a", two_shards());
  ASSERT_TRUE(await<size_t>([&](auto done) { sink->positions().remove(relay, false, std::move(done)); }));
  Result<BatchOutcome> outcome = apply(with_move(batch_of({change}), mine.fence, Position::trim_horizon(), after("1")));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::fenced);
  EXPECT_TRUE(rows().empty());
}

TEST_P(Conformance, AnEndStoresItsChildrenWithTheRows) {
  if (!sink->traits().transactions) GTEST_SKIP() << "not in one transaction here";
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  Acquired mine = acquire(*sink, "a", {{kShard, Position::trim_horizon()}});
  auto batch = batch_of({change});
  batch->moves = {{kShard,
                   Position::trim_horizon(),
                   Position::shard_end(),
                   from_micros(5),
                   {{kOther, Position::trim_horizon()}},
                   mine.fence}};
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_TRUE(stored_at(*sink, kShard).position.ended());
  EXPECT_EQ(stored_at(*sink, kOther).fence, mine.fence);
  // A later acquisition leaves the ended shard's row as it is.
  Acquired next = acquire(*sink, "b");
  EXPECT_EQ(stored_at(*sink, kShard).fence, mine.fence);
  EXPECT_EQ(stored_at(*sink, kOther).fence, next.fence);
}

TEST_P(Conformance, AnOldEpochWritesNothing) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  Acquired mine = acquire(*sink, "a", two_shards());
  auto other = backend->make_sink(options);
  table::TableSpec spec = spec_of("demo", *change);
  coordination::TableRegistration again = registration_of(spec);
  again.incarnation = coordination::Incarnation("another life");
  Result<OpenTable> refused = await<OpenTable>([&](auto done) { other->open(spec, again, std::move(done)); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::mismatch);
  EXPECT_TRUE(refused.error().hint.contains("--reset"));
  again.reset = true;
  Result<OpenTable> raised = await<OpenTable>([&](auto done) { other->open(spec, again, std::move(done)); });
  ASSERT_TRUE(raised) << to_string(raised.error());
  EXPECT_EQ(raised->record.epoch, 2u);

  auto batch = with_move(batch_of({change}), mine.fence, Position::trim_horizon(), after("1"));
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::stale_epoch);
  EXPECT_TRUE(rows().empty());
  EXPECT_EQ(stored_at(*sink, kShard).position, Position::trim_horizon());
}

TEST_P(Conformance, ARecordIsKeptAndFound) {
  EXPECT_FALSE(record_of(*sink, "demo"));
  auto exists = [&](const std::string& table) {
    Result<bool> there = await<bool>([&](auto done) { sink->exists(name(table), std::move(done)); });
    EXPECT_TRUE(there) << to_string(there.error());
    return there.value_or(false);
  };
  EXPECT_FALSE(exists("demo"));
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  EXPECT_TRUE(exists("demo"));
  const auto record = record_of(*sink, "demo");  // at once, as a relay that is started again reads it
  ASSERT_TRUE(record);
  EXPECT_EQ(*record, opened->record);
  EXPECT_EQ(record->table, name("demo").str());
  EXPECT_EQ(record->source_table, "source");
  EXPECT_EQ(record->relays, std::vector<coordination::RelayName>{relay});
  open(*change);  // once more, by the same relay
  EXPECT_EQ(record_of(*sink, "demo"), opened->record);
}

TEST_P(Conformance, ATableBelongsToOneSourceTable) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  table::TableSpec spec = spec_of("demo", *change);
  spec.source_table = "another";
  coordination::TableRegistration registration = registration_of(spec);
  registration.reset = true;
  Result<OpenTable> refused = await<OpenTable>([&](auto done) { sink->open(spec, registration, std::move(done)); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
}

}  // namespace
}  // namespace ctk::sink::testing
