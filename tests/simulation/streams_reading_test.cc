// The rules of reading DynamoDB Streams, one by one, on the simulated service: R19 to R28, about reading a stream to its
// end, from where, and at what price. docs/correctness.md lists the rules with the tests that hold them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulation/streams_rig.h"

namespace ctk::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(StreamsRules, R19_ADisabledStreamIsReadToItsEnd) {
  StreamsRig rig(2);
  rig.start();
  rig.write_through_rolls(3);
  rig.kill();
  rig.write(20, 5, milliseconds(100));
  rig.dynamodb.update_stream("demo", std::nullopt, rig.loop.now()).value();
  const Result<relay::RelayStats> ended = rig.run_once();
  ASSERT_TRUE(ended) << to_string(ended.error());
  EXPECT_EQ(rig.difference(), "");
  EXPECT_EQ(rig.wrong(), "");
}

TEST(StreamsRules, R19_WhoFollowsADisabledStreamEndsWithAWordOnceAllIsWritten) {
  StreamsRig rig(2);
  rig.start();
  rig.write(20, 5, milliseconds(100));
  rig.dynamodb.update_stream("demo", std::nullopt, rig.loop.now()).value();
  ASSERT_TRUE(rig.live_until([&] { return rig.result().has_value(); }, minutes(5)));
  ASSERT_FALSE(*rig.result());
  EXPECT_EQ(rig.result()->error().kind, ErrorKind::gap);
  EXPECT_THAT(rig.result()->error().message, HasSubstr("was switched off and is read to its end"));
  EXPECT_EQ(rig.difference(), "");
}

TEST(StreamsRules, R19_R20_ANewStreamOfTheTableIsAnotherOne) {
  StreamsRig rig;
  rig.write(5, 5, milliseconds(100));
  ASSERT_TRUE(rig.run_once());
  const std::string old = rig.arn();
  rig.dynamodb.update_stream("demo", std::nullopt, rig.loop.now()).value();
  rig.live(seconds(5));
  rig.dynamodb.update_stream("demo", aws::StreamView::new_and_old_images, rig.loop.now()).value();
  ASSERT_NE(rig.arn(), old);
  rig.write(5, 5, milliseconds(100));
  const auto before = rig.positions();
  const Result<relay::RelayStats> ended = rig.run_once();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::mismatch);
  EXPECT_THAT(ended.error().message, HasSubstr(old));
  EXPECT_THAT(ended.error().message, HasSubstr(rig.arn()));
  EXPECT_EQ(rig.positions(), before);
  rig.options.reset = true;
  ASSERT_TRUE(rig.run_once());
  for (const auto& [shard, row] : rig.positions()) EXPECT_THAT(row.incarnation.str(), HasSubstr(rig.arn()));
}

TEST(StreamsRules, R21_AStreamOfManyShardsIsReadToItsTip) {
  StreamsRig rig(1600);
  rig.glance = seconds(1);
  rig.streams.options().limits = true;
  for (int i = 0; i < 300; ++i) rig.put(fmt::format("item-{}", i), i);
  const Result<relay::RelayStats> ended = rig.run_once();
  ASSERT_TRUE(ended) << to_string(ended.error());
  EXPECT_EQ(ended->counts.shards, 1600u);
  EXPECT_EQ(rig.difference(), "");
}

TEST(StreamsRules, R21_ShardsWithoutRecordsEnd) {
  StreamsRig rig(120);
  for (int round = 0; round < 3; ++round) rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
  const Result<relay::RelayStats> ended = rig.run_once();
  ASSERT_TRUE(ended) << to_string(ended.error());
  EXPECT_EQ(ended->counts.shards, 480u);
  size_t finished = 0;
  for (const auto& [shard, row] : rig.positions()) finished += row.position.ended() ? 1 : 0;
  EXPECT_EQ(finished, 360u);
}

