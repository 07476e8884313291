#include "sim/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "json/reader.h"

namespace ctk::sim {
namespace {

using testing::HasSubstr;

class HttpServerTest : public testing::Test {
 protected:
  httplib::Result call(const std::string& action, const std::string& body) {
    return client.Post("/", {{"X-Amz-Target", "Kinesis_20131202." + action}, {"Authorization", "AWS4-HMAC-SHA256 …"}}, body,
                       "application/x-amz-json-1.1");
  }
  std::string iterator(const std::string& type) {
    auto answer = call("GetShardIterator",
                       R"({"StreamName":"cdc","ShardId":"shardId-000000000000","ShardIteratorType":")" + type + R"("})");
    json::Parser parser;
    return std::string(json::string_member(parser.parse(answer->body).value(), "ShardIterator").value());
  }

  SystemClock clock;
  Kinesis kinesis{{}};
  HttpServer server{kinesis, clock};
  httplib::Client client{"127.0.0.1", server.port()};
};

TEST_F(HttpServerTest, CarriesAStreamFromPutToGet) {
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

TEST_F(HttpServerTest, SaysNoAsTheServiceDoes) {
  auto answer = call("DescribeStream", R"({"StreamName":"none"})");
  EXPECT_EQ(answer->status, 400);
  EXPECT_THAT(answer->body, HasSubstr(R"("__type":"ResourceNotFoundException")"));
  EXPECT_THAT(call("Dance", "{}")->body, HasSubstr("UnknownOperationException"));
  EXPECT_THAT(call("ListShards", "nonsense")->body, HasSubstr("SerializationException"));
  EXPECT_THAT(client.Post("/", "{}", "application/x-amz-json-1.1")->body, HasSubstr("MissingAuthenticationToken"));
}

TEST_F(HttpServerTest, EndsAShardWithItsChildren) {
  call("CreateStream", R"({"StreamName":"cdc","ShardCount":1})");
  call("SplitShard", R"({"StreamName":"cdc","ShardToSplit":"shardId-000000000000","NewStartingHashKey":"1000"})");
  const auto page = call("GetRecords", R"({"ShardIterator":")" + iterator("TRIM_HORIZON") + R"("})");
  EXPECT_THAT(page->body, testing::Not(HasSubstr("NextShardIterator")));
  EXPECT_THAT(page->body, HasSubstr(R"("ParentShards":["shardId-000000000000"])"));
}

TEST_F(HttpServerTest, FailsOnDemand) {
  call("CreateStream", R"({"StreamName":"cdc","ShardCount":1})");
  server.set_faults({.server_error = 1});
  EXPECT_EQ(call("ListStreams", "{}")->status, 500);
  server.set_faults({.throttled = 1});
  EXPECT_THAT(call("ListStreams", "{}")->body, HasSubstr("ProvisionedThroughputExceededException"));
  server.set_faults({.lost_answer = 1});
  EXPECT_FALSE(call("PutRecord", R"({"StreamName":"cdc","Data":"aGVsbG8=","PartitionKey":"a"})"));
  server.set_faults({});
  EXPECT_EQ(kinesis.stream("cdc")->shards()[0].records.size(), 1u) << "the work was done all the same";
}

}  // namespace
}  // namespace ctk::sim
