#include "sim/kinesis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "base/random.h"

namespace ctk::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = aws::IteratorStart::Kind;

const Timestamp kStart = from_micros(1'795'318'371'000'000);

std::string code_of(const auto& answer) { return answer ? "" : answer.error().code; }

struct Service {
  Kinesis kinesis;
  Timestamp now = kStart;

  explicit Service(int shards, KinesisOptions options = {}) : kinesis(std::move(options)) {
    EXPECT_TRUE(kinesis.create_stream("cdc", shards, now));
  }
  PutResult put(const std::string& key, const std::string& data) {
    return kinesis.put_record({.stream = "cdc", .data = data, .partition_key = key, .explicit_hash_key = {}}, now).value();
  }
  std::string iterator(const std::string& shard, const aws::IteratorStart& start = {}) {
    return kinesis.get_shard_iterator("cdc", shard, start, now).value();
  }
  std::vector<std::string> read(const std::string& shard, const aws::IteratorStart& start = {}) {
    std::vector<std::string> data;
    std::optional<std::string> next = iterator(shard, start);
    for (;;) {
      auto page = kinesis.get_records(*next, 3, now).value();
      for (const auto& record : page.records) data.push_back(record.data);
      next = page.next_iterator;
      if (!next || (page.records.empty() && page.behind == Duration{})) return data;
    }
  }
  std::vector<ShardDescription> shards() {
    ListShardsInput input;
    input.stream = "cdc";
    return kinesis.list_shards(input, now).value().shards;
  }
};

TEST(Kinesis, GivesBackWhatWasPut) {
  Service service(1);
  const PutResult first = service.put("a", "one");
  EXPECT_EQ(first.sequence.size(), 56u);
  EXPECT_EQ(first.sequence.substr(0, 2), "49");
  const PutResult second = service.put("b", "two");
  EXPECT_LT(first.sequence, second.sequence);
  const std::string shard = first.shard.str();
  EXPECT_EQ(shard, "shardId-000000000000");
  EXPECT_THAT(service.read(shard), testing::ElementsAre("one", "two"));
  EXPECT_THAT(service.read(shard, {Kind::at_sequence, aws::SequenceNumber(second.sequence), {}}),
              testing::ElementsAre("two"));
  EXPECT_THAT(service.read(shard, {Kind::after_sequence, aws::SequenceNumber(first.sequence), {}}),
              testing::ElementsAre("two"));
  EXPECT_THAT(service.read(shard, {Kind::latest, {}, {}}), testing::IsEmpty());
}

TEST(Kinesis, StartsAtATimeButNotInTheFuture) {
  Service service(1);
  service.put("a", "one");
  service.now += seconds(10);
  service.put("a", "two");
  EXPECT_THAT(service.read("shardId-000000000000", {Kind::at_timestamp, {}, kStart + seconds(1)}),
              testing::ElementsAre("two"));
  const auto refused = service.kinesis.get_shard_iterator("cdc", "shardId-000000000000",
                                                          {Kind::at_timestamp, {}, kStart + hours(1)}, service.now);
  EXPECT_EQ(code_of(refused), "InvalidArgumentException");
}

TEST(Kinesis, TellsTheDistanceToTheTip) {
  Service service(1);
  service.put("a", "one");
  service.put("a", "two");
  service.now += seconds(7);
  auto page = service.kinesis.get_records(service.iterator("shardId-000000000000"), 1, service.now).value();
  EXPECT_EQ(page.behind, Duration(seconds(7)));
  page = service.kinesis.get_records(*page.next_iterator, 1, service.now).value();
  EXPECT_EQ(page.behind, Duration{});
}

TEST(Kinesis, AnEmptyPageDoesNotMove) {
  Service service(1);
  service.put("a", "one");
  service.now += seconds(7);
  const auto page = service.kinesis.get_records(service.iterator("shardId-000000000000"), 10, service.now, true).value();
  EXPECT_TRUE(page.records.empty());
  EXPECT_EQ(page.behind, Duration(seconds(7)));
  EXPECT_EQ(service.kinesis.get_records(*page.next_iterator, 10, service.now).value().records.size(), 1u);
}

TEST(Kinesis, IteratorsExpireAfterFiveMinutes) {
  Service service(1);
  const std::string iterator = service.iterator("shardId-000000000000");
  service.now += minutes(5);
  EXPECT_TRUE(service.kinesis.get_records(iterator, 10, service.now));
  service.now += milliseconds(1);
  const auto late = service.kinesis.get_records(iterator, 10, service.now);
  EXPECT_EQ(code_of(late), "ExpiredIteratorException");
  EXPECT_THAT(late.error().message, HasSubstr("tolerated delay of 300000 milliseconds"));
  EXPECT_EQ(code_of(service.kinesis.get_records("nonsense", 10, service.now)), "InvalidArgumentException");
}

TEST(Kinesis, ASplitEndsTheParentAndNamesTheChildren) {
  Service service(1);
  service.put("a", "before");
  service.now += seconds(1);
  ASSERT_TRUE(service.kinesis.split_any("cdc", service.now));
  service.put("a", "after");
  const auto page = service.kinesis.get_records(service.iterator("shardId-000000000000"), 10, service.now).value();
  ASSERT_EQ(page.records.size(), 1u) << "the last records come with the null iterator";
  EXPECT_FALSE(page.next_iterator);
  ASSERT_EQ(page.children.size(), 2u);
  EXPECT_THAT(page.children[0].shard.parents, testing::ElementsAre(aws::ShardId("shardId-000000000000")));
  const auto shards = service.shards();
  ASSERT_EQ(shards.size(), 3u);
  EXPECT_TRUE(shards[0].shard.last);
  EXPECT_LT(shards[0].shard.last->str(), shards[1].shard.first.str());
  EXPECT_EQ(shards[1].range.last + 1, shards[2].range.first);
  EXPECT_EQ(code_of(service.kinesis.split_shard("cdc", "shardId-000000000000", "5", service.now)),
            "ResourceInUseException");
}

TEST(Kinesis, TheEndMayComeOnAPageOfItsOwn) {
  Service service(1, {.end_with_records = false, .give_children = false});
  service.put("a", "before");
  ASSERT_TRUE(service.kinesis.split_any("cdc", service.now));
  const auto page = service.kinesis.get_records(service.iterator("shardId-000000000000"), 10, service.now).value();
  ASSERT_TRUE(page.next_iterator);
  const auto last = service.kinesis.get_records(*page.next_iterator, 10, service.now).value();
  EXPECT_FALSE(last.next_iterator);
  EXPECT_TRUE(last.records.empty());
  EXPECT_TRUE(last.children.empty());
}

TEST(Kinesis, AMergeHasTwoParents) {
  Service service(3);
  EXPECT_EQ(code_of(service.kinesis.merge_shards("cdc", "shardId-000000000000", "shardId-000000000002", service.now)),
            "InvalidArgumentException");
  ASSERT_TRUE(service.kinesis.merge_shards("cdc", "shardId-000000000001", "shardId-000000000000", service.now));
  const auto shards = service.shards();
  ASSERT_EQ(shards.size(), 4u);
  EXPECT_EQ(shards[3].shard.parents.size(), 2u);
  EXPECT_EQ(shards[3].range.first, aws::HashKey{0});
  EXPECT_EQ(shards[3].range.last + 1, shards[2].range.first);
}

TEST(Kinesis, OnDemandHotShardsSplitAndColdNeighboursMerge) {
  Service s(1, {.split_above = 10, .most_shards = 4, .merge_below = 5});
  const auto open = [&] { return s.kinesis.stream("cdc")->open_shards(); };
  for (int i = 0; i < 11; ++i) s.put("a", "x");
  EXPECT_EQ(open(), 2u);
  EXPECT_EQ(s.kinesis.splits_on_demand(), 1u);
  EXPECT_EQ(s.kinesis.merges_on_demand(), 0u);
  for (int minute = 0; minute < 5; ++minute) {
    s.now += minutes(2);
    s.put("a", "x");
  }
  EXPECT_EQ(open(), 1u);
  EXPECT_EQ(s.kinesis.merges_on_demand(), 1u) << "one shard has no neighbour";
  ASSERT_EQ(s.shards().size(), 4u);
  EXPECT_EQ(s.shards()[3].shard.parents.size(), 2u);
}

TEST(Kinesis, ListsPageByPage) {
  Service service(7, {.list_page = 3});
  ListShardsInput input;
  input.stream = "cdc";
  std::vector<std::string> ids;
  for (int page = 0;; ++page) {
    ASSERT_LT(page, 4);
    auto listing = service.kinesis.list_shards(input, service.now).value();
    for (const auto& shard : listing.shards) ids.push_back(shard.shard.id.str());
    if (!listing.next_token) break;
    input = {};
    input.next_token = listing.next_token;
  }
  EXPECT_EQ(ids.size(), 7u);
  input.stream = "cdc";
  input.next_token = "1:0:0";
  EXPECT_EQ(code_of(service.kinesis.list_shards(input, service.now)), "InvalidArgumentException");
}

TEST(Kinesis, RetentionTrimsRecordsAndClosedShardsSilently) {
  Service service(1);
  const PutResult old = service.put("a", "old");
  service.now += hours(23);
  service.put("a", "new");
  ASSERT_TRUE(service.kinesis.split_any("cdc", service.now));
  service.now += hours(2);
  EXPECT_THAT(service.read(old.shard.str(), {Kind::at_sequence, aws::SequenceNumber(old.sequence), {}}),
              testing::ElementsAre("new"));
  service.now += hours(23);
  EXPECT_EQ(service.shards().size(), 2u);
  EXPECT_EQ(code_of(service.kinesis.get_shard_iterator("cdc", old.shard.str(), {}, service.now)),
            "ResourceNotFoundException");
}

TEST(Kinesis, KeepsTheReadLimits) {
  Service service(1, {.read_limits = true});
  std::string iterator = service.iterator("shardId-000000000000");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(service.kinesis.get_records(iterator, 10, service.now));
  EXPECT_EQ(code_of(service.kinesis.get_records(iterator, 10, service.now)), "ProvisionedThroughputExceededException");
  service.now += seconds(1);
  for (int i = 0; i < 20; ++i) service.put("a", std::string(1'000'000, 'x'));
  const auto page = service.kinesis.get_records(iterator, 10'000, service.now).value();
  EXPECT_EQ(page.records.size(), 10u) << "10 MB a call";
  service.now += seconds(4);
  EXPECT_EQ(code_of(service.kinesis.get_records(iterator, 10, service.now)), "ProvisionedThroughputExceededException");
  service.now += seconds(1);
  EXPECT_TRUE(service.kinesis.get_records(iterator, 10, service.now));
}

TEST(Kinesis, AnotherLifeOfAStreamKnowsNoOldIterators) {
  Service service(1);
  const PutResult old = service.put("a", "old");
  const std::string iterator = service.iterator("shardId-000000000000");
  ASSERT_TRUE(service.kinesis.delete_stream("cdc", service.now));
  EXPECT_EQ(code_of(service.kinesis.describe_stream("cdc", service.now)), "ResourceNotFoundException");
  service.now += seconds(2);
  ASSERT_TRUE(service.kinesis.create_stream("cdc", 1, service.now));
  EXPECT_EQ(code_of(service.kinesis.get_records(iterator, 10, service.now)), "ResourceNotFoundException");
  EXPECT_EQ(code_of(service.kinesis.get_shard_iterator(
                "cdc", "shardId-000000000000", {Kind::after_sequence, aws::SequenceNumber(old.sequence), {}}, service.now)),
            "InvalidArgumentException");
}

TEST(Kinesis, KnowsAStreamByNameAndByArn) {
  Service service(1);
  const std::string arn = service.kinesis.arn_of("cdc");
  EXPECT_EQ(arn, "arn:aws:kinesis:us-east-1:000000000000:stream/cdc");
  EXPECT_EQ(service.kinesis.describe_stream(arn, service.now).value().name, "cdc");
  EXPECT_EQ(code_of(service.kinesis.describe_stream("arn:aws:kinesis:eu-west-1:000000000000:stream/cdc", service.now)),
            "ResourceNotFoundException");
}

// Whatever splits and merges happen between puts: reading parents before children gives every key's records in the order
// in which they were put, and each exactly once.
RC_GTEST_PROP(Kinesis, LineageKeepsTheOrderOfEachKey, (uint64_t seed)) {
  Random random(seed);
  Service service(1 + static_cast<int>(random.below(3)));
  std::map<std::string, std::vector<std::string>> put;
  for (int step = 0; step < 60; ++step) {
    service.now += milliseconds(random.below(3));
    const uint64_t dice = random.below(10);
    if (dice == 0) (void)service.kinesis.split_any("cdc", service.now);
    if (dice == 1) (void)service.kinesis.update_shard_count("cdc", 1 + static_cast<int>(random.below(4)), service.now);
    const std::string key = "k" + std::to_string(random.below(8));
    service.put(key, key + "/" + std::to_string(step));
    put[key].push_back(key + "/" + std::to_string(step));
  }
  std::map<std::string, std::vector<std::string>> got;
  std::map<std::string, std::string> born;
  for (const auto& description : service.shards()) {  // listings are in order of birth: parents come first
    born[description.shard.id.str()] = description.shard.first.str();
    for (const auto& parent : description.shard.parents) RC_ASSERT(born.at(parent.str()) < description.shard.first.str());
    for (const auto& data : service.read(description.shard.id.str())) got[data.substr(0, data.find('/'))].push_back(data);
  }
  RC_ASSERT(got == put);
}

}  // namespace
}  // namespace ctk::sim
