#include "engines/pushed_shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/answer.h"
#include "engines/observed_store.h"

namespace ctk::engines {
namespace {

using shards::Position;
using source::Page;
using testing::ElementsAre;
using testing::IsEmpty;

const aws::ShardId kShard("shardId-000000000000");

std::vector<dynamodb::RawRecord> records(std::initializer_list<const char*> sequences) {
  std::vector<dynamodb::RawRecord> records;
  for (const char* sequence : sequences) {
    records.emplace_back().sequence = aws::SequenceNumber(sequence);
    records.back().data = "0123456789";
  }
  return records;
}

class PushedShardTest : public testing::Test {
 protected:
  void ask(const Position& position = {}, int most = 100, size_t bytes = 0) {
    answer.reset();
    shard.read({kShard, position, most, bytes, kNoTime}, [this](Result<Page> page) { answer.emplace(std::move(page)); });
    loop.run_until([] { return false; }, std::chrono::seconds(1));
  }
  std::vector<std::string> places() {
    std::vector<std::string> places;
    if (!answer) return {"none"};
    for (const dynamodb::RawRecord& record : (*answer)->records) places.push_back(record.sequence.str());
    if ((*answer)->ended) places.emplace_back("end");
    return places;
  }
  void run() {
    loop.run_until([] { return false; }, std::chrono::seconds(1));
  }

  VirtualLoop loop{from_micros(1'795'000'000'000'000)};
  PushedShard shard{identity_of_pushed("kcl", kShard), kShard, loop};
  std::optional<Result<Page>> answer;
};

TEST_F(PushedShardTest, WhoeverReadsWaitsForWhatIsPushed) {
  bool read = false;
  shard.when_read([&] { read = true; });
  ask();
  EXPECT_TRUE(read);
  EXPECT_THAT(places(), ElementsAre("none"));
  shard.push(records({"1", "2"}));
  run();
  EXPECT_THAT(places(), ElementsAre("1", "2"));
  EXPECT_TRUE((*answer)->at_once);
  ask();
  EXPECT_THAT(places(), ElementsAre("none"));
  shard.end();
  run();
  EXPECT_THAT(places(), ElementsAre("end"));
}

TEST_F(PushedShardTest, GivesNoMoreThanIsAskedFor) {
  shard.push(records({"1", "2", "3", "4"}));
  ask({}, 1);
  EXPECT_THAT(places(), ElementsAre("1"));
  ask({}, 100, 25);
  EXPECT_THAT(places(), ElementsAre("2", "3"));
  ask({}, 100, 1);
  EXPECT_THAT(places(), ElementsAre("4")) << "one record always has room";
}

TEST_F(PushedShardTest, WhatWasDroppedIsGivenAgain) {
  shard.push(records({"1", "2", "3"}));
  ask();
  shard.forget(kShard);
  ask(Position::after(aws::SequenceNumber("2")));
  EXPECT_THAT(places(), ElementsAre("3"));
  shard.forget(kShard);
  ask(Position::trim_horizon());
  EXPECT_THAT(places(), ElementsAre("1", "2", "3"));
}

TEST_F(PushedShardTest, WhoeverWaitsIsAnsweredWhereAllIsToBeReadAgain) {
  shard.push(records({"1"}));
  ask();
  ask();
  EXPECT_THAT(places(), ElementsAre("none"));
  shard.forget(kShard);
  run();
  EXPECT_THAT(places(), IsEmpty());
  ask();
  EXPECT_THAT(places(), ElementsAre("1"));
}

TEST(PushedIdentity, GoesByTheServiceThatTheShardIsOf) {
  const auto kinesis = identity_of_pushed("kcl", kShard).traits;
  EXPECT_EQ(kinesis.version_kind, dynamodb::VersionKind::kinesis);
  EXPECT_TRUE(kinesis.repeats_records);
  const auto table = identity_of_pushed("kcl", aws::ShardId("shardId-00000001414576573621-f55eea83")).traits;
  EXPECT_EQ(table.version_kind, dynamodb::VersionKind::streams);
  EXPECT_FALSE(table.repeats_records);
}

TEST(ObservedStore, ReportsMovesThatAreMade) {
  VirtualLoop loop{from_micros(1'795'000'000'000'000)};
  std::vector<std::string> moved;
  const auto store =
      make_observed_store(loop, loop, [&](const aws::ShardId&, const Position& to) { moved.push_back(to_string(to)); });
  const coordination::RelayName relay("r");
  coordination::AcquireRequest request;
  request.relay = relay;
  request.shards = {{kShard, Position::trim_horizon()}};
  const auto acquired =
      answer_of<coordination::Acquired>(loop, [&](auto done) { store->acquire(request, std::move(done)); });
  ASSERT_TRUE(acquired);
  const auto move = [&](const Position& from, const Position& to) {
    const coordination::PositionMove one{kShard, from, to, kNoTime, {}, acquired->fence};
    return answer_of<bool>(loop, [&](auto done) { store->move(relay, {one}, std::move(done)); });
  };
  const Position seven = Position::after(aws::SequenceNumber("7"));
  EXPECT_TRUE(move(Position::trim_horizon(), seven));
  EXPECT_FALSE(move(Position::trim_horizon(), seven)) << "it stands elsewhere";
  EXPECT_TRUE(move(seven, seven));
  EXPECT_TRUE(move(seven, Position::shard_end()));
  EXPECT_THAT(moved, ElementsAre("7", "SHARD_END"));
}

}  // namespace
}  // namespace ctk::engines
