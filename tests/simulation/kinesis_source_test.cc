#include "source/kinesis_source.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/testing/answer.h"
#include "shards/aggregate_testing.h"
#include "sim/in_process_kinesis.h"

namespace ctk::source {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class KinesisSourceTest : public testing::Test {
 protected:
  void make(bool create) { source = make_kinesis_source(api, {aws::StreamName("cdc"), create, 1}, loop, loop); }
  /// Calls, and runs the loop until the answer is there.
  template <class T, class Call>
  Result<T> ask(Call call) {
    return answer_of<T>(loop, std::move(call), minutes(2));
  }
  void let(Duration time) {
    loop.run_until([] { return false; }, time);
  }

  VirtualLoop loop{from_micros(1'795'318'371'000'000)};
  Random random{1};
  sim::Kinesis service{{}};
  sim::InProcessKinesis api{service, {loop, loop, random}};
  std::unique_ptr<StreamSource> source;
};

TEST_F(KinesisSourceTest, MakesTheStreamAndWaitsForIt) {
  make(true);
  const auto open = [&](Done<SourceIdentity> done) { source->open(std::move(done)); };
  Result<SourceIdentity> identity = ask<SourceIdentity>(open);
  while (!identity && identity.error().kind == ErrorKind::unreachable) {  // "is still being created"
    let(seconds(1));
    identity = ask<SourceIdentity>(open);
  }
  ASSERT_TRUE(identity) << to_string(identity.error());
  EXPECT_EQ(identity->name, "cdc");
  EXPECT_EQ(identity->traits.version_kind, dynamodb::VersionKind::kinesis);
  EXPECT_EQ(identity->traits.lateness, std::chrono::minutes(15));
  EXPECT_TRUE(identity->traits.repeats_records);
  EXPECT_TRUE(identity->traits.seeks_time);
  EXPECT_EQ(api.counts().create_stream, 1u);
}

/// Statement 29, through the service itself; and which records are of another shard follows from its listing.
TEST_F(KinesisSourceTest, GoesOnWithinAnAggregate) {
  ASSERT_TRUE(service.create_stream("cdc", 2, loop.now()));
  loop.run_until([] { return false; }, minutes(1));
  make(false);
  const std::string middle = aws::to_string(aws::nth_range(1, 2).first);
  std::string message = shards::text_field(1, "k") + shards::text_field(2, "1") + shards::text_field(2, middle);
  message += shards::packed_record(0, "a", 0) + shards::packed_record(0, "b", 1) + shards::packed_record(0, "c", 0);
  for (const std::string& data : {shards::sealed(message), std::string("plain")}) {
    ASSERT_TRUE(
        service.put_record({.stream = "cdc", .data = data, .partition_key = "p", .explicit_hash_key = "1"}, loop.now()));
  }
  using Shards = std::vector<ListedShard>;
  ASSERT_TRUE(ask<Shards>([&](Done<Shards> done) { source->list(std::move(done)); }));
  const auto read = [&](const Position& from) {
    const ShardId shard("shardId-000000000000");
    source->forget(shard);
    const Result<Page> page =
        ask<Page>([&](Done<Page> done) { source->read({.shard = shard, .position = from}, std::move(done)); });
    std::string found;
    for (const dynamodb::RawRecord& record : page.value().records) {
      const bool stray = record.in_aggregate && record.in_aggregate->is_stray;
      found += record.data;
      found += stray ? "! " : " ";
    }
    return std::pair(found, page.value().records.front().sequence);
  };
  const auto [all, sequence] = read(Position::trim_horizon());
  EXPECT_EQ(all, "a b! c plain ");
  EXPECT_EQ(read(Position::after(sequence, 0)).first, "b! c plain ");
  EXPECT_EQ(read(Position::after(sequence, 1)).first, "c plain ");
  EXPECT_EQ(read(Position::after(sequence, 2)).first, "plain ");
  EXPECT_EQ(read(Position::after(sequence)).first, "plain ");
}

/// A closed shard may give its last records with an iterator, as an open one does. Who took them for read up to now would
/// take its child, which was opened before that, for read as far, and a load's table for ready.
TEST_F(KinesisSourceTest, TheLastRecordsOfAClosedShardSayNothingOfLater) {
  sim::KinesisOptions options;
  options.end_with_records = false;
  sim::Kinesis closing(options);
  sim::InProcessKinesis its_api(closing, {loop, loop, random});
  const auto reader = make_kinesis_source(its_api, {aws::StreamName("cdc"), false, 1}, loop, loop);
  ASSERT_TRUE(closing.create_stream("cdc", 2, loop.now()));
  let(minutes(1));
  ASSERT_TRUE(
      closing.put_record({.stream = "cdc", .data = "last", .partition_key = "p", .explicit_hash_key = "1"}, loop.now()));
  const Timestamp put = loop.now();
  ASSERT_TRUE(closing.merge_shards("cdc", "shardId-000000000000", "shardId-000000000001", loop.now()));
  let(minutes(5));
  const auto read = [&] {
    return ask<Page>([&](Done<Page> done) {
      reader->read({.shard = ShardId("shardId-000000000000"), .position = Position::trim_horizon()}, std::move(done));
    });
  };
  const Result<Page> page = read();
  ASSERT_TRUE(page && page->records.size() == 1);
  EXPECT_FALSE(page->ended) << "the service says so with the next page";
  EXPECT_EQ(page->read_to, put);
  const Result<Page> next = read();
  ASSERT_TRUE(next && next->ended);
  EXPECT_LE(next->read_to, put);
}

/// New shards are looked for where others end: a relay that took this for all there is would wait for ever, in good health.
TEST_F(KinesisSourceTest, AStreamWithoutShardsIsNoAnswer) {
  struct Listless : sim::InProcessKinesis {
    Listless(sim::Kinesis& service, VirtualLoop& its_loop, Random& chance)
        : InProcessKinesis(service, {its_loop, its_loop, chance}), loop(its_loop) {}
    void list_shards(const aws::StreamName&, const std::optional<std::string>&, Done<aws::ShardPage> done) override {
      loop.post([done = std::move(done)]() mutable { done(aws::ShardPage{}); });
    }
    VirtualLoop& loop;
  };
  Listless its_api(service, loop, random);
  const auto reader = make_kinesis_source(its_api, {aws::StreamName("cdc"), false, 1}, loop, loop);
  using Shards = std::vector<ListedShard>;
  const Result<Shards> shards = ask<Shards>([&](Done<Shards> done) { reader->list(std::move(done)); });
  ASSERT_FALSE(shards);
  EXPECT_EQ(shards.error().kind, ErrorKind::corrupt);
}

/// The source may go between any two steps of a call: by the moment, its call is under way, answered or paused.
TEST_F(KinesisSourceTest, OnceItIsGoneNobodyIsToldAndNothingIsAsked) {
  for (Duration moment{}; moment < seconds(1); moment += milliseconds(1)) {
    sim::Kinesis fresh{{}};
    sim::InProcessKinesis its_api(fresh, {loop, loop, random});
    bool gone = false, recorded = false;
    auto leaving = make_kinesis_source(its_api, {aws::StreamName("cdc"), true, 1}, loop, loop);
    const auto report = [&](const auto&) { recorded = recorded || gone; };
    leaving->open(report);
    leaving->list(report);
    leaving->exists(ShardId("shardId-000000000000"), report);
    leaving->read({.shard = ShardId("shardId-000000000000"), .position = {}}, report);
    let(moment);
    leaving.reset();
    gone = true;
    const uint64_t asked = its_api.counts().describe_stream + its_api.counts().list_shards;
    let(seconds(5));
    EXPECT_FALSE(recorded) << moment.count();
    EXPECT_EQ(its_api.counts().describe_stream + its_api.counts().list_shards, asked) << moment.count();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace ctk::source
