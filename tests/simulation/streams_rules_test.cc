// The rules of reading DynamoDB Streams, one by one, on the simulated service. docs/correctness.md lists them with the
// tests that hold them.
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
using testing::IsEmpty;

Error error_of(ErrorKind kind) { return Error{kind, "as wanted by the test", "", ""}; }

/// Rolls and splits while it writes.
void write_through_rolls(StreamsRig& rig, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    rig.write(20, 15, milliseconds(50));
    if (round % 3 == 2) {
      rig.streams.split(rig.arn(), false, rig.loop.now()).value();
    } else {
      rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
    }
  }
  rig.write(20, 15, milliseconds(50));
}

TEST(StreamsRules, R11_TheRowsOfChildrenAreThereBeforeTheirParentsEndWheneverItIsKilled) {
  for (const bool transactional : {true, false}) {
    // The end of a shard takes well under a second: it is cut off at every fifth of its milliseconds.
    for (int millis = 0; millis < 1200; millis += 5) {
      StreamsRig rig;
      rig.knobs.transactional = transactional;
      rig.start();
      rig.write(10, 5, milliseconds(100));
      rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
      rig.write(3, 5, milliseconds(10));
      rig.live(milliseconds(millis));
      rig.kill();
      rig.live(seconds(1));
      ASSERT_TRUE(rig.run_once()) << millis;
      ASSERT_EQ(rig.difference(), "") << millis;
      ASSERT_EQ(rig.wrong(), "") << millis;
    }
  }
}

TEST(StreamsRules, R11_TheyAreMadeWithTheEndWhereTheyCouldNotBeMadeBefore) {
  for (const bool transactional : {true, false}) {
    StreamsRig rig(2);
    rig.knobs.transactional = transactional;
    rig.start();
    rig.write(10, 5, milliseconds(100));
    rig.live(seconds(1));
    rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
    rig.knobs.down = true;  // the children are found, and nobody takes their rows
    rig.live(seconds(20));
    rig.knobs.down = false;
    EXPECT_TRUE(rig.live_until([&] { return rig.positions().size() == 4; }, minutes(2)));
    rig.write(10, 5, milliseconds(100));
    EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(2))) << rig.difference();
    EXPECT_EQ(rig.wrong(), "");
  }
}

TEST(StreamsRules, R12_NoChildIsWrittenBeforeTheEndOfItsParents) {
  for (const bool transactional : {true, false}) {
    for (const auto write_time : {milliseconds(5), milliseconds(900)}) {
      StreamsRig rig(3);
      rig.knobs.transactional = transactional;
      rig.knobs.write_time = write_time;  // a parent's last write is under way while its child is read
      rig.knobs.connections = 4;
      rig.start();
      write_through_rolls(rig, 9);
      EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(5))) << rig.difference();
      EXPECT_EQ(rig.wrong(), "");
    }
  }
}

TEST(StreamsRules, R12_NorWhereGenerationsPassedBeforeItStarted) {
  StreamsRig rig(2);
  write_through_rolls(rig, 9);
  ASSERT_TRUE(rig.run_once());
  EXPECT_EQ(rig.difference(), "");
  EXPECT_EQ(rig.wrong(), "");
}

TEST(StreamsRules, R13_ParentsThatAreTrimmedHoldNobodyUp) {
  StreamsRig rig(2);
  rig.write(20, 5, minutes(2));
  rig.live(hours(30));  // the first shards are gone, their children's children are there
  rig.write(20, 5, seconds(1));
  ASSERT_TRUE(rig.run_once());
  // What was trimmed was never read: only what the stream still has can be there.
  rig.write(40, 5, seconds(1));
  rig.put("item-0", 1000);
  ASSERT_TRUE(rig.run_once());
  EXPECT_EQ(rig.wrong(), "");
  EXPECT_GT(rig.state.tables["public.demo"].size(), 0u);
}

