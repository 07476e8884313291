// The client against canned answers, on a virtual clock.
#include "aws/dynamodb_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/http_testing.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DynamoDbHttpTest : public HttpClientTest {
 protected:
  Result<TableDescription> describe(const char* name = "demo") {
    return run<TableDescription>(
        [&](Done<TableDescription> done) { api_->describe_table(TableName(name), std::move(done)); });
  }
  Result<ScanPage> scan(const ScanRequest& request) {
    return run<ScanPage>([&](Done<ScanPage> done) { api_->scan(request, std::move(done)); });
  }

  std::unique_ptr<DynamoDbApi> api_ =
      make_dynamodb_http({"http://localhost:8000", "us-east-1"}, credentials_, http_, decoder_, loop_);
};

constexpr char kTable[] =
    R"({"Table":{"TableName":"demo","TableArn":"arn:aws:dynamodb:us-east-1:1:table/demo","TableStatus":"ACTIVE",)"
    R"("CreationDateTime":1735689600.5,"KeySchema":[{"AttributeName":"at","KeyType":"RANGE"},)"
    R"({"AttributeName":"id","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"other","AttributeType":"S"},)"
    R"({"AttributeName":"id","AttributeType":"B"},{"AttributeName":"at","AttributeType":"N"}],)"
    R"("ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5},"ItemCount":7,"TableSizeBytes":123)";

TEST_F(DynamoDbHttpTest, DescribesATable) {
  http_.answer(200,
               std::string(kTable) + R"(,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},)"
                                     R"("LatestStreamArn":"arn:stream"}})",
               "Sun, 22 Nov 2026 03:33:00 GMT");
  Result<TableDescription> table = describe();
  ASSERT_TRUE(table) << to_string(table.error());
  EXPECT_EQ(table->name.str(), "demo");
  EXPECT_EQ(table->arn.str(), "arn:aws:dynamodb:us-east-1:1:table/demo");
  EXPECT_EQ(table->status, "ACTIVE");
  EXPECT_EQ(table->created, parse_timestamp("2025-01-01T00:00:00.5Z").value());
  EXPECT_THAT(table->keys, ElementsAre(KeyAttribute{"id", 'B'}, KeyAttribute{"at", 'N'}));
  EXPECT_EQ(table->items, 7u);
  EXPECT_EQ(table->bytes, 123u);
  EXPECT_EQ(table->read_capacity, 5.0);
  ASSERT_TRUE(table->stream);
  EXPECT_EQ(table->stream->arn.str(), "arn:stream");
  EXPECT_TRUE(table->stream->enabled);
  EXPECT_EQ(table->stream->view, StreamView::new_image);
  EXPECT_EQ(table->server_time, parse_timestamp("2026-11-22T03:33:00Z").value());
  const net::HttpRequest& request = http_.requests.at(0);
  EXPECT_EQ(request.body, R"({"TableName":"demo"})");
  EXPECT_EQ(header(request, "Content-Type"), "application/x-amz-json-1.0");
  EXPECT_EQ(header(request, "X-Amz-Target"), "DynamoDB_20120810.DescribeTable");
  EXPECT_THAT(header(request, "Authorization"), HasSubstr("/us-east-1/dynamodb/aws4_request"));
}

TEST_F(DynamoDbHttpTest, TellsAStreamThatIsNotThereFromADisabledOne) {
  http_.answer(200, std::string(kTable) + "}}");
  EXPECT_EQ(describe().value().stream, std::nullopt);
  http_.answer(200, std::string(kTable) + R"(,"LatestStreamArn":"arn:old"}})");
  std::optional<TableStream> stream = describe().value().stream;
  ASSERT_TRUE(stream);
  EXPECT_FALSE(stream->enabled);
}

TEST_F(DynamoDbHttpTest, KnowsNoProvisionedCapacityOfATableBilledByRequest) {
  http_.answer(200, std::string(kTable) + R"(,"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"}}})");
  EXPECT_EQ(describe().value().read_capacity, std::nullopt);
}

TEST_F(DynamoDbHttpTest, ScansPageByPageAndKeepsEachItemsOwnText) {
  const std::string item = R"({"id":{"B":"AQ=="},"n" : {"N":"1E+2"},"m":{"M":{"ä":{"L":[{"NULL":true},{}]}}}})";
  http_.answer(
      200,
      R"({"Count":2,"Items":[)" + item + R"(,{"id":{"B":"Ag=="}}],"ScannedCount":2,)" +
          R"("LastEvaluatedKey":{"id":{"B":"Ag=="}},"ConsumedCapacity":{"CapacityUnits":128.5,"TableName":"demo"}})",
      "Sun, 22 Nov 2026 03:33:00 GMT");
  const size_t size = http_.answers.front()->body.size();
  Result<ScanPage> page = scan({.table = TableName("demo"), .segment = 1, .total_segments = 4, .max_answer_bytes = 5000});
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_THAT(page->items, ElementsAre(item, R"({"id":{"B":"Ag=="}})"));
  EXPECT_EQ(page->next_key, R"({"id":{"B":"Ag=="}})");
  EXPECT_EQ(page->consumed_capacity, 128.5);
  EXPECT_EQ(page->answer_bytes, size);
  EXPECT_EQ(page->server_time, parse_timestamp("2026-11-22T03:33:00Z").value());
  EXPECT_EQ(http_.requests.at(0).max_answer_bytes, 5000u);
  EXPECT_EQ(http_.requests.at(0).body,
            R"({"TableName":"demo","ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL","Segment":1,"TotalSegments":4})");

  http_.answer(200, R"({"Items":[],"Count":0})");
  page = scan({.table = TableName("demo"), .segment = 1, .total_segments = 4, .start_key = *page->next_key, .limit = 9});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next_key, std::nullopt);
  EXPECT_EQ(page->consumed_capacity, 0);
  EXPECT_THAT(http_.requests.at(1).body, HasSubstr(R"("ExclusiveStartKey":{"id":{"B":"Ag=="}},"Limit":9})"));
}

