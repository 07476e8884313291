#include "sim/dynamodb_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/random.h"

namespace ctk::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::MatchesRegex;
using Kind = aws::IteratorStart::Kind;

const Timestamp kStart = from_micros(1'795'318'371'742'001);

std::string code_of(const auto& answer) { return answer ? "" : answer.error().code; }

ItemChange change(int value) {
  ItemChange out;
  out.table = "demo";
  out.region = "us-east-1";
  out.event_id = "00000000-0000-4000-8000-000000000000";
  out.time = kStart;
  out.key = {{"pk", R"({"S":"a"})"}};
  out.after = Attributes{{"pk", R"({"S":"a"})"}, {"v", R"({"N":")" + std::to_string(value) + R"("})"}};
  return out;
}

struct Service {
  DynamoDbStreams streams;
  Timestamp now = kStart;
  std::string arn;
  int written = 0;

  explicit Service(int partitions = 1, DynamoDbStreamsOptions options = {}) : streams(std::move(options)) {
    arn = streams.create({.table = "demo", .keys = {{"pk"}}, .partitions = partitions}, now);
  }
  void write(int count, aws::HashKey partition = 0) {
    for (int i = 0; i < count; ++i) streams.append(arn, change(written++), partition, now);
  }
  aws::StreamsDescription describe(std::optional<std::string> after = {}, std::optional<std::string> children_of = {},
                                   ListingFault fault = ListingFault::none) {
    return streams
        .describe_stream({.stream = arn, .after = std::move(after), .children_of = std::move(children_of)}, now, fault)
        .value();
  }
  Answer<std::string> iterator(const std::string& shard, const aws::IteratorStart& start = {}) {
    return streams.get_shard_iterator(arn, shard, start, now);
  }
  Answer<StreamsRecordsAnswer> read(const std::string& shard, const aws::IteratorStart& start = {}, int limit = 1000) {
    auto from = iterator(shard, start);
    if (!from) return forward_refusal(std::move(from));
    return streams.get_records(*from, limit, now);
  }
};

TEST(DynamoDbStreams, ShowsAStreamAsTheServiceDoes) {
  Service service;
  service.write(2);
  const aws::StreamsDescription stream = service.describe();
  EXPECT_EQ(stream.arn.str(), "arn:aws:dynamodb:us-east-1:000000000000:table/demo/stream/2026-11-22T03:32:51.742");
  EXPECT_EQ(stream.status, "ENABLED");
  ASSERT_EQ(stream.shards.size(), 1u);
  EXPECT_THAT(stream.shards[0].id.str(), MatchesRegex("shardId-00000001795318371742-[0-9a-f]{8}"));
  EXPECT_THAT(stream.shards[0].first.str(), MatchesRegex("[0-9]{21}"));
  EXPECT_FALSE(stream.shards[0].last);
  const auto page = service.read(stream.shards[0].id.str());
  ASSERT_EQ(page.value().records.size(), 2u);
  EXPECT_THAT(page->records[0].data, HasSubstr(R"("ApproximateCreationDateTime":1795318371,)"));
  EXPECT_THAT(page->records[0].data, HasSubstr(R"("SequenceNumber":")" + aws::to_string(page->records[0].sequence) + '"'));
  EXPECT_LT(page->records[0].sequence, page->records[1].sequence);
  EXPECT_TRUE(page->next_iterator);
  EXPECT_EQ(code_of(service.streams.describe_stream({.stream = "arn:none"}, service.now)), "ResourceNotFoundException");
}

TEST(DynamoDbStreams, RollsEveryFourHoursEvenWhileNobodyLooks) {
  Service service(2);
  service.write(1);
  service.now += hours(11);
  const auto shards = service.describe().shards;
  EXPECT_EQ(shards.size(), 2 * 3u + 1) << "one rolls after 2, 6 and 10 hours, the other after 4 and 8";
  size_t open = 0, roots = 0;
  for (const aws::StreamsShard& shard : shards) {
    open += shard.last ? 0 : 1;
    roots += shard.parent ? 0 : 1;
    EXPECT_TRUE(!shard.last || shard.first < *shard.last) << "a shard without records too has its numbers";
  }
  EXPECT_EQ(open, 2u);
  EXPECT_EQ(roots, 2u);
  service.now += hours(26);
  EXPECT_LT(service.describe().shards.size(), 16u) << "what closed a day ago is gone";
}

TEST(DynamoDbStreams, EndsAShardAndNamesItsChildren) {
  Service service;
  service.write(3);
  const std::string parent = service.describe().shards[0].id.str();
  auto open = service.iterator(parent).value();
  open = service.streams.get_records(open, 1000, service.now)->next_iterator.value();
  service.now += seconds(1);
  service.write(1);
  EXPECT_EQ(service.streams.split(service.arn, false, service.now).value(), 1u);
  const auto last = service.streams.get_records(open, 1000, service.now);
  EXPECT_EQ(last.value().records.size(), 1u);
  EXPECT_FALSE(last->next_iterator) << "the last records come with the end";
  const auto children = service.describe({}, parent).shards;
  ASSERT_EQ(children.size(), 2u);
  EXPECT_EQ(children[0].parent.value().str(), parent);
  service.write(1, 0);
  service.write(1, aws::kLargestHashKey);
  for (const aws::StreamsShard& child : children) EXPECT_EQ(service.read(child.id.str())->records.size(), 1u);
}

TEST(DynamoDbStreams, KnowsShardFilterOrNot) {
  Service service;
  service.streams.roll(service.arn, true, service.now);
  const DescribeStreamInput input{.stream = service.arn, .after = {}, .children_of = "shardId-1"};
  EXPECT_TRUE(service.streams.describe_stream(input, service.now)->shards.empty());
  service.streams.options().child_filter = ChildFilter::ignored;
  EXPECT_EQ(service.streams.describe_stream(input, service.now)->shards.size(), 2u);
  service.streams.options().child_filter = ChildFilter::refused;
  EXPECT_EQ(code_of(service.streams.describe_stream(input, service.now)), "ValidationException");
}

TEST(DynamoDbStreams, ListsInPages) {
  Service service(250);
  std::set<std::string> seen;
  std::optional<std::string> after;
  int pages = 0;
  do {
    const auto page = service.describe(after);
    for (const auto& shard : page.shards) EXPECT_TRUE(seen.insert(shard.id.str()).second);
    after = page.next ? std::optional(page.next->str()) : std::nullopt;
    ++pages;
  } while (after);
  EXPECT_EQ(seen.size(), 250u);
  EXPECT_EQ(pages, 3);
}

TEST(DynamoDbStreams, ListsWrongWhileItRolls) {
  DynamoDbStreamsOptions options;
  options.describe_page = 1;
  Service service(1, options);
  service.streams.roll(service.arn, true, service.now += seconds(5));
  const auto parent = service.describe();
  EXPECT_TRUE(parent.shards[0].last);
  EXPECT_FALSE(service.describe({}, {}, ListingFault::early_child).shards[0].last);
  const auto without_middle = service.describe({}, {}, ListingFault::missing_page);
  EXPECT_TRUE(without_middle.shards.empty());
  EXPECT_EQ(without_middle.next, parent.shards[0].id);
  EXPECT_FALSE(service.describe({}, {}, ListingFault::late_child).next) << "the child is not there yet";
}

TEST(DynamoDbStreams, ForgetsWhatIsADayOldAndSaysSo) {
  Service service;
  service.streams.options().roll_every = hours(4);
  service.write(1);
  const std::string shard = service.describe().shards[0].id.str();
  const auto first = service.read(shard)->records[0].sequence;
  service.now += hours(3);
  service.write(1);
  const auto second = service.read(shard)->records[1].sequence;
  service.now += hours(22);
  const auto after = [](StreamSequence sequence) {
    return aws::IteratorStart{Kind::after_sequence, aws::SequenceNumber(aws::to_string(sequence)), {}};
  };
  EXPECT_EQ(code_of(service.iterator(shard, after(first))), "TrimmedDataAccessException");
  EXPECT_TRUE(service.iterator(shard, after(second)));
  EXPECT_EQ(service.read(shard)->records.size(), 1u) << "the horizon moves on without a word";
  const std::string early = service.iterator(shard).value();
  ASSERT_TRUE(service.streams.trim(service.arn, service.now, service.now));
  EXPECT_EQ(code_of(service.streams.get_records(early, 10, service.now)), "TrimmedDataAccessException");
  service.now += hours(4);
  EXPECT_EQ(code_of(service.iterator(shard)), "ResourceNotFoundException");
}

TEST(DynamoDbStreams, RefusesWhatItDidNotHandOut) {
  Service service;
  service.write(1);
  const std::string shard = service.describe().shards[0].id.str();
  const auto at = [](const char* sequence) {
    return aws::IteratorStart{Kind::at_sequence, aws::SequenceNumber(sequence), {}};
  };
  EXPECT_EQ(code_of(service.iterator(shard, at("1"))), "ValidationException");
  EXPECT_EQ(code_of(service.iterator(shard, at("x"))), "ValidationException");
  EXPECT_EQ(code_of(service.iterator(shard, {Kind::at_timestamp, {}, kStart})), "ValidationException");
  EXPECT_EQ(code_of(service.streams.get_records("nonsense", 10, service.now)), "ValidationException");
  EXPECT_EQ(code_of(service.read(shard, {}, 1001)), "ValidationException");
  const std::string iterator = service.iterator(shard).value();
  EXPECT_TRUE(service.streams.get_records(iterator, 1, service.now + minutes(15)));
  EXPECT_EQ(code_of(service.streams.get_records(iterator, 1, service.now + minutes(16))), "ExpiredIteratorException");
}

TEST(DynamoDbStreams, ServesTwoReadersOfAShardAndNotThree) {
  DynamoDbStreamsOptions options;
  options.limits = true;
  Service service(1, options);
  const std::string shard = service.describe().shards[0].id.str();
  EXPECT_TRUE(service.read(shard));
  EXPECT_TRUE(service.read(shard));
  EXPECT_EQ(code_of(service.read(shard)), "LimitExceededException");
  service.now += seconds(1);
  EXPECT_TRUE(service.read(shard));
  for (int i = 0; i < 10; ++i) service.describe();
  EXPECT_EQ(code_of(service.streams.describe_stream({.stream = service.arn}, service.now)), "LimitExceededException");
}

TEST(DynamoDbStreams, DrainsADisabledStream) {
  Service service;
  service.write(2);
  const std::string shard = service.describe().shards[0].id.str();
  service.streams.disable(service.arn, service.now);
  EXPECT_EQ(service.describe().status, "DISABLED");
  service.write(1);
  const auto rest = service.read(shard);
  EXPECT_EQ(rest.value().records.size(), 2u);
  EXPECT_FALSE(rest->next_iterator);
  EXPECT_TRUE(service.describe({}, shard).shards.empty());
  service.now += hours(25);
  EXPECT_EQ(code_of(service.streams.describe_stream({.stream = service.arn}, service.now)), "ResourceNotFoundException");
}

TEST(DynamoDbStreams, KeepsPagesToAThousandRecordsAndAMegabyte) {
  Service service;
  service.write(2500);
  const std::string shard = service.describe().shards[0].id.str();
  const auto page = service.read(shard);
  EXPECT_EQ(page.value().records.size(), 1000u);
  const auto next = service.streams.get_records(page->next_iterator.value(), 1000, service.now);
  EXPECT_EQ(next.value().records.size(), 1000u);
  EXPECT_LT(page->records.back().sequence, next->records.front().sequence);
  const auto empty = service.streams.get_records(next->next_iterator.value(), 1000, service.now, true);
  EXPECT_TRUE(empty.value().records.empty());
  EXPECT_TRUE(empty->next_iterator) << "an empty page is no end";
}

// Whatever happens to the shards, a walk from parents to children reads every change once, each partition's in order.
RC_GTEST_PROP(DynamoDbStreams, LosesAndRepeatsNothingThroughRollsAndSplits, ()) {
  Service service(static_cast<int>(*rc::gen::inRange(1, 4)));
  Random random(*rc::gen::arbitrary<uint64_t>());
  std::map<aws::HashKey, std::vector<int>> written;
  for (int i = 0; i < 200; ++i) {
    service.now += minutes(random.below(10));
    const aws::HashKey partition = aws::HashKey(random.next()) << 64;
    written[partition].push_back(service.written);
    service.write(1, partition);
    if (random.below(20) == 0) service.streams.split(service.arn, false, service.now);
  }
  const TableStream& stream = *service.streams.stream(service.arn);
  size_t records = 0;
  for (const TableShard& shard : stream.shards()) {
    if (shard.parent) RC_ASSERT(stream.shards()[*shard.parent].last < shard.first);
    for (const TableShard::Record& record : shard.records) {
      RC_ASSERT(record.sequence > shard.first);
      RC_ASSERT(!shard.closed || record.sequence < shard.last);
    }
    records += shard.records.size() + shard.trimmed;
  }
  RC_ASSERT(records == 200u);
}

}  // namespace
}  // namespace ctk::sim
