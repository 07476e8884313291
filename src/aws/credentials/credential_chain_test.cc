#include "aws/credentials/credential_chain.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/environment_testing.h"
#include "aws/http_testing.h"
#include "base/testing/answer.h"

namespace ctk::aws {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr const char* kServiceKeys =
    R"({"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"HIDDEN","Token":"TOKEN","Expiration":"2026-11-29T18:00:00Z"})";
constexpr const char* kStsKeys =
    "<{0}Response xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><{0}Result><Credentials><AccessKeyId>ROLE</AccessKeyId>"
    "<SecretAccessKey>HIDDEN</SecretAccessKey><SessionToken>a&amp;b</SessionToken>"
    "<Expiration>2026-11-29T17:00:00Z</Expiration></Credentials></{0}Result></{0}Response>";

std::string sts_keys(const char* action) { return fmt::format(fmt::runtime(kStsKeys), action); }

class CredentialChainTest : public testing::Test {
 protected:
  Result<Credentials> fetch(const Environment& environment, CredentialRequest request = {}) {
    const auto executor = [this] { return std::make_unique<InlineExecutor>(loop_); };
    chain_ = make_credential_chain(std::move(request), [environment] { return environment; },
                                   {http_, loop_, loop_, random_, log_, executor});
    return again();
  }
  Result<Credentials> again() {
    return answer_of<Credentials>(loop_, [&](Done<Credentials> done) { chain_->fetch(std::move(done)); });
  }
  /// The error; no secret is in it.
  Error failed(const Environment& environment) {
    const Result<Credentials> found = fetch(environment);
    EXPECT_FALSE(found);
    if (found) return {};
    EXPECT_THAT(to_string(found.error()), Not(HasSubstr("HIDDEN")));
    return found.error();
  }
  static Environment with_config(const std::string& config, Files files = {}) {
    files["/home/.aws/config"] = config;
    return environment_of({{"AWS_REGION", "eu-west-1"}}, files);
  }

  VirtualLoop loop_{parse_timestamp("2026-11-29T16:00:00Z").value()};
  Random random_{1};
  NullLog log_;
  FakeHttp http_{loop_};
  std::unique_ptr<CredentialProvider> chain_;
};

TEST_F(CredentialChainTest, AsksInstanceMetadataForATokenARoleAndItsKeys) {
  http_.answer(200, "session");
  http_.answer(200, "reader\nother");
  http_.answer(200, kServiceKeys);
  const auto found = fetch(environment_of({}));
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->access_key.str(), "AKID");
  EXPECT_EQ(found->session_token, Secret("TOKEN"));
  EXPECT_EQ(found->expires, parse_timestamp("2026-11-29T18:00:00Z").value());
  EXPECT_EQ(found->origin, "instance metadata");
  ASSERT_THAT(http_.requests, SizeIs(3));
  EXPECT_EQ(http_.requests[0].method, "PUT");
  EXPECT_EQ(http_.requests[0].url, "http://169.254.169.254/latest/api/token");
  EXPECT_EQ(header(http_.requests[1], "x-aws-ec2-metadata-token"), "session");
  EXPECT_EQ(http_.requests[2].url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/reader");
  EXPECT_TRUE(http_.requests[2].direct) << "no proxy gets the token";
}

TEST_F(CredentialChainTest, TakesASilentMetadataServiceForNoneAtFirstAndForAnOutageLater) {
  for (int i = 0; i < 3; ++i)
    http_.answers.emplace_back(fail(ErrorKind::unreachable, "cannot connect to 169.254.169.254:80"));
  const Error nothing = failed(environment_of({}));
  EXPECT_EQ(nothing.kind, ErrorKind::denied);
  EXPECT_EQ(nothing.message, "no AWS credentials found");
  EXPECT_THAT(nothing.hint, AllOf(HasSubstr("environment (AWS_ACCESS_KEY_ID is not set)"), HasSubstr("profile 'default'"),
                                  HasSubstr("instance metadata (cannot connect to 169.254.169.254:80)")));
  for (const char* body : {"session", "reader", kServiceKeys}) http_.answer(200, body);
  ASSERT_TRUE(again());
  for (int i = 0; i < 3; ++i)
    http_.answers.emplace_back(fail(ErrorKind::unreachable, "cannot connect to 169.254.169.254:80"));
  EXPECT_EQ(again().error().kind, ErrorKind::unreachable);
}

