#include "aws/credentials/credential_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/environment_testing.h"

namespace ctk::aws {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

CredentialRequest from_url(const char* key, const char* secret) {
  CredentialRequest request;
  request.access_key = AccessKeyId(key);
  if (secret != nullptr) request.secret_key = Secret(secret);
  return request;
}

CredentialRequest of_profile(const char* name) {
  CredentialRequest request;
  request.profile = name;
  return request;
}

Environment with_config(const std::string& config, std::map<std::string, std::string> variables = {}) {
  return environment_of(std::move(variables), {{"/home/.aws/config", config}});
}

Credentials keys_of(const Result<CredentialPlan>& plan) {
  if (!plan) {
    ADD_FAILURE() << to_string(plan.error());
    return {};
  }
  const auto* keys = std::get_if<Credentials>(&plan->base);
  EXPECT_TRUE(keys) << plan->origin;
  return keys != nullptr ? *keys : Credentials{};
}

Error refused(const CredentialRequest& request, const Environment& environment) {
  const Result<CredentialPlan> plan = plan_credentials(request, environment);
  EXPECT_FALSE(plan);
  return plan ? Error{} : plan.error();
}

const Files kFiles{{"/home/.aws/credentials",
                    "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = default-secret\n"
                    "[dev]\naws_access_key_id = DEV\naws_secret_access_key = dev-secret\naws_session_token = dev-token\n"},
                   {"/home/.aws/config", "[profile half]\naws_access_key_id = HALF\n"}};

TEST(CredentialPlan, KeysOfTheUrlWin) {
  const auto plan = plan_credentials(
      from_url("URL", "s"),
      environment_of({{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "e"}, {"AWS_SESSION_TOKEN", "t"}}));
  EXPECT_EQ(keys_of(plan).access_key.str(), "URL");
  EXPECT_EQ(keys_of(plan).session_token, std::nullopt);
  EXPECT_EQ(plan->origin, "source URL");
}

TEST(CredentialPlan, KeysOfTheEnvironmentWinOverProfilesThatTheCommandLineDoesNotName) {
  const Environment both = environment_of(
      {{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "e"}, {"AWS_SESSION_TOKEN", "t"}, {"AWS_PROFILE", "dev"}},
      kFiles);
  EXPECT_EQ(keys_of(plan_credentials({}, both)).access_key.str(), "ENV");
  EXPECT_EQ(keys_of(plan_credentials({}, both)).session_token, Secret("t"));
  const auto named = plan_credentials(of_profile("dev"), both);
  EXPECT_EQ(keys_of(named).access_key.str(), "DEV");
  EXPECT_EQ(keys_of(named).session_token, Secret("dev-token"));
  EXPECT_EQ(named->origin, "profile 'dev'");
}

TEST(CredentialPlan, TakesATokenGivenApart) {
  CredentialRequest request;
  request.session_token = Secret("mine");
  const Credentials keys = keys_of(plan_credentials(request, environment_of({}, kFiles)));
  EXPECT_EQ(keys.access_key.str(), "DEFAULT");
  EXPECT_EQ(keys.session_token, Secret("mine"));
}

TEST(CredentialPlan, HalvesAreMistakesWhoseSecretsStayHidden) {
  for (const Error& error : {refused(from_url("URL", nullptr), environment_of({})),
                             refused({}, environment_of({{"AWS_SECRET_ACCESS_KEY", "HIDDEN"}})),
                             refused(of_profile("half"), environment_of({}, kFiles)),
                             refused({}, environment_of({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}}))}) {
    EXPECT_EQ(error.kind, ErrorKind::usage);
    EXPECT_THAT(error.message, HasSubstr("without"));
    EXPECT_THAT(to_string(error), Not(HasSubstr("HIDDEN")));
  }
}