TEST_F(DynamoDbHttpTest, ReadsAnItemConsistently) {
  const auto get = [&] {
    return run<std::optional<std::string>>([&](Done<std::optional<std::string>> done) {
      api_->get_item(TableName("demo"), R"({"id":{"B":"AQ=="}})", std::move(done));
    });
  };
  const std::string item = R"({"id":{"B":"AQ=="},"n" : {"N":"1E+2"}})";
  http_.answer(200, R"({"Item":)" + item + "}");
  EXPECT_EQ(get().value(), item);
  EXPECT_EQ(header(http_.requests.at(0), "X-Amz-Target"), "DynamoDB_20120810.GetItem");
  EXPECT_EQ(http_.requests.at(0).body, R"({"TableName":"demo","Key":{"id":{"B":"AQ=="}},"ConsistentRead":true})");
  http_.answer(200, "{}");
  EXPECT_EQ(get().value(), std::nullopt);
  http_.answer(200, R"({"Item":7})");
  EXPECT_EQ(get().error().kind, ErrorKind::corrupt);
}

TEST_F(DynamoDbHttpTest, EnablesAStream) {
  const std::string answer = kTable;
  http_.answer(200, R"({"TableDescription")" + answer.substr(answer.find(':')) +
                        R"(,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"},)"
                        R"("LatestStreamArn":"arn:stream"}})");
  Result<TableDescription> table = run<TableDescription>([&](Done<TableDescription> done) {
    api_->enable_stream(TableName("demo"), StreamView::new_and_old_images, std::move(done));
  });
  ASSERT_TRUE(table) << to_string(table.error());
  EXPECT_TRUE(table->stream->enabled);
  EXPECT_EQ(header(http_.requests.at(0), "X-Amz-Target"), "DynamoDB_20120810.UpdateTable");
  EXPECT_EQ(http_.requests.at(0).body, R"({"TableName":"demo","StreamSpecification":{"StreamEnabled":true,)"
                                       R"("StreamViewType":"NEW_AND_OLD_IMAGES"}})");
}

TEST_F(DynamoDbHttpTest, TellsAnswersThatAreNone) {
  for (const char* body : {"<html>", "[]", "{}", R"({"Items":[{"a":{"S":"x"}})", R"({"Items":[7]})", R"({"Items":{}})"}) {
    http_.answer(200, body);
    Result<ScanPage> page = scan({.table = TableName("demo")});
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().kind, ErrorKind::corrupt);
  }
  http_.answer(200, "{}");
  EXPECT_EQ(describe().error().kind, ErrorKind::corrupt);
}

TEST_F(DynamoDbHttpTest, NamesTheTableRegionAndEndpointThatAreNotThere) {
  http_.answer(400, R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",)"
                    R"("message":"Requested resource not found: Table: demo not found"})");
  Result<TableDescription> table = describe();
  EXPECT_EQ(table.error().kind, ErrorKind::not_found);
  EXPECT_EQ(table.error().message, "there is no table 'demo' in region us-east-1 at http://localhost:8000");
  EXPECT_TRUE(table.error().hint.contains("-sharedDb")) << table.error().hint;
}

TEST_F(DynamoDbHttpTest, ClassifiesTheServicesCodes) {
  credentials_.fixed = true;
  struct Case {
    int status;
    const char* code;
    ErrorKind kind;
  };
  for (const Case& c :
       {Case{400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", ErrorKind::throttled},
        Case{400, "com.amazonaws.dynamodb.v20120810#LimitExceededException", ErrorKind::throttled},
        Case{400, "com.amazon.coral.availability#ThrottlingException", ErrorKind::throttled},
        Case{400, "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded", ErrorKind::throttled},
        Case{400, "com.amazonaws.dynamodb.v20120810#ResourceInUseException", ErrorKind::unreachable},
        Case{500, "com.amazonaws.dynamodb.v20120810#InternalServerError", ErrorKind::unreachable},
        Case{400, "com.amazon.coral.validate#ValidationException", ErrorKind::refused},
        Case{400, "com.amazon.coral.service#UnrecognizedClientException", ErrorKind::denied},
        Case{400, "com.amazon.coral.service#AccessDeniedException", ErrorKind::denied}}) {
    http_.answer(c.status, std::string(R"({"__type":")") + c.code + R"(","message":"x"})");
    EXPECT_EQ(scan({.table = TableName("demo")}).error().kind, c.kind) << c.code;
  }
}

}  // namespace
}  // namespace ctk::aws