TEST_F(CredentialChainTest, SaysWhatInstanceMetadataLacks) {
  http_.answer(403, "");
  EXPECT_THAT(failed(environment_of({})).hint, HasSubstr("switched off"));
  http_.answer(200, "two\r\nx: lines");
  EXPECT_THAT(failed(environment_of({})).hint, HasSubstr("more than one line"));
  http_.answer(200, "session");
  http_.answer(404, "");
  EXPECT_THAT(failed(environment_of({})).hint, HasSubstr("the instance has no role"));
  http_.answer(200, "session");
  http_.answer(200, "../../x");
  EXPECT_THAT(failed(environment_of({})).hint, HasSubstr("role cannot be read"));
  http_.answer(200, "session");
  http_.answer(200, "reader");
  http_.answer(200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"})");
  EXPECT_EQ(failed(environment_of({})).peer, "AssumeRoleUnauthorizedAccess: EC2 cannot assume the role");
}

TEST_F(CredentialChainTest, AsksTheContainersEndpointWithItsToken) {
  http_.answer(200, kServiceKeys);
  const auto found = fetch(environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
                                           {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"}},
                                          {{"/token", "jwt\n"}}));
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->origin, "container endpoint");
  EXPECT_EQ(header(http_.requests.at(0), "Authorization"), "jwt");
  EXPECT_TRUE(http_.requests.at(0).direct);
}

TEST_F(CredentialChainTest, SaysWhatTheContainersEndpointSays) {
  std::map<std::string, std::string> variables{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/keys"}};
  http_.answer(400, R"({"code":"AccessDenied","message":"no role"})");
  const Error error = failed(environment_of(variables));
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message, HasSubstr("no AWS credentials from container endpoint: "));
  EXPECT_EQ(error.peer, "AccessDenied: no role");
  for (int i = 0; i < 3; ++i) http_.answer(503, "");
  EXPECT_EQ(failed(environment_of(variables)).kind, ErrorKind::unreachable);
  http_.answer(200, R"({"AccessKeyId":"A","SecretAccessKey":"HIDDEN","Expiration":"HIDDEN"})");
  EXPECT_THAT(failed(environment_of(variables)).message, HasSubstr("no moment in ISO-8601"));
  http_.answer(200, "HIDDEN {");
  EXPECT_THAT(failed(environment_of(variables)).message, HasSubstr("no JSON object"));
  variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "HIDDEN\r\nX: y";
  EXPECT_THAT(failed(environment_of(variables)).message, HasSubstr("more than one line"));
  variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/absent";
  EXPECT_THAT(failed(environment_of(variables)).message, HasSubstr("/absent"));
}

