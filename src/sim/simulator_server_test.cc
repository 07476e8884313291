#include "sim/simulator_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "json/reader.h"

namespace ctk::sim {
namespace {

using testing::HasSubstr;

constexpr const char* kCreateTable =
    R"({"TableName":"demo","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],)"
    R"("AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST",)"
    R"("StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}})";

class SimulatorServerTest : public testing::Test {
 protected:
  httplib::Result post(const std::string& target, const std::string& body) {
    return client.Post("/", {{"X-Amz-Target", target}, {"Authorization", "AWS4-HMAC-SHA256 …"}}, body,
                       "application/x-amz-json-1.0");
  }
  httplib::Result call(const std::string& action, const std::string& body) {
    return post("Kinesis_20131202." + action, body);
  }
  httplib::Result dynamodb(const std::string& action, const std::string& body) {
    return post("DynamoDB_20120810." + action, body);
  }
  httplib::Result streams(const std::string& action, const std::string& body) {
    return post("DynamoDBStreams_20120810." + action, body);
  }
  std::string iterator(const std::string& type) {
    auto answer = call("GetShardIterator",
                       R"({"StreamName":"cdc","ShardId":"shardId-000000000000","ShardIteratorType":")" + type + R"("})");
    json::Parser parser;
    return std::string(json::string_member(parser.parse(answer->body).value(), "ShardIterator").value());
  }

  SystemClock clock;
  Services services{1};
  SimulatorServer server{services, clock};
  httplib::Client client{"127.0.0.1", server.port()};
};

TEST_F(SimulatorServerTest, CarriesAStreamFromPutToGet) {
  EXPECT_EQ(call("CreateStream", R"({"StreamName":"cdc","ShardCount":2})")->status, 200);
  EXPECT_THAT(call("DescribeStreamSummary", R"({"StreamName":"cdc"})")->body, HasSubstr(R"("StreamStatus":"ACTIVE")"));
  const auto put = call("PutRecord", R"({"StreamName":"cdc","Data":"aGVsbG8=","PartitionKey":"a"})");
  EXPECT_THAT(put->body, HasSubstr("shardId-000000000000"));
  const auto page = call("GetRecords", R"({"ShardIterator":")" + iterator("TRIM_HORIZON") + R"("})");
  EXPECT_THAT(page->body, HasSubstr(R"("Data":"aGVsbG8=")"));
  EXPECT_THAT(page->body, HasSubstr(R"("MillisBehindLatest":0)"));
  EXPECT_THAT(page->get_header_value("Date"), HasSubstr(" GMT"));
  EXPECT_THAT(call("ListShards", R"({"StreamName":"cdc"})")->body, HasSubstr("EndingHashKey"));
}

TEST_F(SimulatorServerTest, SharesItsPortWithNobody) {
  SimulatorServerOptions options;
  options.port = server.port();
  const SimulatorServer second(services, clock, options);
  EXPECT_FALSE(second.listening());
}

TEST_F(SimulatorServerTest, SaysNoAsTheServiceDoes) {
  auto answer = call("DescribeStream", R"({"StreamName":"none"})");
  EXPECT_EQ(answer->status, 400);
  EXPECT_THAT(answer->body, HasSubstr(R"("__type":"ResourceNotFoundException")"));
  EXPECT_THAT(call("Dance", "{}")->body, HasSubstr("UnknownOperationException"));
  EXPECT_THAT(call("ListShards", "nonsense")->body, HasSubstr("SerializationException"));
  EXPECT_THAT(client.Post("/", "{}", "application/x-amz-json-1.1")->body, HasSubstr("MissingAuthenticationToken"));
}

TEST_F(SimulatorServerTest, EndsAShardWithItsChildren) {
  call("CreateStream", R"({"StreamName":"cdc","ShardCount":1})");
  call("SplitShard", R"({"StreamName":"cdc","ShardToSplit":"shardId-000000000000","NewStartingHashKey":"1000"})");
  const auto page = call("GetRecords", R"({"ShardIterator":")" + iterator("TRIM_HORIZON") + R"("})");
  EXPECT_THAT(page->body, testing::Not(HasSubstr("NextShardIterator")));
  EXPECT_THAT(page->body, HasSubstr(R"("ParentShards":["shardId-000000000000"])"));
}

