#include "relay/shard_reading.h"

#include <gtest/gtest.h>

#include "shards/segment.h"

namespace ctk::relay {
namespace {

using Phase = ShardReading::Phase;
using std::chrono::seconds;

const Timestamp kNoon = from_micros(1'795'000'000'000'000);

ShardReading reading_of(const std::string& id = "shard-1") {
  return {ShardId(id), Position::trim_horizon(), {}, shards::make_cadence(seconds(1), {}), seconds(0)};
}

source::Page page_of(std::initializer_list<const char*> sequences) {
  source::Page page;
  for (const char* sequence : sequences) {
    dynamodb::RawRecord& record = page.records.emplace_back();
    record.sequence = aws::SequenceNumber(sequence);
  }
  return page;
}

TEST(ShardReading, AsksBehindWhatItHasRead) {
  ShardReading one = reading_of();
  ASSERT_TRUE(one.may_ask());
  EXPECT_EQ(one.ask(1000, seconds(1)).position, Position::trim_horizon());
  EXPECT_FALSE(one.may_ask());
  EXPECT_TRUE(one.answered());
  one.took(page_of({"5", "7"}), 100, seconds(3));
  const source::ReadRequest next = one.ask(1000, seconds(3));
  EXPECT_EQ(next.position, Position::after(aws::SequenceNumber("7")));
  EXPECT_EQ(next.max_bytes, 1000u);
  EXPECT_EQ(one.behind(seconds(5)), seconds(2));
}

TEST(ShardReading, WhatWasKnownBeforeItsFirstPageIsNotFound) {
  ShardReading one = reading_of();
  one.known_to(kNoon, kNoTime);
  source::Page page = page_of({"5"});
  page.read_to = kNoon - seconds(5);
  one.took(page, 100, seconds(1));
  EXPECT_EQ(one.read_to(), kNoon);
  EXPECT_EQ(one.found(one.read_to()), kNoTime) << "its records are older than that";
  page.read_to = kNoon + seconds(5);
  one.took(page, 100, seconds(2));
  EXPECT_EQ(one.found(one.read_to()), kNoon + seconds(5));
}

TEST(ShardReading, WhatIsReadAgainWasNotReadYet) {
  ShardReading one = reading_of();
  one.known_to(kNoon, kNoTime);
  source::Page page = page_of({"5"});
  page.read_to = kNoon + seconds(9);
  one.took(page, 100, seconds(1));
  one.drop();
  one.rewind(Position::after(aws::SequenceNumber("3")), kNoon + seconds(2));
  EXPECT_EQ(one.read_to(), kNoon + seconds(2));
  one.rewind(Position::trim_horizon(), kNoTime);
  EXPECT_EQ(one.read_to(), kNoon + seconds(2)) << "nothing older is missed for that";
}

TEST(ShardReading, APlaceThatThePageNamesIsWhereItGoesOn) {
  ShardReading one = reading_of();
  source::Page page = page_of({"5"});
  page.resume = Position::after_key("{}");
  one.took(page, 100, seconds(1));
  EXPECT_EQ(one.position(), Position::after_key("{}"));
}

TEST(ShardReading, RestsBeforeItAsksAgain) {
  ShardReading one = reading_of();
  EXPECT_TRUE(one.rest());
  EXPECT_FALSE(one.rest());
  EXPECT_FALSE(one.may_ask());
  one.rested();
  EXPECT_TRUE(one.may_ask());
}

TEST(ShardReading, AnAnswerToWhatWasDroppedIsOfNoUse) {
  ShardReading one = reading_of();
  one.ask(1000, seconds(1));
  one.drop();
  one.rewind(Position::after(aws::SequenceNumber("3")), kNoTime);
  EXPECT_TRUE(one.under_way());
  EXPECT_FALSE(one.may_ask()) << "two reads of one shard at once";
  EXPECT_FALSE(one.answered());
  EXPECT_TRUE(one.may_ask());
  one.ask(1000, seconds(2));
  EXPECT_TRUE(one.answered());
}

TEST(ShardReading, IsAskedNoMoreBehindItsEnd) {
  ShardReading one = reading_of();
  for (void (ShardReading::*step)() : {&ShardReading::reach_end, &ShardReading::know_end, &ShardReading::finish}) {
    (one.*step)();
    EXPECT_FALSE(one.may_ask());
    EXPECT_TRUE(one.done());
  }
  EXPECT_TRUE(one.finished());
}

TEST(ShardReading, ATipIsLeftWhereTheShardWasClosed) {
  ShardReading one = reading_of();
  one.reach_tip();
  EXPECT_TRUE(one.done());
  EXPECT_FALSE(one.may_ask());
  one.leave_tip();
  EXPECT_TRUE(one.may_ask());
}

TEST(ShardReading, RewoundItIsReadAgainUnlessItsEndIsStored) {
  ShardReading one = reading_of();
  one.know_end();
  one.rewind(Position::after(aws::SequenceNumber("9")), kNoTime);
  EXPECT_EQ(one.phase(), Phase::reading);
  EXPECT_EQ(one.position(), Position::after(aws::SequenceNumber("9")));
  one.rewind(Position::shard_end(), kNoTime);
  EXPECT_EQ(one.phase(), Phase::end_read);
}

TEST(ShardReading, IsWholeSinceItWasDueOrRead) {
  ShardReading one = reading_of();
  EXPECT_EQ(one.whole_to(), kNoTime);
  one.known_to(kNoTime, kNoon);
  EXPECT_EQ(one.whole_to(), kNoon);
  source::Page page;
  page.read_to = kNoon + seconds(9);
  one.took(page, 0, seconds(1));
  page.read_to = kNoon + seconds(3);
  one.took(page, 0, seconds(2));
  EXPECT_EQ(one.whole_to(), kNoon + seconds(9)) << "it only grows";
  one.forget_read_to();
  EXPECT_EQ(one.whole_to(), kNoTime);
}

}  // namespace
}  // namespace ctk::relay