TEST_F(CredentialChainTest, AsksOnlyThisMachineAndTheServicesWithoutTls) {
  for (const char* url : {"http://example.com/keys", "http://127.0.0.1.example.com/", "http://10.0.0.1/",
                          "ftp://localhost/", "http://u:HIDDEN@localhost/", "/keys"}) {
    EXPECT_EQ(failed(environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}})).kind, ErrorKind::usage) << url;
  }
  EXPECT_EQ(failed(environment_of({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.com/"}})).kind, ErrorKind::usage);
  EXPECT_THAT(http_.requests, SizeIs(0));
}

TEST_F(CredentialChainTest, AssumesARoleWithKeysOfAProfile) {
  http_.answer(503, "");
  http_.answer(200, sts_keys("AssumeRole"));
  const auto found =
      fetch(with_config("[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nexternal_id = x/y\n"
                        "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = HIDDEN\n"
                        "aws_session_token = basetoken\n"));
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->access_key.str(), "ROLE");
  EXPECT_EQ(found->session_token, Secret("a&b"));
  EXPECT_EQ(found->origin, "arn:aws:iam::1:role/r by profile 'base'");
  ASSERT_THAT(http_.requests, SizeIs(2)) << "a 503 is asked again";
  EXPECT_EQ(http_.requests[1].url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(http_.requests[1].body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=ctk-1795968000&"
            "ExternalId=x%2Fy");
  EXPECT_THAT(header(http_.requests[1], "Authorization"), HasSubstr("Credential=BASE/20261129/eu-west-1/sts/aws4_request"));
  EXPECT_EQ(header(http_.requests[1], "X-Amz-Security-Token"), "basetoken");
}

TEST_F(CredentialChainTest, SaysWhatStsSays) {
  const std::string config =
      "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
      "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = HIDDEN\n";
  http_.answer(403,
               "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>BASE is not authorized"
               "</Message></Error></ErrorResponse>");
  const Error error = failed(with_config(config));
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message, HasSubstr("profile 'base': AssumeRole of arn:aws:iam::1:role/r failed"));
  EXPECT_EQ(error.peer, "AccessDenied: BASE is not authorized");
  http_.answer(200, "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>");
  EXPECT_THAT(failed(with_config(config)).message, HasSubstr("no complete credentials"));
  http_.answer(200, "HIDDEN");
  EXPECT_THAT(failed(with_config(config)).message, HasSubstr("no XML"));
  for (int i = 0; i < 3; ++i) http_.answers.emplace_back(fail(ErrorKind::unreachable, "cannot connect to sts:443"));
  const Error silent = failed(with_config(config));
  EXPECT_EQ(silent.kind, ErrorKind::unreachable);
  EXPECT_EQ(silent.message,
            "no AWS credentials from profile 'base': AssumeRole of arn:aws:iam::1:role/r: cannot connect to sts:443");
}

TEST_F(CredentialChainTest, AssumesARoleWithAWebIdentityThatIsReadEachTime) {
  int reads = 0;
  Environment environment = environment_of(
      {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}, {"AWS_REGION", "cn-north-1"}});
  environment.read_file = [&reads](const std::string& path) -> std::optional<std::string> {
    if (path != "/token") return std::nullopt;
    return "jwt" + std::to_string(++reads);
  };
  http_.answer(200, sts_keys("AssumeRoleWithWebIdentity"));
  http_.answer(200, sts_keys("AssumeRoleWithWebIdentity"));
  ASSERT_TRUE(fetch(environment));
  ASSERT_TRUE(again());
  EXPECT_EQ(http_.requests[0].url, "https://sts.cn-north-1.amazonaws.com.cn/");
  EXPECT_EQ(header(http_.requests[0], "Authorization"), "");
  EXPECT_THAT(http_.requests[0].body, HasSubstr("WebIdentityToken=jwt1"));
  EXPECT_THAT(http_.requests[1].body, HasSubstr("WebIdentityToken=jwt2"));
  http_.answer(400,
               "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>Token expired</Message></Error>"
               "</ErrorResponse>");
  EXPECT_EQ(again().error().kind, ErrorKind::denied) << "it is no iterator that has expired";
}

TEST_F(CredentialChainTest, RunsTheProfilesCommand) {
  const auto found = fetch(with_config(
      "[default]\ncredential_process = printf '{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\"}' P\n"));
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->access_key.str(), "P");
  EXPECT_EQ(found->expires, std::nullopt);
  EXPECT_EQ(failed(with_config("[default]\ncredential_process = echo HIDDEN; exit 1\n")).message,
            "no AWS credentials from credential_process of profile 'default': its command ended with exit status 1");
  EXPECT_THAT(failed(with_config("[default]\ncredential_process = echo HIDDEN\n")).message, HasSubstr("no JSON object"));
  EXPECT_THAT(failed(with_config("[default]\ncredential_process = echo '{}'\n")).message,
              HasSubstr("another Version than 1"));
}

TEST_F(CredentialChainTest, TakesTheTokenOfASignIn) {
  const std::string config =
      "[default]\nsso_session = dev\nsso_account_id = 123\nsso_role_name = Reader\n"
      "[sso-session dev]\nsso_region = us-east-1\nsso_start_url = https://x/start\n";
  const std::string path = "/home/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";
  http_.answer(200, R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s","sessionToken":"t",)"
                    R"("expiration":1795971600000}})");
  const auto found = fetch(with_config(config, {{path, R"({"accessToken":"HIDDEN","expiresAt":"2026-11-29T17:00:00Z"})"}}));
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_EQ(found->access_key.str(), "SSO");
  EXPECT_EQ(found->expires, parse_timestamp("2026-11-29T17:00:00Z").value());
  EXPECT_EQ(http_.requests.at(0).url,
            "https://portal.sso.us-east-1.amazonaws.com/federation/credentials?account_id=123&role_name=Reader");
  EXPECT_EQ(header(http_.requests.at(0), "x-amz-sso_bearer_token"), "HIDDEN");
  EXPECT_EQ(failed(with_config(config)).hint, "aws sso login --profile default");
  http_.answer(200,
               R"({"roleCredentials":{"accessKeyId":"A","secretAccessKey":"HIDDEN","expiration":9223372036854775807}})");
  EXPECT_THAT(failed(with_config(config, {{path, R"({"accessToken":"t","expiresAt":"2026-11-29T17:00:00Z"})"}})).message,
              HasSubstr("no moment"));
  const Error over =
      failed(with_config(config, {{path, R"({"accessToken":"HIDDEN","expiresAt":"2026-11-29T15:00:00Z"})"}}));
  EXPECT_THAT(over.message, HasSubstr("the sign-in is over since 2026-11-29T15:00:00"));
  EXPECT_EQ(over.hint, "aws sso login --profile default");
}