TEST(CredentialPlan, NamesThePlacesWhereThereIsNothing) {
  const Error error = refused({}, environment_of({{"AWS_CONFIG_FILE", "/etc/aws"}, {"AWS_EC2_METADATA_DISABLED", "True"}}));
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_EQ(error.message, "no AWS credentials found");
  EXPECT_EQ(
      error.hint,
      "looked at: source URL (no key), environment (AWS_ACCESS_KEY_ID is not set), profile 'default' (no credentials in "
      "/etc/aws or ~/.aws/credentials), web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set), container endpoint "
      "(AWS_CONTAINER_CREDENTIALS_* are not set), instance metadata (AWS_EC2_METADATA_DISABLED is true)");
  EXPECT_EQ(refused(of_profile("nobody"), environment_of({}, kFiles)).message,
            "there is no profile 'nobody' in ~/.aws/config or ~/.aws/credentials");
}

TEST(CredentialPlan, ReadsFilesElsewhere) {
  const Environment elsewhere = environment_of({{"AWS_SHARED_CREDENTIALS_FILE", "~/keys"}},
                                               {{"/home/keys", "[default]\naws_access_key_id=A\naws_secret_access_key=B"}});
  EXPECT_EQ(keys_of(plan_credentials({}, elsewhere)).secret_key, Secret("B"));
}

TEST(CredentialPlan, AssumesRolesFromTheInnermostOut) {
  const Environment chained = with_config(
      "[profile A]\nrole_arn = arn:A\nsource_profile = B\nexternal_id = x\nrole_session_name = s\nduration_seconds = 900\n"
      "[profile B]\nrole_arn = arn:B\nsource_profile = C\n[profile C]\naws_access_key_id = C\naws_secret_access_key = c\n",
      {{"AWS_REGION", "eu-west-1"}});
  const auto plan = plan_credentials(of_profile("A"), chained);
  EXPECT_EQ(keys_of(plan).access_key.str(), "C");
  ASSERT_EQ(plan->roles.size(), 2);
  EXPECT_EQ(plan->roles[0].role_arn, "arn:B");
  EXPECT_EQ(plan->roles[1].role_arn, "arn:A");
  EXPECT_EQ(plan->roles[1].external_id, "x");
  EXPECT_EQ(plan->roles[1].session_name, "s");
  EXPECT_EQ(plan->roles[1].duration_seconds, "900");
  EXPECT_EQ(plan->sts.url, "https://sts.eu-west-1.amazonaws.com");
}

TEST(CredentialPlan, LetsKeysOfSourceProfilesWinOverTheirRoles) {
  const Environment own = with_config(
      "[profile A]\nrole_arn = arn:A\nsource_profile = A\naws_access_key_id = A\naws_secret_access_key = a\nregion = r\n");
  EXPECT_EQ(keys_of(plan_credentials(of_profile("A"), own)).access_key.str(), "A");
  EXPECT_EQ(plan_credentials(of_profile("A"), own)->roles.size(), 1);
}

TEST(CredentialPlan, AssumesTheRoleThatWasGivenWithWhateverIsFound) {
  CredentialRequest request = from_url("URL", "s");
  request.role_arn = "arn:given";
  request.external_id = "x";
  request.region = "cn-north-1";
  const auto plan = plan_credentials(request, environment_of({}));
  EXPECT_EQ(keys_of(plan).access_key.str(), "URL");
  EXPECT_EQ(plan->roles.at(0).role_arn, "arn:given");
  EXPECT_EQ(plan->sts.url, "https://sts.cn-north-1.amazonaws.com.cn");
}

