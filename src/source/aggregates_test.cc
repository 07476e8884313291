#include "source/aggregates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shards/aggregate.h"
#include "shards/aggregate_testing.h"

namespace ctk::source {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Timestamp kNoon = from_micros(1'795'000'000'000'000);

/// Record 1, an aggregate of three at 2, record 3.
Page page() {
  Page page;
  const std::vector<std::string> data = {"one", shards::aggregate_of({"a", "b", "c"}), "three"};
  for (size_t i = 0; i < data.size(); ++i) {
    page.records.push_back({data[i], aws::SequenceNumber(std::to_string(i + 1)), 0, kNoon + std::chrono::seconds(i)});
  }
  return page;
}

/// "data@position behind it", "!" where it is a stray.
std::vector<std::string> shown(const Page& page) {
  std::vector<std::string> shown;
  for (const dynamodb::RawRecord& record : page.records) {
    const bool stray = record.in_aggregate && record.in_aggregate->is_stray;
    shown.push_back(std::string(record.data) + "@" + to_string(position_behind(record)) + (stray ? "!" : ""));
  }
  return shown;
}

Page apart(const Position& from, const std::optional<aws::HashKeyRange>& keys = {}) {
  Page whole = page();
  take_aggregates_apart(whole, from, keys);
  return whole;
}

Position within(uint32_t index) { return Position::after(aws::SequenceNumber("2"), index); }

TEST(Aggregates, EachRecordHasItsPlace) {
  const Page taken = apart(Position::trim_horizon());
  EXPECT_THAT(shown(taken), ElementsAre("one@1", "a@2:0", "b@2:1", "c@2", "three@3"));
  EXPECT_EQ(taken.given, 3u);
  EXPECT_EQ(taken.records[2].arrival, kNoon + std::chrono::seconds(1));
}

/// Statement 29: an aggregate of N, checkpoint at (seq, k): a restart delivers k+1 to N-1 exactly.
TEST(Aggregates, GoesOnWithinOne) {
  EXPECT_THAT(shown(apart(within(0))), ElementsAre("one@1", "b@2:1", "c@2", "three@3"));
  EXPECT_THAT(shown(apart(within(1))), ElementsAre("one@1", "c@2", "three@3"));
  EXPECT_THAT(shown(apart(within(2))), ElementsAre("one@1", "three@3"));
  EXPECT_THAT(shown(apart(Position::after(aws::SequenceNumber("3"), 0))), ElementsAre("one@1", "a@2:0", "b@2:1", "c@2"))
      << "what stands there is no aggregate: it was read";
}

/// Statement 30: one that is out of range never suppresses its siblings.
TEST(Aggregates, SaysWhichBelongToAnotherShard) {
  const aws::HashKey b = aws::hash_of("key 1");
  EXPECT_THAT(shown(apart({}, aws::HashKeyRange{b, b})), ElementsAre("one@1", "a@2:0!", "b@2:1", "c@2!", "three@3"));
  EXPECT_THAT(shown(apart({}, aws::HashKeyRange{})), ElementsAre("one@1", "a@2:0", "b@2:1", "c@2", "three@3"));
}

TEST(Aggregates, ARecordWithoutItsKeyIsRefusedAlone) {
  Page one;
  one.records.push_back(
      {shards::sealed(shards::text_field(1, "k") + shards::packed_record(9, "bad") + shards::packed_record(0, "good")),
       aws::SequenceNumber("1"), 0, kNoon});
  take_aggregates_apart(one, {}, aws::HashKeyRange{});
  ASSERT_EQ(one.records.size(), 2u);
  EXPECT_EQ(one.records[0].refusal, shards::kNoSuchKey);
  EXPECT_THAT(one.records[1].refusal, IsEmpty());
}

TEST(Aggregates, APageWithoutAnyStaysAsItIs) {
  Page plain;
  plain.records.push_back({"{}", aws::SequenceNumber("1"), 0, kNoon});
  const char* before = plain.records.front().data.data();
  take_aggregates_apart(plain, {}, {});
  EXPECT_EQ(plain.records.front().data.data(), before);
  EXPECT_FALSE(plain.records.front().in_aggregate);
}

}  // namespace
}  // namespace ctk::source