TEST(StreamsRules, R13_ParentsThatAListingLacksDo) {
  StreamsRig rig;
  rig.write(10, 5, milliseconds(100));
  rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
  rig.write(10, 5, milliseconds(100));
  int lacking = 3;
  rig.api.on_description = [&](const aws::DescribeStreamRequest& request, Result<aws::StreamsDescription>& answer) {
    const bool whole = answer && !request.children_of && answer->shards.size() > 1;
    if (whole && lacking-- > 0) answer->shards.erase(answer->shards.begin());
  };
  ASSERT_TRUE(rig.run_once());
  EXPECT_LT(lacking, 1);
  EXPECT_EQ(rig.difference(), "");
  EXPECT_EQ(rig.wrong(), "");
}

TEST(StreamsRules, R14_AnEndWithoutChildrenWaitsForThemWhileTheStreamGoesOn) {
  StreamsRig rig;
  rig.start();
  rig.write(5, 5, milliseconds(100));
  const aws::ShardId parent = rig.streams.stream(rig.arn())->shards().front().id;
  bool hidden = true;
  rig.api.on_description = [&](const aws::DescribeStreamRequest&, Result<aws::StreamsDescription>& answer) {
    if (!answer || !hidden) return;
    std::erase_if(answer->shards, [&](const aws::StreamsShard& shard) { return shard.parent.has_value(); });
  };
  rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
  rig.write(5, 5, milliseconds(100));
  rig.live(minutes(10));
  EXPECT_FALSE(rig.positions().at(parent).position.ended()) << "nobody knows what follows";
  EXPECT_FALSE(rig.result());
  size_t whole = 0, filtered = 0;
  for (const aws::DescribeStreamRequest& request : rig.api.descriptions) ++(request.children_of ? filtered : whole);
  EXPECT_GT(filtered, 5u);
  EXPECT_GT(whole, 5u);
  hidden = false;
  EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(2))) << rig.difference();
  EXPECT_TRUE(rig.positions().at(parent).position.ended());
  EXPECT_EQ(rig.wrong(), "");
}

TEST(StreamsRules, R14_ChildrenAreReadWithinASecondOfTheirParentsEnd) {
  for (const auto filter : {sim::ChildFilter::known, sim::ChildFilter::refused, sim::ChildFilter::ignored}) {
    StreamsRig rig(4);
    rig.options.idle_poll = milliseconds(200);
    rig.streams.options().child_filter = filter;
    rig.streams.options().describe_page = 3;
    rig.start();
    rig.write(5, 5, milliseconds(100));
    rig.live(seconds(5));
    rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
    for (int i = 0; i < 20; ++i) rig.put(fmt::format("new-{}", i), i);
    EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, milliseconds(1500))) << rig.difference();
  }
}

TEST(StreamsRules, R14_AlsoWhereManyShardsEndAtOnce) {
  StreamsRig rig(100);
  rig.glance = milliseconds(10);
  rig.options.idle_poll = milliseconds(200);
  rig.streams.options().limits = true;  // of DescribeStream, 10 calls a second
  rig.start();
  rig.live(seconds(20));
  rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
  for (int i = 0; i < 300; ++i) rig.put(fmt::format("new-{}", i), i);
  rig.api.descriptions.clear();
  EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, milliseconds(2500))) << rig.difference();
  EXPECT_LT(rig.api.descriptions.size(), 20u);
}

TEST(StreamsRules, R15_ListingsThatRaceWithRollsSkipNoShard) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    StreamsRig rig(4, seed);
    rig.streams.options().describe_page = 3;
    rig.streams.options().end_with_records = seed % 2 == 0;
    rig.streams_api.settings().faults.racing_listing = 0.5;
    rig.start();
    write_through_rolls(rig, 6);
    if (seed % 3 == 0) {
      rig.kill();
      write_through_rolls(rig, 2);
      rig.start();
    }
    ASSERT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(30))) << seed << ": " << rig.difference();
    ASSERT_EQ(rig.wrong(), "") << seed;
    ASSERT_EQ(rig.stats().gaps, 0u) << seed;
    ASSERT_FALSE(rig.result()) << seed << ": " << to_string(rig.result()->error());
  }
}

TEST(StreamsRules, R16_ShardsThatAppearAfterTheStartAreReadFromTheirBeginning) {
  StreamsRig rig;
  rig.put("before", 1);
  rig.live(minutes(2));
  rig.options.start.kind = relay::StartPoint::Kind::latest;
  rig.start();
  rig.live(seconds(10));
  // Written into the child before anybody has heard of it.
  rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
  for (int i = 0; i < 10; ++i) rig.put(fmt::format("item-{}", i), i);
  rig.live(minutes(1));
  EXPECT_EQ(rig.state.tables["public.demo"].size(), 10u) << "all of the child's, and nothing from before the start";
}

