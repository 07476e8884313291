// Our own tables, dropped by somebody under a run: it goes on once they are missed, and begins nothing anew.
#include "sink/cratedb/cratedb_backends_test.h"

namespace ctk::sink::testing {
namespace {

using shards::Position;

const aws::ShardId kShard("s");

Position after(const std::string& digits) { return Position::after(aws::SequenceNumber(digits)); }

class CrateOwnTables : public OnFakeCrateDb {
 protected:
  void drop(const std::string& table) {
    const Result<ResultSet> dropped = query("DROP TABLE " + backend->quoted(name(table)));
    ASSERT_TRUE(dropped) << to_string(dropped.error());
  }

  Result<bool> move(coordination::Fence fence, const Position& from, const Position& to) {
    return move_alone(*sink, fence, {{kShard, from, to, kNoTime, {}}});
  }
};

TEST_P(CrateOwnTables, PositionsAreStoredAgainFromWhereTheRunIs) {
  const coordination::Acquired acquired = acquire(*sink, "worker", {{kShard, Position::trim_horizon()}});
  ASSERT_TRUE(move(acquired.fence, Position::trim_horizon(), after("17")));
  drop("ctk_positions");
  const Result<bool> missed = move(acquired.fence, after("17"), after("18"));
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error().kind, ErrorKind::not_found);
  const Result<bool> again = move(acquired.fence, after("17"), after("18"));
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(stored_at(*sink, kShard).position, after("18"));
  EXPECT_EQ(stored_at(*sink, kShard).fence, acquired.fence);
}

TEST_P(CrateOwnTables, PositionsThatAreGoneAreNone) {
  acquire(*sink, "worker", {{kShard, Position::trim_horizon()}});
  drop("ctk_positions");
  EXPECT_TRUE(stored(*sink).empty());
}

TEST_P(CrateOwnTables, ATableThatIsOpenedAgainFindsItsRecordsTableMadeAnew) {
  ASSERT_TRUE(apply(batch_of(Changes{change})));
  drop("ctk_tables");
  let_pass(*backend, std::chrono::seconds(2));
  const Result<BatchOutcome> missed = apply(batch_of(Changes{put(2, text_key("a"), "{}")}));
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error().kind, ErrorKind::not_found);
  open(*change);
  EXPECT_TRUE(apply(batch_of(Changes{put(2, text_key("a"), "{}")})));
}

TEST_P(CrateOwnTables, LettersAreKeptAgain) {
  const std::shared_ptr<Batch> batch = batch_of({change});
  batch->dead_letters = {make_dead_letter({"relay", "relay", incarnation, "", "shard", "1", 0},
                                          from_micros(1'700'000'000'000'001), "undecodable", "no JSON", "x")};
  drop("ctk_dead_letters");
  EXPECT_FALSE(apply(batch));
  const Result<BatchOutcome> again = apply(batch);
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(letters().size(), 1u);
}

TEST_P(CrateOwnTables, ASweepMissesLettersOnce) {
  acquire(*sink, "worker", {{kShard, Position::trim_horizon()}});
  drop("ctk_dead_letters");
  EXPECT_FALSE(sweep(Duration::max()));
  const Result<SweepOutcome> again = sweep(Duration::max());
  EXPECT_TRUE(again) << to_string(again.error());
}

INSTANTIATE_TEST_SUITE_P(CrateDb, CrateOwnTables, ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
