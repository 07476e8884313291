// The client against canned answers, on a virtual clock.
#include "aws/dynamodb_writes_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/http_testing.h"

namespace ctk::aws {
namespace {

class DynamoDbWritesHttpTest : public HttpClientTest {
 protected:
  Result<WriteOutcome> write(const ItemWrite& write) {
    return run<WriteOutcome>([&](Done<WriteOutcome> done) { api_->write_item(write, std::move(done)); });
  }

  std::unique_ptr<DynamoDbWritesApi> api_ =
      make_dynamodb_writes_http({"http://localhost:8000", "us-east-1"}, credentials_, http_, decoder_, loop_);
  const ItemWrite kUpdate{.table = TableName("leases"),
                          .kind = ItemWrite::Kind::update,
                          .subject = R"({"leaseKey":{"S":"a"}})",
                          .update = "SET #n = :m",
                          .condition = "#n = :n",
                          .names = {{"#n", "leaseCounter"}},
                          .values = {{":m", R"({"N":"8"})"}, {":n", R"({"N":"7"})"}}};
};

TEST_F(DynamoDbWritesHttpTest, CreatesATableBilledByRequest) {
  http_.answer(200, R"({"TableDescription":{"TableName":"leases","TableStatus":"CREATING"}})");
  const auto made = run<TableDescription>([&](Done<TableDescription> done) {
    api_->create_table({TableName("leases"), {{"leaseKey", 'S'}, {"at", 'N'}}}, std::move(done));
  });
  EXPECT_EQ(made.value().status, "CREATING");
  EXPECT_EQ(header(http_.requests.at(0), "X-Amz-Target"), "DynamoDB_20120810.CreateTable");
  EXPECT_EQ(http_.requests.at(0).body,
            R"({"TableName":"leases","AttributeDefinitions":[{"AttributeName":"leaseKey","AttributeType":"S"},)"
            R"({"AttributeName":"at","AttributeType":"N"}],"KeySchema":[{"AttributeName":"leaseKey","KeyType":"HASH"},)"
            R"({"AttributeName":"at","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST"})");
}

TEST_F(DynamoDbWritesHttpTest, UpdatesOnAConditionAndGivesTheItemAsItIsNow) {
  http_.answer(200, R"({"Attributes":{"leaseKey":{"S":"a"},"leaseCounter":{"N":"8"}}})");
  const auto outcome = write(kUpdate);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_TRUE(outcome->applied);
  EXPECT_EQ(outcome->item, R"({"leaseKey":{"S":"a"},"leaseCounter":{"N":"8"}})");
  EXPECT_EQ(header(http_.requests.at(0), "X-Amz-Target"), "DynamoDB_20120810.UpdateItem");
  EXPECT_EQ(http_.requests.at(0).body,
            R"({"TableName":"leases","Key":{"leaseKey":{"S":"a"}},"UpdateExpression":"SET #n = :m",)"
            R"("ReturnValues":"ALL_NEW","ConditionExpression":"#n = :n","ReturnValuesOnConditionCheckFailure":"ALL_OLD",)"
            R"("ExpressionAttributeNames":{"#n":"leaseCounter"},)"
            R"("ExpressionAttributeValues":{":m":{"N":"8"},":n":{"N":"7"}}})");
}

TEST_F(DynamoDbWritesHttpTest, TakesAConditionThatDoesNotHoldForAnAnswer) {
  const std::string refusal = R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",)"
                              R"("message":"The conditional request failed")";
  http_.answer(400, refusal + R"(,"Item":{"leaseKey":{"S":"a"}}})");
  auto outcome = write(kUpdate);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_FALSE(outcome->applied);
  EXPECT_EQ(outcome->item, R"({"leaseKey":{"S":"a"}})");
  http_.answer(400, refusal + "}");
  outcome = write(kUpdate);
  EXPECT_FALSE(outcome.value().applied);
  EXPECT_EQ(outcome->item, std::nullopt);
}

TEST_F(DynamoDbWritesHttpTest, PutsAndDeletes) {
  http_.answer(200, "{}");
  EXPECT_TRUE(write({.table = TableName("leases"),
                     .kind = ItemWrite::Kind::put,
                     .subject = R"({"leaseKey":{"S":"a"}})",
                     .update = {},
                     .condition = "attribute_not_exists(#k)",
                     .names = {{"#k", "leaseKey"}}})
                  .value()
                  .applied);
  EXPECT_EQ(http_.requests.at(0).body,
            R"-({"TableName":"leases","Item":{"leaseKey":{"S":"a"}},"ConditionExpression":"attribute_not_exists(#k)",)-"
            R"-("ReturnValuesOnConditionCheckFailure":"ALL_OLD","ExpressionAttributeNames":{"#k":"leaseKey"}})-");
  http_.answer(200, "{}");
  EXPECT_TRUE(write({.table = TableName("leases"),
                     .kind = ItemWrite::Kind::remove,
                     .subject = R"({"leaseKey":{"S":"a"}})",
                     .update = {},
                     .condition = {}})
                  .value()
                  .applied);
  EXPECT_EQ(header(http_.requests.at(1), "X-Amz-Target"), "DynamoDB_20120810.DeleteItem");
  EXPECT_EQ(http_.requests.at(1).body, R"({"TableName":"leases","Key":{"leaseKey":{"S":"a"}}})");
}

TEST_F(DynamoDbWritesHttpTest, PassesOtherRefusalsOnAsErrors) {
  http_.answer(400, R"({"__type":"com.amazon.coral.validate#ValidationException","message":"Syntax error"})");
  EXPECT_EQ(write(kUpdate).error().kind, ErrorKind::refused);
  http_.answer(400, R"({"__type":"x#ProvisionedThroughputExceededException","message":"slow down"})");
  EXPECT_EQ(write(kUpdate).error().kind, ErrorKind::throttled);
  http_.answer(200, "<html>");
  EXPECT_EQ(write(kUpdate).error().kind, ErrorKind::corrupt);
}

}  // namespace
}  // namespace ctk::aws