constexpr const char* kSession =
    "[default]\nsso_session = dev\nsso_account_id = 123\nsso_role_name = Reader\n"
    "[sso-session dev]\nsso_region = us-east-1\nsso_start_url = https://x/start\n";
constexpr const char* kSignInPath = "/home/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";
constexpr const char* kRoleKeys =
    R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s","sessionToken":"t","expiration":1795971600000}})";

/// What `aws sso login` leaves, whose token ends at `expires`.
std::string sign_in(const std::string& expires, const std::string& registered = "2027-01-01T00:00:00Z") {
  return R"({"startUrl": "https://x/start", "region": "us-east-1", "scopes": ["a"], "accessToken": "HIDDEN-old", "expiresAt": ")" +
         expires + R"(", "clientId": "client", "clientSecret": "HIDDEN-secret", "registrationExpiresAt": ")" + registered +
         R"(", "refreshToken": "HIDDEN-refresh"})";
}

class SsoRenewal : public CredentialChainTest {
 protected:
  /// With a sign-in's file that can be replaced, as others do, too.
  Environment signed_in(const std::string& file, const std::string& config = kSession) {
    file_ = file;
    Environment environment = with_config(config);
    environment.read_file = [this, config_file = environment.read_file](const std::string& path) {
      return path == kSignInPath ? std::optional(file_) : config_file(path);
    };
    environment.keep_secret = [this](const std::string& path, const std::string& content) -> Status {
      if (!may_write_) return fail(ErrorKind::denied, "read-only");
      EXPECT_EQ(path, kSignInPath);
      file_ = content;
      return {};
    };
    return environment;
  }

  std::string file_;
  bool may_write_ = true;
};

TEST_F(SsoRenewal, ASignInThatIsOverIsRenewedForEverybody) {
  http_.answer(200, R"({"accessToken":"HIDDEN-new","expiresIn":28800,"refreshToken":"HIDDEN-next","tokenType":"Bearer"})");
  http_.answer(200, kRoleKeys);
  const auto found = fetch(signed_in(sign_in("2026-11-29T15:00:00Z")));
  ASSERT_TRUE(found) << to_string(found.error());
  ASSERT_THAT(http_.requests, SizeIs(2));
  EXPECT_EQ(http_.requests[0].method, "POST");
  EXPECT_EQ(http_.requests[0].url, "https://oidc.us-east-1.amazonaws.com/token");
  EXPECT_EQ(http_.requests[0].body, R"({"grantType":"refresh_token","clientId":"client","clientSecret":"HIDDEN-secret",)"
                                    R"("refreshToken":"HIDDEN-refresh"})");
  EXPECT_EQ(header(http_.requests[0], "Authorization"), "") << "the call is not signed";
  EXPECT_EQ(header(http_.requests[1], "x-amz-sso_bearer_token"), "HIDDEN-new");
  EXPECT_EQ(file_, R"({"startUrl":"https://x/start","region":"us-east-1","scopes":["a"],"clientId":"client",)"
                   R"("clientSecret":"HIDDEN-secret","registrationExpiresAt":"2027-01-01T00:00:00Z",)"
                   R"("accessToken":"HIDDEN-new","expiresAt":"2026-11-30T00:00:00Z","refreshToken":"HIDDEN-next"})");
  http_.answer(200, kRoleKeys);
  ASSERT_TRUE(again());
  EXPECT_THAT(http_.requests, SizeIs(3)) << "it is good for hours";
}

TEST_F(SsoRenewal, ASignInIsRenewedFiveMinutesBeforeItsEndAndKeepsItsRefreshTokenWhereNoOtherComes) {
  http_.answer(200, kRoleKeys);
  ASSERT_TRUE(fetch(signed_in(sign_in("2026-11-29T16:05:01Z"))));
  EXPECT_THAT(http_.requests, SizeIs(1));
  http_.answer(200, R"({"accessToken":"HIDDEN-new","expiresIn":60})");
  http_.answer(200, kRoleKeys);
  ASSERT_TRUE(fetch(signed_in(sign_in("2026-11-29T16:05:00Z"))));
  EXPECT_THAT(file_, AllOf(HasSubstr(R"("accessToken":"HIDDEN-new")"), HasSubstr(R"("refreshToken":"HIDDEN-refresh")")));
}

