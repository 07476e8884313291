#include "aws/call_metrics.h"

#include <gmock/gmock.h>

namespace ctk::aws {
namespace {

using testing::HasSubstr;

/// Gives the answer that it was told to give.
class OneAnswer final : public net::HttpClient {
 public:
  void send(net::HttpRequest, net::HttpDone done) override { done(answer); }
  Result<net::HttpResponse> answer;
};

net::HttpResponse response(int status, std::string body) {
  net::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

TEST(CountedCalls, CountsEachCallByItsOperationAndOutcome) {
  Metrics metrics;
  OneAnswer service;
  CountedCalls counted(service, metrics);
  const auto call = [&](const std::string& target, Result<net::HttpResponse> answer) {
    service.answer = std::move(answer);
    net::HttpRequest request;
    request.headers = {{"X-Amz-Target", target}};
    bool passed_on = false;
    counted.send(std::move(request), [&](const Result<net::HttpResponse>&) { passed_on = true; });
    EXPECT_TRUE(passed_on);
  };
  call("Kinesis_20131202.GetRecords", response(200, "{}"));
  call("Kinesis_20131202.GetRecords", response(200, "{}"));
  call("Kinesis_20131202.GetRecords", response(400, R"({"__type":"ProvisionedThroughputExceededException"})"));
  call("DynamoDBStreams_20120810.GetRecords", fail(ErrorKind::unreachable, "connection refused"));
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("ctk_aws_calls_total{operation=\"kinesis:GetRecords\",outcome=\"ok\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("ctk_aws_calls_total{operation=\"kinesis:GetRecords\",outcome=\"throttled\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ctk_aws_calls_total{operation=\"dynamodb:GetRecords\",outcome=\"unreachable\"} 1\n"));
}

TEST(CountedCalls, NamesOperationsAsPoliciesDo) {
  EXPECT_EQ(operation_of("Kinesis_20131202.ListShards"), "kinesis:ListShards");
  EXPECT_EQ(operation_of("DynamoDB_20120810.Scan"), "dynamodb:Scan");
  EXPECT_EQ(operation_of("DynamoDBStreams_20120810.DescribeStream"), "dynamodb:DescribeStream");
  EXPECT_EQ(operation_of(""), "other");
  EXPECT_EQ(operation_of("x."), "other");
}

}  // namespace
}  // namespace ctk::aws