TEST_F(SimulatorServerTest, CarriesATableFromPutToItsStream) {
  EXPECT_THAT(dynamodb("CreateTable", kCreateTable)->body, HasSubstr(R"("TableStatus":"ACTIVE")"));
  EXPECT_EQ(dynamodb("PutItem", R"({"TableName":"demo","Item":{"pk":{"S":"a"},"n":{"N":"01"}}})")->status, 200);
  EXPECT_THAT(dynamodb("UpdateItem", R"({"TableName":"demo","Key":{"pk":{"S":"a"}},"UpdateExpression":"ADD n :n",)"
                                     R"("ExpressionAttributeValues":{":n":{"N":"2"}},"ReturnValues":"ALL_NEW"})")
                  ->body,
              HasSubstr(R"("n":{"N":"3"})"));
  const auto scan =
      dynamodb("Scan", R"({"TableName":"demo","Segment":0,"TotalSegments":1,"ReturnConsumedCapacity":"TOTAL"})");
  EXPECT_THAT(scan->body, HasSubstr(R"("Items":[{"n":{"N":"3"},"pk":{"S":"a"}}],"Count":1)"));
  EXPECT_THAT(scan->body, HasSubstr(R"("CapacityUnits":0.5)"));
  EXPECT_EQ(scan->get_header_value("Content-Type"), "application/x-amz-json-1.0");
  EXPECT_THAT(dynamodb("PutItem", R"({"TableName":"demo","Item":{"pk":{"N":"1"}}})")->body,
              HasSubstr(R"("__type":"com.amazon.coral.validate#ValidationException")"));

  const std::string arn = services.dynamodb.stream_of("demo");
  const auto described = streams("DescribeStream", R"({"StreamArn":")" + arn + R"("})");
  EXPECT_THAT(described->body, HasSubstr(R"("StreamViewType":"NEW_AND_OLD_IMAGES")"));
  const std::string shard = services.streams.stream(arn)->shards()[0].id.str();
  const auto iterator = streams("GetShardIterator", R"({"StreamArn":")" + arn + R"(","ShardId":")" + shard +
                                                        R"(","ShardIteratorType":"TRIM_HORIZON"})");
  const auto page = streams("GetRecords", iterator->body);
  EXPECT_THAT(page->body, HasSubstr(R"("eventName":"MODIFY")"));
  EXPECT_THAT(page->body, HasSubstr("NextShardIterator"));
}

TEST_F(SimulatorServerTest, RunsTheActionsThatItIsAskedFor) {
  const auto act = [&](const std::string& body) { return client.Post("/simulator", body, "application/json"); };
  client.set_keep_alive(true);
  dynamodb("CreateTable", kCreateTable);
  EXPECT_EQ(act(R"({"action":"roll-shard","table":"demo"})")->body, R"({"shards":1})");
  EXPECT_EQ(act(R"({"action":"split-shard","table":"demo","all":true})")->body, R"({"shards":1})");
  EXPECT_EQ(services.streams.stream(services.dynamodb.stream_of("demo"))->shards().size(), 4u);
  EXPECT_EQ(act(R"({"action":"throttle","table":"demo","seconds":60})")->status, 200);
  EXPECT_THAT(dynamodb("Scan", R"({"TableName":"demo"})")->body, HasSubstr("ThrottlingException"));
  EXPECT_EQ(act(R"({"action":"kill-connections"})")->status, 200);
  EXPECT_FALSE(dynamodb("ListTables", "{}")) << "a connection from before breaks";
  EXPECT_TRUE(dynamodb("ListTables", "{}")) << "a new one works";
  EXPECT_THAT(act(R"({"action":"advance-clock","seconds":1})")->body, HasSubstr("cannot be moved"));
  EXPECT_THAT(act(R"({"action":"dance"})")->body, HasSubstr("No action"));
  EXPECT_EQ(act(R"({"action":"roll-shard","table":"none"})")->status, 400);
  EXPECT_EQ(act(R"({"action":"throttle","table":"none","seconds":60})")->status, 400);
  EXPECT_EQ(act(R"({"action":"throttle","stream":"none","seconds":60})")->status, 400);
  EXPECT_EQ(act(R"({"action":"trim","stream":"none"})")->status, 400);
  for (const char* more : {R"("seconds":"x")", R"("seconds":"60")", R"("seconds":1.5)", R"("seconds":-1)",
                           R"("seconds":null)", R"("secnds":60)", R"("all":"yes")", R"("stream":7)"}) {
    const auto answer = act(R"({"action":"trim","table":"demo",)" + std::string(more) + "}");
    EXPECT_EQ(answer->status, 400) << more;
    EXPECT_THAT(answer->body, HasSubstr("ValidationException")) << more;
  }
  EXPECT_EQ(act(R"({"action":"trim","table":"demo","seconds":60})")->status, 200);
}

TEST_F(SimulatorServerTest, FailsOnDemand) {
  call("CreateStream", R"({"StreamName":"cdc","ShardCount":1})");
  server.set_faults({.server_error = 1});
  EXPECT_EQ(call("ListStreams", "{}")->status, 500);
  server.set_faults({.throttled = 1});
  EXPECT_THAT(call("ListStreams", "{}")->body, HasSubstr("ProvisionedThroughputExceededException"));
  server.set_faults({.lost_answer = 1});
  EXPECT_FALSE(call("PutRecord", R"({"StreamName":"cdc","Data":"aGVsbG8=","PartitionKey":"a"})"));
  server.set_faults({});
  EXPECT_EQ(services.kinesis.stream("cdc")->shards()[0].records.size(), 1u) << "the work was done all the same";
}

}  // namespace
}  // namespace ctk::sim
