#include "aws/endpoints.h"

#include <gtest/gtest.h>

#include "aws/environment_testing.h"

namespace ctk::aws {
namespace {

const Files kFiles{{"/home/.aws/config",
                    "[default]\nregion = eu-central-1\n[profile dev]\nregion = us-west-2\nservices = local\n"
                    "endpoint_url = http://all:1/\n[services local]\nkinesis =\n  endpoint_url = http://kinesis:2\n"}};

TEST(Region, FollowsItsOrder) {
  Environment both = environment_of({{"AWS_REGION", "a"}, {"AWS_DEFAULT_REGION", "b"}}, kFiles);
  EXPECT_EQ(find_region("given", std::nullopt, both), "given");
  EXPECT_EQ(find_region(std::nullopt, std::nullopt, both), "a");
  EXPECT_EQ(find_region(std::nullopt, std::nullopt, environment_of({{"AWS_DEFAULT_REGION", "b"}})), "b");
  EXPECT_EQ(find_region(std::nullopt, std::nullopt, environment_of({}, kFiles)), "eu-central-1");
  EXPECT_EQ(find_region(std::nullopt, "dev", environment_of({}, kFiles)), "us-west-2");
  EXPECT_EQ(find_region(std::nullopt, std::nullopt, environment_of({})), std::nullopt);
}

TEST(Endpoint, FollowsItsOrder) {
  Environment both =
      environment_of({{"AWS_ENDPOINT_URL_KINESIS", "http://one:1"}, {"AWS_ENDPOINT_URL", "http://two:2/"}}, kFiles);
  EXPECT_EQ(find_endpoint("kinesis", "r", "http://given:9/", "dev", both), "http://given:9");
  EXPECT_EQ(find_endpoint("kinesis", "r", std::nullopt, "dev", both), "http://one:1");
  EXPECT_EQ(find_endpoint("dynamodb", "r", std::nullopt, "dev", both), "http://two:2");
  EXPECT_EQ(find_endpoint("kinesis", "r", std::nullopt, "dev", environment_of({}, kFiles)), "http://kinesis:2");
  EXPECT_EQ(find_endpoint("dynamodb", "r", std::nullopt, "dev", environment_of({}, kFiles)), "http://all:1");
  Environment streams = environment_of({{"AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "http://s:3"}});
  EXPECT_EQ(find_endpoint("dynamodb-streams", "r", std::nullopt, std::nullopt, streams), "http://s:3");
  Environment none =
      environment_of({{"AWS_ENDPOINT_URL", "http://two:2"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}});
  EXPECT_EQ(find_endpoint("kinesis", "eu-central-1", std::nullopt, std::nullopt, none),
            "https://kinesis.eu-central-1.amazonaws.com");
  EXPECT_EQ(find_endpoint("dynamodb-streams", "cn-north-1", std::nullopt, std::nullopt, none),
            "https://streams.dynamodb.cn-north-1.amazonaws.com.cn");
}

TEST(Endpoint, HasTheNameOfItsPartition) {
  const auto kinesis_in = [](const char* region, std::map<std::string, std::string> variables = {}) {
    return find_endpoint("kinesis", region, std::nullopt, std::nullopt, environment_of(std::move(variables)));
  };
  EXPECT_EQ(kinesis_in("us-gov-west-1"), "https://kinesis.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(kinesis_in("us-iso-east-1"), "https://kinesis.us-iso-east-1.c2s.ic.gov");
  EXPECT_EQ(kinesis_in("us-isob-east-1"), "https://kinesis.us-isob-east-1.sc2s.sgov.gov");
  EXPECT_EQ(kinesis_in("eu-isoe-west-1"), "https://kinesis.eu-isoe-west-1.cloud.adc-e.uk");
  EXPECT_EQ(kinesis_in("eusc-de-east-1"), "https://kinesis.eusc-de-east-1.amazonaws.eu");
  EXPECT_EQ(kinesis_in("cn-north-1", {{"AWS_USE_DUALSTACK_ENDPOINT", "true"}}),
            "https://kinesis.cn-north-1.api.amazonwebservices.com.cn");
}

TEST(Endpoint, IsFipsAndDualStackWhereThatIsWanted) {
  const auto endpoint = [](const char* service, std::map<std::string, std::string> variables, const char* region) {
    return find_endpoint(service, region, std::nullopt, std::nullopt, environment_of(std::move(variables)));
  };
  EXPECT_EQ(endpoint("kinesis", {{"AWS_USE_FIPS_ENDPOINT", "true"}}, "us-east-1"),
            "https://kinesis-fips.us-east-1.amazonaws.com");
  EXPECT_EQ(endpoint("dynamodb-streams", {{"AWS_USE_FIPS_ENDPOINT", "TRUE"}}, "us-east-1"),
            "https://streams.dynamodb-fips.us-east-1.amazonaws.com");
  EXPECT_EQ(endpoint("dynamodb", {{"AWS_USE_FIPS_ENDPOINT", "true"}}, "us-gov-west-1"),
            "https://dynamodb.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(endpoint("dynamodb", {{"AWS_USE_DUALSTACK_ENDPOINT", "true"}}, "eu-west-1"),
            "https://dynamodb.eu-west-1.api.aws");
  EXPECT_EQ(endpoint("sts", {{"AWS_USE_FIPS_ENDPOINT", "true"}, {"AWS_USE_DUALSTACK_ENDPOINT", "true"}}, "us-east-1"),
            "https://sts-fips.us-east-1.api.aws");
  const Environment both =
      environment_of({{"AWS_USE_FIPS_ENDPOINT", "false"}},
                     {{"/home/.aws/config", "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n"}});
  EXPECT_EQ(find_endpoint("kinesis", "us-east-1", std::nullopt, std::nullopt, both), "https://kinesis.us-east-1.api.aws");
}

}  // namespace
}  // namespace ctk::aws
