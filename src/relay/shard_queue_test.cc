#include "relay/shard_queue.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using std::chrono::seconds;

const Timestamp kNoon = from_micros(1'795'000'000'000'000);

Position after(const char* sequence) { return Position::after(aws::SequenceNumber(sequence)); }

source::Page page_of(std::initializer_list<const char*> sequences) {
  source::Page page;
  for (const char* sequence : sequences) {
    dynamodb::RawRecord& record = page.records.emplace_back();
    record.sequence = aws::SequenceNumber(sequence);
    record.data = "{}";
    record.arrival = kNoon + seconds(std::stoi(sequence));
  }
  return page;
}

TEST(ShardQueue, WithinAnAggregateItIsResumedThere) {
  ShardQueue queue(ShardId("s"), Position::trim_horizon(), false);
  source::Page page = page_of({"5", "5", "5"});
  for (uint32_t i = 0; i < 3; ++i) page.records[i].in_aggregate = {i, i == 2, false};
  queue.add(page, seconds(7));
  EXPECT_EQ(queue.take(1).to, Position::after(aws::SequenceNumber("5"), 0));
  const Slice second = queue.take(1);
  EXPECT_EQ(second.from, Position::after(aws::SequenceNumber("5"), 0));
  EXPECT_EQ(second.to, Position::after(aws::SequenceNumber("5"), 1));
  EXPECT_EQ(queue.take(1).to, after("5")) << "behind its last one is behind all of it";
}

TEST(ShardQueue, GivesItsOldestRecordsAndWhereToResumeBehindThem) {
  ShardQueue queue(ShardId("s"), Position::trim_horizon(), false);
  source::Page page = page_of({"3", "5", "8"});
  const size_t cost = ShardQueue::cost(page);
  queue.add(page, seconds(7));
  EXPECT_EQ(queue.bytes(), cost);
  EXPECT_EQ(queue.oldest(), seconds(7));
  EXPECT_EQ(queue.oldest_arrival(), kNoon + seconds(3));

  const Slice slice = queue.take(2);
  EXPECT_EQ(slice.records.size(), 2u);
  EXPECT_EQ(slice.from, Position::trim_horizon());
  EXPECT_EQ(slice.to, after("5"));
  EXPECT_EQ(slice.arrivals.first, kNoon + seconds(3));
  EXPECT_EQ(slice.arrivals.last, kNoon + seconds(5));
  EXPECT_FALSE(slice.has_end);
  EXPECT_EQ(queue.take(1).from, after("5"));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(ShardQueue, TakesRecordsOfSeveralPages) {
  ShardQueue queue(ShardId("s"), Position::trim_horizon(), false);
  const auto sequences = [](const Slice& slice) {
    std::vector<std::string> found;
    for (const dynamodb::RawRecord& record : slice.records) found.push_back(record.sequence.str());
    return found;
  };
  source::Page first = page_of({"1", "2", "3"}), second = page_of({"4"}), third = page_of({"5", "6"}), empty;
  const size_t cost = ShardQueue::cost(first);
  queue.add(first, seconds(1));
  queue.add(empty, seconds(2));
  queue.add(second, seconds(3));
  queue.add(third, seconds(4));
  EXPECT_EQ(sequences(queue.take(1)), (std::vector<std::string>{"1"}));
  EXPECT_EQ(queue.size(), 5u);
  EXPECT_EQ(queue.oldest(), seconds(1));
  EXPECT_EQ(queue.oldest_arrival(), kNoon + seconds(2));
  const Slice middle = queue.take(4);
  EXPECT_EQ(sequences(middle), (std::vector<std::string>{"2", "3", "4", "5"}));
  EXPECT_EQ(middle.to, after("5"));
  EXPECT_EQ(middle.queued_bytes, cost / 3 * 4);
  EXPECT_EQ(queue.oldest(), seconds(4));
  EXPECT_EQ(sequences(queue.take(1)), (std::vector<std::string>{"6"}));
  EXPECT_TRUE(queue.empty());
}

/// A page whose records stand in one piece of memory, of 1,000 bytes.
source::Page page_in_one(std::initializer_list<const char*> sequences) {
  source::Page page = page_of(sequences);
  const auto memory = std::make_shared<std::string>(1000, ' ');
  for (dynamodb::RawRecord& record : page.records)
    record.data = json::SharedText(memory, 1000, std::string_view(*memory).substr(0, 100));
  return page;
}

TEST(ShardQueue, AllOfAPageIsHeldByWhoHasAPartOfIt) {
  ShardQueue queue(ShardId("s"), Position::trim_horizon(), false);
  source::Page first = page_in_one({"1", "2", "3"}), second = page_in_one({"4", "5"});
  queue.add(first, seconds(1));
  queue.add(second, seconds(2));
  const Slice begin = queue.take(1);
  ASSERT_EQ(begin.pages.size(), 1u);
  EXPECT_EQ(begin.pages[0]->bytes, 1000u);
  const Slice middle = queue.take(3);
  ASSERT_EQ(middle.pages.size(), 2u);
  EXPECT_EQ(middle.pages[0], begin.pages[0]);
  const Slice end = queue.take(1);
  ASSERT_EQ(end.pages.size(), 1u);
  EXPECT_EQ(end.pages[0], middle.pages[1]);
  EXPECT_EQ(end.pages[0].use_count(), 2) << "the queue has nothing of it";
}

TEST(ShardQueue, APageThatGoesWholeIsCountedByItsRecords) {
  ShardQueue queue(ShardId("s"), Position::trim_horizon(), false);
  source::Page page = page_in_one({"1", "2"});
  queue.add(page, seconds(1));
  EXPECT_TRUE(queue.take(2).pages.empty());
  page = page_of({"3", "4"});
  queue.add(page, seconds(1));
  EXPECT_TRUE(queue.take(1).pages.empty()) << "records with memory of their own";
}

TEST(ShardQueue, TheEndGoesWithTheLastRecordsOrAlone) {
  ShardQueue queue(ShardId("s"), Position::trim_horizon(), false);
  source::Page page = page_of({"3", "5"});
  queue.add(page, seconds(1));
  queue.add_end();
  EXPECT_FALSE(queue.take(1).has_end);
  const Slice last = queue.take(1);
  EXPECT_TRUE(last.has_end);
  EXPECT_EQ(last.to, Position::shard_end());
  EXPECT_FALSE(queue.has_something()) << "an end is written once";

  ShardQueue empty(ShardId("s"), after("5"), false);
  empty.add_end();
  ASSERT_TRUE(empty.has_something());
  EXPECT_TRUE(empty.take(0).has_end);
}

TEST(ShardQueue, InsideAPageOfAScanThereIsNoPlaceToResume) {
  ShardQueue queue(ShardId("s"), Position::trim_horizon(), true);
  source::Page page = page_of({"1", "2"});
  page.resume = Position::after_key("{\"k\":1}");
  queue.add(page, seconds(1));
  EXPECT_EQ(queue.take(1).to, Position::trim_horizon());
  EXPECT_EQ(queue.take(1).to, Position::after_key("{\"k\":1}"));
}

TEST(ShardQueue, ItsEndIsToBeFoundAgainAfterARestart) {
  ShardQueue queue(ShardId("s"), Position::trim_horizon(), false);
  source::Page page = page_of({"3"});
  queue.add(page, seconds(1));
  queue.add_end();
  queue.clear();
  queue.restart(after("2"));
  EXPECT_FALSE(queue.has_something());
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_EQ(queue.take(0).from, after("2"));
}

}  // namespace
}  // namespace ctk::relay