TEST(StreamsRules, R22_LatestIsAStoredMoment) {
  StreamsRig rig(2);
  for (int i = 0; i < 10; ++i) rig.put(fmt::format("old-{}", i), i);
  rig.live(minutes(3));
  rig.options.start.kind = relay::StartPoint::Kind::latest;
  rig.start();
  ASSERT_TRUE(rig.live_until([&] { return !rig.positions().empty(); }, minutes(1)));
  rig.kill();  // before it has read anything
  for (int i = 0; i < 10; ++i) rig.put(fmt::format("new-{}", i), i);
  rig.live(minutes(3));
  rig.start();
  rig.live(seconds(5));
  rig.streams.expire_iterators(rig.loop.now());
  rig.live(minutes(1));
  const auto& rows = rig.state.tables["public.demo"];
  EXPECT_EQ(rows.size(), 10u);
  for (const auto& [key, row] : rows) EXPECT_THAT(key, HasSubstr("new-"));
  for (const aws::IteratorStart& start : rig.api.starts) EXPECT_NE(start.kind, aws::IteratorStart::Kind::latest);
}

TEST(StreamsRules, R23_AnExpiredIteratorGoesOnBehindTheLastRecord) {
  StreamsRig rig(2);
  rig.start();
  const uint64_t changes_before = rig.dynamodb.changes();
  for (int round = 0; round < 20; ++round) {
    rig.write(10, 10, milliseconds(70));
    rig.streams.expire_iterators(rig.loop.now());
  }
  EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(5))) << rig.difference();
  rig.live(minutes(1));
  EXPECT_EQ(rig.stats().counts.read, rig.dynamodb.changes() - changes_before) << "each once";
}

TEST(StreamsRules, R24_TrimmedRecordsAreALoudGap) {
  for (const auto policy : {relay::OnGap::stop, relay::OnGap::skip}) {
    StreamsRig rig;
    rig.options.on_gap = policy;
    rig.streams.options().roll_every = hours(100);
    rig.dynamodb.update_stream("demo", std::nullopt, rig.loop.now()).value();
    rig.live(seconds(1));
    rig.dynamodb.update_stream("demo", aws::StreamView::new_and_old_images, rig.loop.now()).value();
    rig.start();
    rig.write(10, 5, milliseconds(100));
    rig.live(minutes(2));
    rig.kill();
    const std::string read_to = format_iso8601(rig.positions().begin()->second.read_to);
    rig.write(10, 5, minutes(1));
    rig.live(hours(25));
    rig.write(10, 5, milliseconds(100));
    rig.put("there", 1);
    const Result<relay::RelayStats> ended = rig.run_once();
    if (policy == relay::OnGap::stop) {
      ASSERT_FALSE(ended);
      EXPECT_EQ(ended.error().kind, ErrorKind::gap);
      EXPECT_THAT(ended.error().message, HasSubstr("was read up to " + read_to));
    } else {
      ASSERT_TRUE(ended) << to_string(ended.error());
      EXPECT_EQ(ended->counts.gaps, 1u);
      EXPECT_EQ(rig.state.dead_letters.begin()->second.kind, "gap");
      EXPECT_TRUE(rig.state.tables["public.demo"].contains(R"({"pk":{"S":"there"}})"));
    }
  }
}

TEST(StreamsRules, R24_AGapThatIsMetAgainIsTheSameOne) {
  StreamsRig rig;
  rig.options.on_gap = relay::OnGap::skip;
  rig.streams.options().roll_every = hours(100);
  rig.dynamodb.update_stream("demo", std::nullopt, rig.loop.now()).value();
  rig.live(seconds(1));
  rig.dynamodb.update_stream("demo", aws::StreamView::new_and_old_images, rig.loop.now()).value();
  rig.start();
  rig.write(10, 5, milliseconds(100));
  rig.live(minutes(2));
  rig.kill();
  rig.write(10, 5, minutes(1));
  rig.live(hours(25));
  for (int run = 0; run < 3; ++run) {  // killed before anything behind the gap is stored
    rig.start();
    ASSERT_TRUE(rig.live_until([&] { return rig.stats().counts.gaps == 1; }, minutes(1)));
    rig.live(seconds(2));
    ASSERT_EQ(rig.stats().counts.gaps, 1u);
    rig.kill();
    ASSERT_EQ(rig.state.dead_letters.size(), 1u) << "run " << run;
  }
}

