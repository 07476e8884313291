#include "aws/table_settings.h"

#include <gmock/gmock.h>

#include "aws/credentials/sts.h"
#include "aws/http_testing.h"

namespace ctk::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TableSettingsTest : public HttpClientTest {
 protected:
  TableSettings settings_{{"http://localhost:8000", "eu-central-1"}, credentials_, http_, decoder_, loop_};
};

TEST_F(TableSettingsTest, ReadsWhereATablesChangesGo) {
  http_.answer(200,
               R"({"TableName":"demo","KinesisDataStreamDestinations":[)"
               R"({"StreamArn":"arn:a","DestinationStatus":"ACTIVE","ApproximateCreationDateTimePrecision":"MILLISECOND"},)"
               R"({"StreamArn":"arn:b","DestinationStatus":"DISABLED"}]})");
  using Found = std::vector<KinesisDestination>;
  const auto found =
      run<Found>([&](Done<Found> done) { settings_.kinesis_destinations(TableName("demo"), std::move(done)); });
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre(KinesisDestination{Arn("arn:a"), "ACTIVE", "MILLISECOND"},
                                  KinesisDestination{Arn("arn:b"), "DISABLED", ""}));
  EXPECT_EQ(header(http_.requests.at(0), "X-Amz-Target"), "DynamoDB_20120810.DescribeKinesisStreamingDestination");
  EXPECT_EQ(http_.requests.at(0).body, R"({"TableName":"demo"})");
}

TEST_F(TableSettingsTest, ReadsWhetherThereIsPointInTimeRecovery) {
  const auto ask = [&] {
    return run<bool>([&](Done<bool> done) { settings_.point_in_time_recovery(TableName("demo"), std::move(done)); });
  };
  http_.answer(200, R"({"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED",)"
                    R"("PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}})");
  EXPECT_TRUE(ask().value());
  http_.answer(200, R"({"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED"}})");
  EXPECT_FALSE(ask().value());
  http_.answer(400, R"({"__type":"UnknownOperationException"})");
  EXPECT_EQ(ask().error().kind, ErrorKind::refused);
}

TEST(CallerIdentityTest, IsAskedForAndRead) {
  const Credentials signer{AccessKeyId("AKID"), Secret("secret"), std::nullopt, "test"};
  const auto request = caller_identity_request({"https://sts.eu-central-1.amazonaws.com", "eu-central-1"}, signer,
                                               parse_timestamp("2026-11-22T03:32:55Z").value());
  EXPECT_EQ(request.body, "Action=GetCallerIdentity&Version=2011-06-15");
  EXPECT_THAT(header(request, "Authorization"), HasSubstr("Credential=AKID/20261122/eu-central-1/sts/aws4_request"));
  const auto read = [](int status, std::string body) {
    net::HttpResponse answer;
    answer.status = status;
    answer.body = std::move(body);
    return read_caller_identity(answer);
  };
  const auto identity = read(200,
                             "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/a</Arn>"
                             "<Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->arn, "arn:aws:iam::1:user/a");
  EXPECT_EQ(identity->account, "1");
  EXPECT_EQ(read(200, "hello").error().kind, ErrorKind::refused);
  EXPECT_EQ(read(403, "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>").error().kind,
            ErrorKind::denied);
}

}  // namespace
}  // namespace ctk::aws
