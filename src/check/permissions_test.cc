#include "check/permissions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace ctk::check {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines(const SourceNeeds& needs) {
  std::vector<std::string> found;
  for (const Permission& each : permissions_of(needs)) found.push_back(each.action + " " + each.resource);
  return found;
}

TEST(Permissions, OfAKinesisStream) {
  EXPECT_THAT(lines({.region = "eu-central-1", .kinesis = "cdc"}),
              ElementsAre("kinesis:DescribeStreamSummary arn:aws:kinesis:eu-central-1:*:stream/cdc",
                          "kinesis:ListShards arn:aws:kinesis:eu-central-1:*:stream/cdc",
                          "kinesis:GetShardIterator arn:aws:kinesis:eu-central-1:*:stream/cdc",
                          "kinesis:GetRecords arn:aws:kinesis:eu-central-1:*:stream/cdc"));
  const std::string arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/cdc";
  EXPECT_THAT(
      lines({.region = "eu-west-1", .kinesis = arn, .fan_out = "me"}),
      ElementsAre("kinesis:DescribeStreamSummary " + arn, "kinesis:DescribeStreamConsumer " + arn + "/consumer/me:*",
                  "kinesis:RegisterStreamConsumer " + arn, "kinesis:ListShards " + arn, "kinesis:GetShardIterator " + arn,
                  "kinesis:SubscribeToShard " + arn + "/consumer/me:*"));
  EXPECT_THAT(lines({.region = "eu-west-1", .kinesis = arn, .create_kinesis = true}),
              ElementsAre("kinesis:DescribeStreamSummary " + arn, "kinesis:CreateStream " + arn,
                          "kinesis:ListShards " + arn, "kinesis:GetShardIterator " + arn, "kinesis:GetRecords " + arn));
}

TEST(Permissions, OfATablesStreamAndItsItems) {
  const std::string table = "arn:aws-cn:dynamodb:cn-north-1:*:table/orders";
  EXPECT_THAT(
      lines({.region = "cn-north-1", .table_stream = "orders", .enable_stream = true, .scanned = "orders"}),
      ElementsAre("dynamodb:DescribeTable " + table, "dynamodb:UpdateTable " + table,
                  "dynamodb:DescribeStream " + table + "/stream/*", "dynamodb:GetShardIterator " + table + "/stream/*",
                  "dynamodb:GetRecords " + table + "/stream/*", "dynamodb:Scan " + table));
}

TEST(Permissions, AStreamThatIsNamedIsNotLookedFor) {
  const std::string stream = "arn:aws:dynamodb:us-east-1:1:table/orders/stream/2026-11-22T03:32:51.742";
  EXPECT_THAT(lines({.region = "us-east-1", .table_stream = stream, .enable_stream = true}),
              ElementsAre("dynamodb:DescribeStream " + stream, "dynamodb:GetShardIterator " + stream,
                          "dynamodb:GetRecords " + stream));
}

TEST(Permissions, OfLeasesThatWorkersShare) {
  const std::vector<Permission> needed =
      permissions_of({.region = "us-east-1", .kinesis = "cdc", .leases = {"workers", "workers-load"}});
  const std::string workers = "arn:aws:dynamodb:us-east-1:*:table/workers";
  ASSERT_EQ(needed.size(), 4u + 7u + 7u + 4u);
  EXPECT_EQ(needed[17], (Permission{"dynamodb:DeleteItem", workers + "-load"}));
  // A worker looks whether others of KCL 3 live, and then reports as they do.
  EXPECT_EQ(needed[18], (Permission{"dynamodb:GetItem", workers + "-CoordinatorState"}));
  EXPECT_EQ(needed[19], (Permission{"dynamodb:Scan", workers + "-WorkerMetricStats"}));
  EXPECT_EQ(needed[20], (Permission{"dynamodb:UpdateItem", workers + "-WorkerMetricStats"}));
  EXPECT_EQ(needed[21], (Permission{"dynamodb:DeleteItem", workers + "-WorkerMetricStats"}));
  EXPECT_THAT(policy_json(needed), testing::HasSubstr("\"Sid\": \"ShareTheLeases\""));
  EXPECT_THAT(policy_json(needed), testing::HasSubstr("\"Sid\": \"ShareTheLoad\""));
  EXPECT_THAT(policy_json(needed), testing::HasSubstr("\"Sid\": \"SeeTheLeaderOfKcl3\""));
  EXPECT_THAT(policy_json(needed), testing::HasSubstr("\"Sid\": \"ReportToTheLeaderOfKcl3\""));
}

TEST(Permissions, AsAPolicy) {
  EXPECT_EQ(policy_json(permissions_of({.region = "us-gov-west-1", .kinesis = "cdc", .scanned = "orders"})), R"({
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ReadTheKinesisStream",
      "Effect": "Allow",
      "Resource": "arn:aws-us-gov:kinesis:us-gov-west-1:*:stream/cdc",
      "Action": [
        "kinesis:DescribeStreamSummary",
        "kinesis:ListShards",
        "kinesis:GetShardIterator",
        "kinesis:GetRecords"
      ]
    },
    {
      "Sid": "ReadTheTable",
      "Effect": "Allow",
      "Resource": "arn:aws-us-gov:dynamodb:us-gov-west-1:*:table/orders",
      "Action": [
        "dynamodb:DescribeTable",
        "dynamodb:Scan"
      ]
    }
  ]
}
)");
  EXPECT_EQ(policy_json({}), "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": []\n}\n");
}

std::vector<std::string> lines_with(const std::string& text, const std::string& word) {
  std::vector<std::string> found;
  std::istringstream rest(text);
  for (std::string line; std::getline(rest, line);) {
    if (line.contains(word)) found.push_back(line);
  }
  return found;
}

TEST(Permissions, StatementsOfSeveralRelaysHaveIdsOfTheirOwn) {
  std::vector<Permission> needed;
  for (const char* table : {"orders", "customers"}) {
    for (Permission& each : permissions_of({.region = "eu-central-1", .table_stream = table, .scanned = table}))
      needed.push_back(std::move(each));
  }
  for (Permission& each : permissions_of({.region = "eu-central-1", .table_stream = "events"}))
    needed.push_back(std::move(each));
  const std::string policy = policy_json(needed);
  EXPECT_THAT(lines_with(policy, "\"Sid\""),
              testing::ElementsAre("      \"Sid\": \"ReadTheTable\",", "      \"Sid\": \"ReadTheTablesStream\",",
                                   "      \"Sid\": \"ReadTheTable2\","))
      << policy;
  EXPECT_THAT(lines_with(policy, "Scan"), testing::SizeIs(1)) << "for both tables at once";
  EXPECT_THAT(lines_with(policy, "/stream/*"), testing::SizeIs(3));
  EXPECT_THAT(policy, testing::HasSubstr(R"(      "Sid": "ReadTheTable2",
      "Effect": "Allow",
      "Resource": "arn:aws:dynamodb:eu-central-1:*:table/events",
      "Action": [
        "dynamodb:DescribeTable"
      ]
)"));
}

}  // namespace
}  // namespace ctk::check