TEST(CredentialPlan, RefusesRolesThatNobodyCanAssumeHere) {
  const auto error_of = [](const std::string& config) { return refused(of_profile("A"), with_config(config)).message; };
  const std::string role = "[profile A]\nrole_arn = arn:A\n";
  EXPECT_EQ(error_of(role + "source_profile = B\nmfa_serial = arn:mfa\n[profile B]\n"),
            "profile 'A' has mfa_serial: a program that runs by itself cannot ask for the code of a device");
  EXPECT_THAT(error_of(role), HasSubstr("nothing to assume it with"));
  EXPECT_THAT(error_of(role + "source_profile = B\ncredential_source = Environment\n"), HasSubstr("a role needs one"));
  EXPECT_THAT(error_of(role + "source_profile = B\n"), HasSubstr("there is no such profile"));
  EXPECT_THAT(error_of(role + "source_profile = B\n[profile B]\nregion = r\n"), HasSubstr("'B' has no credentials"));
  EXPECT_EQ(error_of(role + "source_profile = B\n[profile B]\nrole_arn = arn:B\nsource_profile = A\n"),
            "profile 'B' leads back to itself: A -> B -> A");
  EXPECT_THAT(error_of(role + "credential_source = Moon\n"), HasSubstr("accepted are Environment"));
  EXPECT_THAT(error_of(role + "credential_source = Environment\n"), HasSubstr("AWS_ACCESS_KEY_ID is not set"));
  EXPECT_THAT(error_of(role + "credential_source = EcsContainer\n"), HasSubstr("is set"));
  EXPECT_THAT(error_of("[profile A]\nweb_identity_token_file = /t\n"), HasSubstr("without role_arn"));
  EXPECT_THAT(error_of("[profile A]\nlogin_session = arn:x\n"), HasSubstr("not in this version"));
}

TEST(CredentialPlan, ReadsSsoWithASessionAndWithout) {
  const std::string session = "[sso-session dev]\nsso_region = eu-west-1\nsso_start_url = https://x.awsapps.com/start\n";
  const std::string role = "sso_account_id = 123\nsso_role_name = Reader\n";
  const auto plan = plan_credentials(of_profile("A"), with_config("[profile A]\nsso_session = dev\n" + role + session));
  ASSERT_TRUE(plan) << to_string(plan.error());
  const auto& sso = std::get<SsoRole>(plan->base);
  EXPECT_EQ(sso.cache_key, "dev");
  EXPECT_EQ(sso.portal.url, "https://portal.sso.eu-west-1.amazonaws.com");
  EXPECT_EQ(sso.role_name, "Reader");
  const auto old = plan_credentials(
      of_profile("A"), with_config("[profile A]\nsso_region = us-east-2\nsso_start_url = https://x/start\n" + role));
  ASSERT_TRUE(old) << to_string(old.error());
  EXPECT_EQ(std::get<SsoRole>(old->base).cache_key, "https://x/start");
  const auto error_of = [](const std::string& config) { return refused(of_profile("A"), with_config(config)).message; };
  EXPECT_THAT(error_of("[profile A]\nsso_session = dev\n" + session), HasSubstr("has no sso_account_id"));
  EXPECT_THAT(error_of("[profile A]\nsso_session = oops\n" + role + session), HasSubstr("no such section"));
  EXPECT_THAT(error_of("[profile A]\nsso_session = dev\nsso_region = other\n" + role + session),
              HasSubstr("another sso_region"));
}

TEST(CredentialPlan, AsksTheSurroundingsInTheirOrder) {
  std::map<std::string, std::string> variables{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                                               {"AWS_ROLE_ARN", "arn:web"},
                                               {"AWS_REGION", "r"},
                                               {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/keys"}};
  const auto web = plan_credentials({}, environment_of(variables));
  EXPECT_EQ(std::get<WebIdentity>(web->base).role_arn, "arn:web");
  EXPECT_EQ(std::get<WebIdentity>(web->base).sts.url, "https://sts.r.amazonaws.com");
  variables.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  EXPECT_EQ(std::get<ContainerEndpoint>(plan_credentials({}, environment_of(variables))->base).url,
            "http://169.254.170.2/keys");
  variables.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const auto last = plan_credentials({}, environment_of(variables));
  EXPECT_EQ(std::get<InstanceMetadata>(last->base).url, "http://169.254.169.254");
  EXPECT_TRUE(last->last_resort);
}

TEST(CredentialPlan, ProfilesSetUpWinOverTheSurroundings) {
  const Environment both =
      with_config("[profile A]\nrole_arn = arn:A\ncredential_source = Environment\n",
                  {{"AWS_PROFILE", "A"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "r"}});
  EXPECT_EQ(refused({}, both).kind, ErrorKind::usage);
}

}  // namespace
}  // namespace ctk::aws
