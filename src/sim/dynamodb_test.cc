#include "sim/dynamodb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "json/reader.h"
#include "sim/item_json.h"

namespace ctk::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const Timestamp kStart = from_micros(1'795'318'371'742'001);

std::string text(const std::string& value) { return R"({"S":")" + value + R"("})"; }
std::string number(int value) { return R"({"N":")" + std::to_string(value) + R"("})"; }
std::string code_of(const auto& answer) { return answer ? "" : answer.error().code; }
std::string message_of(const auto& answer) { return answer ? "" : answer.error().message; }

class DynamoDbTest : public testing::Test {
 protected:
  void create(std::optional<double> read_capacity = {}) {
    ASSERT_TRUE(dynamodb.create_table({.name = "demo",
                                       .keys = {{"pk", 'S'}, {"sk", 'N'}},
                                       .read_capacity = read_capacity,
                                       .stream = aws::StreamView::new_and_old_images},
                                      now));
  }
  Attributes item(const std::string& pk, int sk, const std::string& extra = "x") {
    return {{"pk", text(pk)}, {"sk", number(sk)}, {"extra", text(extra)}};
  }
  void fill(int count, size_t bytes = 10) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(dynamodb.put_item("demo", item("item-" + std::to_string(i), i, std::string(bytes, 'x')), now));
    }
  }

  Timestamp now = kStart;
  Random random{1};
  Kinesis kinesis{{}};
  DynamoDbStreams streams{{}};
  DynamoDb dynamodb{{}, streams, random, &kinesis};
};

TEST_F(DynamoDbTest, DescribesATableAndItsStream) {
  EXPECT_EQ(message_of(dynamodb.describe_table("demo", now)), "Requested resource not found: Table: demo not found");
  create();
  fill(3);
  const aws::TableDescription table = dynamodb.describe_table("demo", now).value();
  EXPECT_EQ(table.status, "ACTIVE");
  EXPECT_EQ(table.arn.str(), "arn:aws:dynamodb:us-east-1:000000000000:table/demo");
  EXPECT_EQ(table.items, 3u);
  EXPECT_EQ(table.bytes, 3 * (2 + 6 + 2 + 2 + 5 + 10u) - 1) << "the number 0 takes a byte less";
  EXPECT_EQ(table.stream.value().arn.str(), table.arn.str() + "/stream/2026-11-22T03:32:51.742");
  EXPECT_TRUE(table.stream->enabled);
  EXPECT_EQ(code_of(dynamodb.create_table({.name = "demo", .keys = {{"pk"}}}, now)), "ResourceInUseException");
  EXPECT_EQ(code_of(dynamodb.create_table({.name = "my/demo", .keys = {{"pk"}}}, now)), "ValidationException");
}

TEST_F(DynamoDbTest, CountsItemsAsRarelyAsAsked) {
  dynamodb.options().count_every = hours(6);
  create();
  fill(3);
  EXPECT_EQ(dynamodb.describe_table("demo", now + hours(5))->items, 0u);
  EXPECT_EQ(dynamodb.describe_table("demo", now + hours(7))->items, 3u);
}

