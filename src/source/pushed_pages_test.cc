#include "source/pushed_pages.h"

#include <gtest/gtest.h>

namespace ctk::source {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kCame = from_micros(1'700'000'000'000'000);

aws::ShardEvent event_with(int records, size_t bytes = 10) {
  aws::ShardEvent event;
  event.continuation = aws::SequenceNumber("99");
  for (int i = 1; i <= records; ++i)
    event.records.push_back({aws::SequenceNumber(std::to_string(i)), kCame - seconds(1), std::string(bytes, 'x')});
  return event;
}
ReadRequest request_for(int records, size_t bytes = 0) {
  ReadRequest request;
  request.max_records = records;
  request.max_bytes = bytes;
  return request;
}

TEST(PushedPages, GivesAnEventAsAPage) {
  PushedPages pages;
  pages.add(event_with(3), kCame);
  const Page page = pages.take(request_for(100)).value();
  EXPECT_EQ(page.records.size(), 3u);
  EXPECT_TRUE(page.at_tip);
  EXPECT_FALSE(page.ended);
  EXPECT_TRUE(pages.empty());
  EXPECT_EQ(pages.bytes(), 0u);
}

TEST(PushedPages, WhatIsLeftDoesNotKeepTheMemoryOfWhatWasGiven) {
  aws::ShardEvent event = event_with(3);
  const auto memory = std::make_shared<std::string>(30, 'y');
  for (aws::KinesisRecord& record : event.records)
    record.data = json::SharedText(memory, 30, std::string_view(*memory).substr(0, 10));
  PushedPages pages;
  pages.add(std::move(event), kCame);
  EXPECT_EQ(pages.take(request_for(1)).value().records.at(0).data.memory(), memory);
  EXPECT_EQ(memory.use_count(), 1);
  EXPECT_EQ(pages.take(request_for(2)).value().records.at(1).data, std::string(10, 'y'));
}

TEST(PushedPages, AnEventWithoutRecordsSaysUpToWhenThereAreNone) {
  PushedPages pages;
  pages.add(event_with(0), kCame);
  const Page page = pages.take(request_for(100)).value();
  EXPECT_LT(page.read_to, kCame) << "it was sent before it came";
  EXPECT_GE(page.read_to, kCame - seconds(10));
}

/// Its shard may have been closed just behind them: what came since is then in its children.
TEST(PushedPages, AnEventWithRecordsSaysNothingOfLater) {
  PushedPages pages;
  pages.add(event_with(3), kCame + minutes(1));
  const Page page = pages.take(request_for(100)).value();
  EXPECT_FALSE(page.ended);
  EXPECT_EQ(page.read_to, page.records.back().arrival);
}

TEST(PushedPages, IsAtItsTipOnlyWithTheLastOfWhatCame) {
  PushedPages pages;
  pages.add(event_with(1), kCame);
  pages.add(event_with(2), kCame);
  const Page first = pages.take(request_for(100)).value();
  EXPECT_FALSE(first.at_tip);
  EXPECT_TRUE(first.at_once) << "the next one is here already";
  EXPECT_TRUE(pages.take(request_for(100)).value().at_tip);
}

TEST(PushedPages, GivesNoMoreThanThereIsRoomFor) {
  PushedPages pages;
  pages.add(event_with(5, 1000), kCame);
  const size_t whole = pages.bytes();
  const Page two = pages.take(request_for(2)).value();
  EXPECT_EQ(two.records.size(), 2u);
  EXPECT_FALSE(two.cut_off) << "it was asked for two";
  EXPECT_FALSE(two.at_tip);
  EXPECT_EQ(two.read_to, two.records.back().arrival);
  const Page one = pages.take(request_for(100, 2000)).value();
  EXPECT_EQ(one.records.size(), 1u);
  EXPECT_TRUE(one.cut_off);
  EXPECT_EQ(pages.bytes(), whole / 5 * 2);
  const Page rest = pages.take(request_for(100)).value();
  EXPECT_EQ(rest.records.front().sequence.str(), "4");
  EXPECT_TRUE(rest.at_tip);
}

TEST(PushedPages, SaysWhereNotEvenOneRecordHasRoom) {
  PushedPages pages;
  pages.add(event_with(1, 5000), kCame);
  const auto page = pages.take(request_for(1, 4000));
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::too_large);
  EXPECT_TRUE(pages.take(request_for(1, 6000))) << "and has lost nothing";
}

// Statement 27: an event without a continuation, but with children, ends its shard.
TEST(PushedPages, Statement27TheEndOfAShardNamesItsChildren) {
  PushedPages pages;
  aws::ShardEvent last = event_with(2);
  last.continuation.reset();
  last.children.push_back({ShardId("child"), {ShardId("parent")}, {}});
  pages.add(std::move(last), kCame);
  const Page some = pages.take(request_for(1)).value();
  EXPECT_FALSE(some.ended) << "there is one more record";
  const Page page = pages.take(request_for(1)).value();
  EXPECT_TRUE(page.ended);
  ASSERT_EQ(page.children.size(), 1u);
  EXPECT_EQ(page.children.front().id, ShardId("child"));
  EXPECT_EQ(page.children.front().parents, std::vector{ShardId("parent")});
  EXPECT_EQ(page.read_to, page.records.back().arrival) << "what came since is in its children";
}

TEST(PushedPages, AnEventThatIsBehindSaysHowFar) {
  PushedPages pages;
  aws::ShardEvent event = event_with(0);
  event.behind_latest = seconds(60);
  pages.add(std::move(event), kCame);
  const Page page = pages.take(request_for(1)).value();
  EXPECT_FALSE(page.at_tip);
  EXPECT_EQ(page.behind, seconds(60));
  EXPECT_LE(page.read_to, kCame - seconds(60));
}

}  // namespace
}  // namespace ctk::source