TEST_F(SsoRenewal, WhereRenewingFailsTheOneInHandServesToItsEnd) {
  constexpr const char* kRefused = R"({"error":"invalid_grant","error_description":"Invalid refresh token provided"})";
  http_.answer(400, kRefused);
  http_.answer(200, kRoleKeys);
  ASSERT_TRUE(fetch(signed_in(sign_in("2026-11-29T16:01:00Z"))));
  EXPECT_EQ(header(http_.requests[1], "x-amz-sso_bearer_token"), "HIDDEN-old");
  http_.answer(400, kRefused);
  const Error over = failed(signed_in(sign_in("2026-11-29T15:00:00Z")));
  EXPECT_EQ(over.kind, ErrorKind::denied);
  EXPECT_THAT(over.message, HasSubstr("the sign-in is over since 2026-11-29T15:00:00"));
  EXPECT_THAT(over.message, HasSubstr("renewing it failed: CreateToken failed"));
  EXPECT_EQ(over.peer, "invalid_grant: Invalid refresh token provided");
  EXPECT_EQ(over.hint, "aws sso login --profile default");
  for (int i = 0; i < 3; ++i) http_.answers.emplace_back(fail(ErrorKind::unreachable, "cannot connect to oidc:443"));
  EXPECT_EQ(failed(signed_in(sign_in("2026-11-29T15:00:00Z"))).kind, ErrorKind::unreachable) << "that may pass";
  http_.answer(200, R"({"accessToken":"HIDDEN-new"})");
  EXPECT_THAT(failed(signed_in(sign_in("2026-11-29T15:00:00Z"))).message, HasSubstr("no accessToken with an expiresIn"));
}

TEST_F(SsoRenewal, WhoeverIsSecondTakesWhatTheFirstHasStored) {
  Environment environment = signed_in(sign_in("2026-11-29T15:00:00Z"));
  int reads = 0;
  environment.read_file = [&, before = environment.read_file](const std::string& path) {
    if (path == kSignInPath && ++reads == 2) file_ = R"({"accessToken":"HIDDEN-first","expiresAt":"2026-11-29T20:00:00Z"})";
    return before(path);
  };
  http_.answer(400, R"({"error":"invalid_grant"})");
  http_.answer(200, kRoleKeys);
  ASSERT_TRUE(fetch(environment));
  EXPECT_EQ(header(http_.requests.at(1), "x-amz-sso_bearer_token"), "HIDDEN-first");
}

TEST_F(SsoRenewal, AFileThatCannotBeWrittenKeepsNobodyFromWorking) {
  may_write_ = false;
  http_.answer(200, R"({"accessToken":"HIDDEN-new","expiresIn":3600})");
  http_.answer(200, kRoleKeys);
  EXPECT_TRUE(fetch(signed_in(sign_in("2026-11-29T15:00:00Z"))));
}

TEST_F(SsoRenewal, WhatCannotBeRenewedIsOver) {
  EXPECT_THAT(failed(signed_in(sign_in("2026-11-29T15:00:00Z", "2026-11-29T15:30:00Z"))).message,
              HasSubstr("the sign-in is over since"))
      << "its registration is over, too";
  const std::string legacy =
      "[default]\nsso_region = us-east-1\nsso_start_url = dev\nsso_account_id = 123\nsso_role_name = Reader\n";
  EXPECT_THAT(failed(signed_in(sign_in("2026-11-29T15:00:00Z"), legacy)).message, HasSubstr("the sign-in is over since"));
  EXPECT_THAT(http_.requests, SizeIs(0));
}

TEST_F(CredentialChainTest, AnswersNobodyOnceItIsGone) {
  bool called = false;
  const auto executor = [this] { return std::make_unique<InlineExecutor>(loop_); };
  chain_ = make_credential_chain({}, [] { return environment_of({}); }, {http_, loop_, loop_, random_, log_, executor});
  chain_->fetch([&called](const Result<Credentials>&) { called = true; });
  loop_.run_until([this] { return !http_.requests.empty(); }, std::chrono::seconds(1));
  chain_.reset();
  loop_.run_until_idle(std::chrono::hours(1));
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace ctk::aws
