#include "sim/access.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sts_form.h"

namespace ctk::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Timestamp kNow = parse_timestamp("2026-11-22T03:32:55Z").value();
constexpr const char* kTable = "arn:aws:dynamodb:us-east-1:000000000000:table/demo";
constexpr const char* kStream = "arn:aws:kinesis:us-east-1:000000000000:stream/cdc";

class Access : public testing::Test {
 protected:
  std::vector<IamAccess> of(ServiceName service, std::string_view action, const std::string& body) {
    return accesses_of(services_, service, action, body);
  }
  Services services_{1};
};

TEST_F(Access, TablesAreMeantByNameByArnAndInBatches) {
  EXPECT_THAT(of(ServiceName::dynamodb, "Scan", R"({"TableName":"demo"})"),
              ElementsAre(IamAccess{"dynamodb:Scan", kTable}));
  EXPECT_THAT(of(ServiceName::dynamodb, "Scan", fmt::format(R"({{"TableName":"{}"}})", kTable)),
              ElementsAre(IamAccess{"dynamodb:Scan", kTable}));
  EXPECT_THAT(of(ServiceName::dynamodb, "BatchWriteItem", R"({"RequestItems":{"demo":[]}})"),
              ElementsAre(IamAccess{"dynamodb:BatchWriteItem", kTable}));
  EXPECT_THAT(of(ServiceName::dynamodb, "ListTables", ""), ElementsAre(IamAccess{"dynamodb:ListTables", "*"}));
}

TEST_F(Access, IteratorsTellTheirStream) {
  ASSERT_TRUE(services_.kinesis.create_stream("other", 1, kNow));
  ASSERT_TRUE(services_.kinesis.create_stream("cdc", 1, kNow));
  const auto iterator = services_.kinesis.get_shard_iterator("cdc", "shardId-000000000000", {}, kNow);
  ASSERT_TRUE(iterator);
  EXPECT_THAT(of(ServiceName::kinesis, "GetRecords", fmt::format(R"({{"ShardIterator":"{}"}})", *iterator)),
              ElementsAre(IamAccess{"kinesis:GetRecords", kStream}));
  EXPECT_THAT(of(ServiceName::streams, "GetRecords", R"({"ShardIterator":"arn:x:table/demo/stream/y|1|AAAA"})"),
              ElementsAre(IamAccess{"dynamodb:GetRecords", "arn:x:table/demo/stream/y"}));
  EXPECT_THAT(of(ServiceName::kinesis, "ListShards", R"({"StreamName":"cdc"})"),
              ElementsAre(IamAccess{"kinesis:ListShards", kStream}));
}

TEST_F(Access, IsRefusedInTheServicesWords) {
  const auto policy = parse_iam_policy(R"({"Statement":{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*"}})");
  ASSERT_TRUE(policy);
  const std::string caller = caller_of("AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/dynamodb/aws4_request", "1");
  EXPECT_TRUE(authorise(*policy, caller, {{"dynamodb:Scan", kTable}}));
  const auto refused = authorise(*policy, caller, {{"dynamodb:GetRecords", kTable}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "AccessDeniedException");
  EXPECT_EQ(refused.error().message,
            fmt::format("User: arn:aws:iam::1:user/AKID is not authorized to perform: dynamodb:GetRecords on resource: {} "
                        "because no identity-based policy allows the dynamodb:GetRecords action",
                        kTable));
}

TEST_F(Access, WhoCallsIsTold) {
  const WireAnswer answer = answer_sts("Action=GetCallerIdentity&Version=2011-06-15", "arn:aws:iam::1:user/AKID", "1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("<Arn>arn:aws:iam::1:user/AKID</Arn><UserId>AKID</UserId><Account>1</Account>"));
  EXPECT_EQ(answer_sts("Action=AssumeRole", "a", "1").status, 400);
}

}  // namespace
}  // namespace ctk::sim