TEST(StreamsRules, R24_NothingIsAGapThatWasRead) {
  StreamsRig rig;
  rig.streams.options().roll_every = hours(100);
  rig.dynamodb.update_stream("demo", std::nullopt, rig.loop.now()).value();
  rig.live(seconds(1));
  rig.dynamodb.update_stream("demo", aws::StreamView::new_and_old_images, rig.loop.now()).value();
  rig.start();
  rig.write(10, 5, milliseconds(100));
  rig.live(hours(20));  // nothing comes, and it is read
  rig.kill();
  rig.live(hours(10));  // by now the last record that was read is trimmed
  rig.write(10, 5, milliseconds(100));
  const Result<relay::RelayStats> ended = rig.run_once();
  ASSERT_TRUE(ended) << to_string(ended.error());
  EXPECT_EQ(rig.difference(), "");
}

TEST(StreamsRules, R25_AThousandEmptyPagesAreNoEnd) {
  StreamsRig rig;
  int empty = 1000;
  rig.write(5, 5, milliseconds(100));
  rig.api.before_page = nullptr;
  rig.streams_api.settings().faults.empty_page = 1;
  rig.start();
  ASSERT_TRUE(rig.live_until([&] { return rig.api.pages >= static_cast<uint64_t>(empty); }, hours(10)));
  EXPECT_FALSE(rig.result());
  EXPECT_FALSE(rig.positions().begin()->second.position.ended());
  rig.streams_api.settings().faults.empty_page = 0;
  EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(1))) << rig.difference();
}

TEST(StreamsRules, R26_ThrottlingBetweenReadersPasses) {
  StreamsRig rig;
  rig.streams.options().limits = true;
  // Two others read the shard all the time, three times a second each: there is room for nobody else.
  const aws::ShardId shard = rig.streams.stream(rig.arn())->shards().front().id;
  std::vector<std::string> others;
  for (int i = 0; i < 2; ++i)
    others.push_back(rig.streams.get_shard_iterator(rig.arn(), shard.str(), {}, rig.loop.now()).value());
  std::function<void()> read_elsewhere = [&] {
    for (std::string& iterator : others) {
      auto page = rig.streams.get_records(iterator, 10, rig.loop.now());
      if (page && page->next_iterator) iterator = *page->next_iterator;
    }
    if (!others.empty()) rig.loop.after(milliseconds(300), [&] { read_elsewhere(); });
  };
  read_elsewhere();
  rig.start();
  rig.write(20, 5, seconds(5));
  EXPECT_FALSE(rig.result());
  EXPECT_EQ(rig.stats().counts.read, 0u);
  EXPECT_LT(rig.api.pages, 60u) << "it backs off";
  others.clear();
  EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(2))) << rig.difference();
  EXPECT_LE(rig.api.most_at_once, 1u);
}

TEST(StreamsRules, R28_MemoryStaysWithinItsBudgetWhileTheTargetStandsStill) {
  StreamsRig rig(1000);
  rig.glance = milliseconds(20);
  rig.options.max_memory = 4u << 20;
  for (int i = 0; i < 6000; ++i) rig.put(fmt::format("item-{}", i), i, 4000);
  rig.start();
  rig.live(seconds(2));
  rig.knobs.down = true;
  size_t most = 0;
  rig.live_until(
      [&] {
        most = std::max(most, rig.stats().memory_used);
        return false;
      },
      minutes(2));
  EXPECT_LE(most, rig.options.max_memory);
  EXPECT_GT(most, rig.options.max_memory / 4);
  rig.knobs.down = false;
  rig.glance = seconds(1);
  EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, hours(1))) << rig.difference();
}

TEST(StreamsRules, AnIdleShardCostsOneCallEveryFiveSeconds) {
  StreamsRig rig(20);
  rig.start();
  rig.live(minutes(10));
  const uint64_t before = rig.api.pages;
  rig.live(hours(1));
  // Five shards roll in this hour, and a new one is asked more often for its first minute.
  EXPECT_LE(rig.api.pages - before, 20u * 3600 / 5 + 5 * 40);
  EXPECT_GE(rig.api.pages - before, 20u * 3600 / 6);
}

}  // namespace
}  // namespace ctk::simulation