TEST(StreamsRules, R17_NoListingHoweverBrokenCostsAPosition) {
  StreamsRig rig(3);
  rig.start();
  rig.write(30, 10, milliseconds(100));
  rig.live(minutes(2));
  int turn = 0;
  bool broken = true;
  rig.api.on_description = [&](const aws::DescribeStreamRequest&, Result<aws::StreamsDescription>& answer) {
    if (!broken) return;
    switch (turn++ % 4) {
      case 0: answer = std::unexpected(error_of(ErrorKind::not_found)); break;
      case 1: answer = std::unexpected(error_of(ErrorKind::throttled)); break;
      case 2:
        if (answer) answer->shards.clear();
        break;
      default:
        if (answer && !answer->shards.empty()) answer->shards.pop_back();
        break;
    }
  };
  rig.write(100, 10, seconds(10));
  broken = false;
  EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(5))) << rig.difference();
  EXPECT_FALSE(rig.result()) << to_string(rig.result()->error());
  EXPECT_EQ(rig.stats().gaps, 0u);
  EXPECT_EQ(rig.wrong(), "");
}

TEST(StreamsRules, R18_AShardThatReadsAsMissingIsNotAtItsEnd) {
  StreamsRig rig;
  rig.start();
  rig.write(10, 5, milliseconds(100));
  rig.api.before_page = [](const std::string&) { return std::optional(error_of(ErrorKind::not_found)); };
  rig.write(10, 5, seconds(5));
  rig.live(minutes(5));
  EXPECT_FALSE(rig.result());
  EXPECT_FALSE(rig.positions().begin()->second.position.ended());
  EXPECT_THAT(rig.stats().trouble, HasSubstr("as wanted"));
  rig.api.before_page = nullptr;
  EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(5))) << rig.difference();
}

TEST(StreamsRules, R18_AShardThatIsGoneUnfinishedIsAGap) {
  for (const auto policy : {relay::OnGap::stop, relay::OnGap::skip}) {
    StreamsRig rig;
    rig.options.on_gap = policy;
    rig.start();
    rig.write(10, 5, milliseconds(100));
    rig.live(minutes(2));
    rig.kill();
    rig.put("lost", 1);
    rig.live(hours(30));
    rig.write(10, 5, milliseconds(100));
    const Result<relay::RelayStats> ended = rig.run_once();
    if (policy == relay::OnGap::stop) {
      ASSERT_FALSE(ended);
      EXPECT_EQ(ended.error().kind, ErrorKind::gap);
      EXPECT_THAT(ended.error().message, HasSubstr("is gone from the stream before it was read to its end"));
    } else {
      ASSERT_TRUE(ended) << to_string(ended.error());
      EXPECT_EQ(ended->gaps, 1u);
      EXPECT_EQ(rig.state.dead_letters.size(), 1u);
    }
  }
}

TEST(StreamsRules, R19_ADisabledStreamIsReadToItsEnd) {
  StreamsRig rig(2);
  rig.start();
  write_through_rolls(rig, 3);
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
  EXPECT_EQ(ended->shards, 1600u);
  EXPECT_EQ(rig.difference(), "");
}

TEST(StreamsRules, R21_ShardsWithoutRecordsEnd) {
  StreamsRig rig(120);
  for (int round = 0; round < 3; ++round) rig.streams.roll(rig.arn(), true, rig.loop.now()).value();
  const Result<relay::RelayStats> ended = rig.run_once();
  ASSERT_TRUE(ended) << to_string(ended.error());
  EXPECT_EQ(ended->shards, 480u);
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
  EXPECT_EQ(rig.stats().read, rig.dynamodb.changes() - changes_before) << "each once";
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
      EXPECT_EQ(ended->gaps, 1u);
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
    ASSERT_TRUE(rig.live_until([&] { return rig.stats().gaps == 1; }, minutes(1)));
    rig.live(seconds(2));
    ASSERT_EQ(rig.stats().gaps, 1u);
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
  EXPECT_EQ(rig.stats().read, 0u);
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
