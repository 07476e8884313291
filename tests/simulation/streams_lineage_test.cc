// The rules of reading DynamoDB Streams, one by one, on the simulated service: R11 to R18, about which shard comes after
// which. docs/correctness.md lists the rules with the tests that hold them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

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
      rig.write_through_rolls(9);
      EXPECT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(5))) << rig.difference();
      EXPECT_EQ(rig.wrong(), "");
    }
  }
}

TEST(StreamsRules, R12_NorWhereGenerationsPassedBeforeItStarted) {
  StreamsRig rig(2);
  rig.write_through_rolls(9);
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

/// The rows of shards that the stream has forgotten go, and nothing of that is seen after a restart.
TEST(StreamsRules, R13_NorAreTheirRowsKept) {
  StreamsRig rig;
  rig.start();
  rig.write_through_rolls(4);
  rig.live(minutes(2));
  std::vector<aws::ShardId> ended;
  for (const auto& [shard, row] : rig.positions()) {
    if (row.position.ended()) ended.push_back(shard);
  }
  EXPECT_GE(ended.size(), 4u);
  const auto left = [&] {
    return std::ranges::count_if(ended, [&](const aws::ShardId& id) { return rig.positions().contains(id); });
  };
  const auto come_back_after = [&](Duration away) {
    rig.kill();
    rig.live(away);
    rig.start();
    rig.live(minutes(3));
  };
  come_back_after(hours(20));
  EXPECT_EQ(left(), std::ssize(ended)) << "the stream has them yet: a restart would read them again";
  come_back_after(hours(6));
  EXPECT_EQ(left(), 0);
  EXPECT_GE(rig.state.pruned, ended.size());
  come_back_after(seconds(1));
  rig.put("last", 1);
  ASSERT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(5))) << rig.difference();
  EXPECT_EQ(rig.stats().counts.read, 1u) << "nothing is read again";
  EXPECT_EQ(rig.stats().counts.gaps, 0u);
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
    rig.options.poll.idle_poll = milliseconds(200);
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
  rig.options.poll.idle_poll = milliseconds(200);
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
    rig.write_through_rolls(6);
    if (seed % 3 == 0) {
      rig.kill();
      rig.write_through_rolls(2);
      rig.start();
    }
    ASSERT_TRUE(rig.live_until([&] { return rig.equal(); }, minutes(30))) << seed << ": " << rig.difference();
    ASSERT_EQ(rig.wrong(), "") << seed;
    ASSERT_EQ(rig.stats().counts.gaps, 0u) << seed;
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
  EXPECT_EQ(rig.stats().counts.gaps, 0u);
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
  EXPECT_THAT(rig.stats().outage_error, HasSubstr("as wanted"));
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
      EXPECT_EQ(ended->counts.gaps, 1u);
      EXPECT_EQ(rig.state.dead_letters.size(), 1u);
    }
  }
}

}  // namespace
}  // namespace ctk::simulation