TEST_F(DynamoDbTest, RefusesItemsThatDoNotFitTheKey) {
  create();
  EXPECT_EQ(message_of(dynamodb.put_item("demo", {{"pk", text("a")}}, now)),
            "One or more parameter values were invalid: Missing the key sk in the item");
  EXPECT_EQ(message_of(dynamodb.put_item("demo", {{"pk", text("a")}, {"sk", text("b")}}, now)),
            "One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S");
  EXPECT_THAT(message_of(dynamodb.put_item("demo", item("", 1), now)), HasSubstr("empty string value. Key: pk"));
  EXPECT_THAT(message_of(dynamodb.put_item("demo", item("a", 1, std::string(410'000, 'x')), now)),
              HasSubstr("Item size has exceeded"));
  EXPECT_EQ(message_of(dynamodb.delete_item("demo", {{"pk", text("a")}}, now)),
            "The provided key element does not match the schema");
  EXPECT_THAT(message_of(dynamodb.update_item("demo", {{"pk", text("a")}, {"sk", number(1)}}, {}, {"pk"}, now)),
              HasSubstr("This attribute is part of the key"));
}

TEST_F(DynamoDbTest, WritesAndReadsItems) {
  create();
  const Attributes key{{"pk", text("a")}, {"sk", number(1)}};
  EXPECT_FALSE(dynamodb.put_item("demo", item("a", 1), now).value());
  EXPECT_EQ(dynamodb.update_item("demo", key, {{"n", number(7)}}, {"extra"}, now).value(), item("a", 1));
  EXPECT_EQ(dynamodb.get_item("demo", key, now).value()->at("n"), number(7));
  EXPECT_TRUE(dynamodb.delete_item("demo", key, now).value());
  EXPECT_FALSE(dynamodb.get_item("demo", key, now).value());
  EXPECT_EQ(dynamodb.changes(), 3u);
  EXPECT_EQ(dynamodb.describe_table("demo", now)->bytes, 0u);
}

TEST_F(DynamoDbTest, ScansEveryItemOnceInAnyNumberOfSegments) {
  create();
  fill(500);
  for (const int total : {1, 2, 7, 100, 1'000'000}) {
    std::set<std::string> seen;
    for (int segment = 0; segment < std::min(total, 100); ++segment) {
      ScanInput input{.table = "demo", .limit = 3, .segment = segment, .total_segments = total};
      do {
        const ScanAnswer page = dynamodb.scan(input, now).value();
        EXPECT_LE(page.items.size(), 3u);
        for (const Attributes* item : page.items) EXPECT_TRUE(seen.insert(to_json(*item)).second) << "met twice";
        input.start_key = page.last_key;
      } while (input.start_key);
    }
    EXPECT_TRUE(seen.size() == 500u || total > 100) << seen.size() << " in " << total << " segments";
  }
}

TEST_F(DynamoDbTest, ScansPagesOfAMegabyteAndSaysWhatTheyCost) {
  create();
  fill(12, 100'000);
  ScanInput input{.table = "demo", .consistent = true};
  const ScanAnswer page = dynamodb.scan(input, now).value();
  EXPECT_EQ(page.items.size(), 11u) << "the item that fills the page is on it";
  EXPECT_EQ(page.capacity, 269.0) << "11 × 100,016 bytes or so, by 4 KB";
  input.start_key = page.last_key;
  EXPECT_EQ(dynamodb.scan(input, now)->items.size(), 1u);
  EXPECT_FALSE(dynamodb.scan(input, now)->last_key);
  input.limit = 1;
  input.start_key = dynamodb.scan(input, now)->last_key;
  ASSERT_TRUE(input.start_key) << "a page that is full of its limit never says that it is the last";
  EXPECT_TRUE(dynamodb.scan(input, now)->items.empty());
}

TEST_F(DynamoDbTest, RefusesAScanOfAnotherSegment) {
  create();
  fill(20);
  ScanInput input{.table = "demo", .segment = 4, .total_segments = 4};
  EXPECT_EQ(
      message_of(dynamodb.scan(input, now)),
      "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 4 is not less than "
      "TotalSegments: 4");
  input = {.table = "demo", .limit = 1, .segment = 0, .total_segments = 4};
  input.start_key = dynamodb.scan(input, now)->last_key;
  input.segment = 1;
  EXPECT_THAT(message_of(dynamodb.scan(input, now)), HasSubstr("Invalid ExclusiveStartKey"));
}

TEST_F(DynamoDbTest, ThrottlesAScanBeyondTheProvisionedCapacity) {
  create(10);
  dynamodb.options().capacity_limits = true;
  fill(12, 100'000);
  const ScanInput input{.table = "demo"};
  EXPECT_TRUE(dynamodb.scan(input, now));
  EXPECT_EQ(code_of(dynamodb.scan(input, now)), "ProvisionedThroughputExceededException");
  EXPECT_EQ(code_of(dynamodb.scan(input, now + seconds(10))), "ProvisionedThroughputExceededException");
  EXPECT_TRUE(dynamodb.scan(input, now + seconds(14))) << "135 units, 10 a second";
}

TEST_F(DynamoDbTest, DeletesWhatHasOutlivedItself) {
  create();
  ASSERT_TRUE(dynamodb.update_time_to_live("demo", TimeToLive{"until"}, now));
  Attributes mortal = item("a", 1);
  mortal["until"] = R"({"N":"1795318400"})";
  ASSERT_TRUE(dynamodb.put_item("demo", mortal, now));
  ASSERT_TRUE(dynamodb.put_item("demo", item("b", 1), now));
  dynamodb.advance(now + seconds(1));
  EXPECT_EQ(dynamodb.items_of("demo")->items().size(), 2u);
  dynamodb.advance(now + minutes(5));
  EXPECT_EQ(dynamodb.items_of("demo")->items().size(), 1u);
  const TableShard& shard = streams.stream(dynamodb.stream_of("demo"))->shards()[0];
  EXPECT_THAT(shard.records.back().data, HasSubstr(R"("userIdentity":{"PrincipalId":"dynamodb.amazonaws.com")"));
  EXPECT_EQ(message_of(dynamodb.update_time_to_live("demo", TimeToLive{"until"}, now)), "TimeToLive is already enabled");
}

TEST_F(DynamoDbTest, GivesAStreamThatIsSwitchedOnAgainANewArn) {
  create();
  const std::string first = dynamodb.stream_of("demo");
  EXPECT_THAT(message_of(dynamodb.update_stream("demo", aws::StreamView::new_image, now)),
              HasSubstr("already has an enabled stream"));
  ASSERT_TRUE(dynamodb.update_stream("demo", std::nullopt, now));
  EXPECT_FALSE(dynamodb.describe_table("demo", now)->stream->enabled);
  EXPECT_FALSE(dynamodb.update_stream("demo", std::nullopt, now));
  fill(1);
  ASSERT_TRUE(dynamodb.update_stream("demo", aws::StreamView::new_image, now));
  EXPECT_NE(dynamodb.stream_of("demo"), first);
  EXPECT_EQ(streams.list_streams("demo", now).size(), 2u) << "the old one can be read for a day";
  EXPECT_EQ(streams.list_streams("demo", now + hours(25)).size(), 1u);
  EXPECT_EQ(streams.stream(first)->shards()[0].records.size(), 0u) << "no stream, no record";
}

TEST_F(DynamoDbTest, FeedsAKinesisStreamAsAwsWarnsOfIt) {
  ASSERT_TRUE(kinesis.create_stream("cdc", 1, now));
  create();
  EXPECT_EQ(code_of(dynamodb.enable_kinesis("demo", kinesis.arn_of("none"), now)), "ResourceNotFoundException");
  ASSERT_TRUE(dynamodb.enable_kinesis("demo", kinesis.arn_of("cdc"), now));
  dynamodb.options().delivery = {.repeated = 0.2, .delayed = 0.2};
  for (int i = 0; i < 500; ++i, now += seconds(1))
    ASSERT_TRUE(dynamodb.put_item("demo", item("a", 1, std::to_string(i)), now));
  dynamodb.advance(now + minutes(1));
  const auto& records = kinesis.stream("cdc")->shards()[0].records;
  EXPECT_NEAR(static_cast<double>(records.size()), 600, 30);
  EXPECT_FALSE(std::ranges::is_sorted(records, {}, [](const StoredRecord& record) {
    return record.data.substr(record.data.find("ApproximateCreationDateTime\":") + 29, 16);
  })) << "some are late";
}

TEST(ItemJson, StoresEachNumberInOneSpellingAndRefusesWhatIsNoValue) {
  json::Parser parser;
  const auto read = [&](const char* value) { return read_value(parser.parse(value).value()); };
  EXPECT_EQ(read(R"({"N":"+01.50"})").value(), R"({"N":"1.5"})");
  EXPECT_EQ(read(R"({"M":{"l":{"L":[{"NULL":true},{"BOOL":false}]}}})").value(),
            R"({"M":{"l":{"L":[{"NULL":true},{"BOOL":false}]}}})");
  EXPECT_EQ(read(R"({"NS":["2","1.0"]})").value(), R"({"NS":["1","2"]})");
  EXPECT_EQ(message_of(read(R"({"N":"abc"})")), "The parameter cannot be converted to a numeric value: abc");
  EXPECT_THAT(message_of(read(R"({"N":"123456789012345678901234567890123456789"})")), HasSubstr("38 significant digits"));
  EXPECT_TRUE(read(R"({"N":"1000000000000000000000000000000000000000000"})"));
  EXPECT_THAT(message_of(read("{}")), HasSubstr("AttributeValue is empty"));
  EXPECT_THAT(message_of(read(R"({"SS":[]})")), HasSubstr("may not be empty"));
  EXPECT_THAT(message_of(read(R"({"NS":["1","1.0"]})")), HasSubstr("contains duplicates"));
  EXPECT_EQ(code_of(read(R"({"B":"%%%"})")), "SerializationException");
  EXPECT_EQ(code_of(read(R"({"X":"1"})")), "SerializationException");
}

}  // namespace
}  // namespace ctk::sim
