#include "aws/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "aws/profile.h"
#include "aws/test_vectors.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

using test_vectors::read_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

using Files = std::map<std::string, std::string>;

Environment environment(std::map<std::string, std::string> variables, Files files = {}) {
  return Environment{std::move(variables), "/home", [files](const std::string& path) -> std::optional<std::string> {
                       auto found = files.find(path);
                       if (found == files.end()) return std::nullopt;
                       return found->second;
                     }};
}

CredentialRequest from_url(const char* key, const char* secret) {
  CredentialRequest request;
  request.access_key = AccessKeyId(key);
  if (secret != nullptr) request.secret_key = Secret(secret);
  return request;
}

const Files kFiles{{"/home/.aws/credentials",
                    "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = default-secret\n"
                    "[dev]\naws_access_key_id = DEV\naws_secret_access_key = dev-secret\naws_session_token = dev-token\n"},
                   {"/home/.aws/config",
                    "[default]\nregion = eu-central-1\n[profile dev]\nregion = us-west-2\nservices = local\n"
                    "endpoint_url = http://all:1/\n[services local]\nkinesis =\n  endpoint_url = http://kinesis:2\n"
                    "[profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n"
                    "[profile process]\ncredential_process = /bin/keys\n[profile half]\naws_access_key_id = HALF\n"}};

TEST(Credentials, OfTheUrlWin) {
  auto found = find_credentials(
      from_url("URL", "s"),
      environment({{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "e"}, {"AWS_SESSION_TOKEN", "t"}}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->access_key.str(), "URL");
  EXPECT_EQ(found->session_token, std::nullopt);
  EXPECT_EQ(found->origin, "source URL");
}

TEST(Credentials, OfTheEnvironmentWinOverProfilesThatNobodyNamed) {
  Environment both = environment(
      {{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "e"}, {"AWS_SESSION_TOKEN", "t"}, {"AWS_PROFILE", "dev"}},
      kFiles);
  auto found = find_credentials({}, both);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->access_key.str(), "ENV");
  EXPECT_EQ(found->session_token, Secret("t"));
  CredentialRequest named;
  named.profile = "dev";
  found = find_credentials(named, both);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->access_key.str(), "DEV");
  EXPECT_EQ(found->session_token, Secret("dev-token"));
  EXPECT_EQ(found->origin, "profile dev");
}

TEST(Credentials, TakeATokenGivenApart) {
  CredentialRequest request;
  request.session_token = Secret("mine");
  auto found = find_credentials(request, environment({}, kFiles));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->access_key.str(), "DEFAULT");
  EXPECT_EQ(found->session_token, Secret("mine"));
}

TEST(Credentials, ThatAreIncompleteAreMistakes) {
  CredentialRequest half;
  half.profile = "half";
  for (auto& found : {find_credentials(from_url("URL", nullptr), environment({})),
                      find_credentials({}, environment({{"AWS_SECRET_ACCESS_KEY", "HIDDEN"}})),
                      find_credentials(half, environment({}, kFiles))}) {
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::usage);
    EXPECT_THAT(to_string(found.error()), testing::Not(HasSubstr("HIDDEN")));
  }
}

TEST(Credentials, ThatNeedMoreThanStaticKeysSayNotInThisVersion) {
  for (const char* name : {"role", "process"}) {
    CredentialRequest request;
    request.profile = name;
    auto found = find_credentials(request, environment({}, kFiles));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::usage);
    EXPECT_THAT(found.error().message, HasSubstr("not in this version"));
  }
  auto found = find_credentials({}, environment({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}}));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE: not in this version"));
}

TEST(Credentials, ThatAreNowhereNameThePlaces) {
  auto found = find_credentials({}, environment({{"AWS_CONFIG_FILE", "/etc/aws"}}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::denied);
  EXPECT_EQ(found.error().hint,
            "looked at the source URL, AWS_ACCESS_KEY_ID, and profile 'default' in ~/.aws/credentials and /etc/aws");
  CredentialRequest request;
  request.profile = "nobody";
  found = find_credentials(request, environment({}, kFiles));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "there is no profile 'nobody' in ~/.aws/config or ~/.aws/credentials");
}

TEST(Credentials, MayLieInFilesElsewhere) {
  auto found =
      find_credentials({}, environment({{"AWS_SHARED_CREDENTIALS_FILE", "~/keys"}},
                                       {{"/home/keys", "[default]\naws_access_key_id=A\naws_secret_access_key=B"}}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret_key, Secret("B"));
}

TEST(CredentialsSource, ReadsAgainWhenAsked) {
  int asked = 0;
  auto source = make_credentials_source({}, [&] {
    ++asked;
    return environment({{"AWS_ACCESS_KEY_ID", "KEY" + std::to_string(asked)}, {"AWS_SECRET_ACCESS_KEY", "s"}});
  });
  EXPECT_EQ(source->get()->access_key.str(), "KEY1");
  EXPECT_EQ(source->get()->access_key.str(), "KEY1");
  source->reload();
  EXPECT_EQ(source->get()->access_key.str(), "KEY2");
}

TEST(Region, FollowsItsOrder) {
  Environment both = environment({{"AWS_REGION", "a"}, {"AWS_DEFAULT_REGION", "b"}}, kFiles);
  EXPECT_EQ(find_region("given", std::nullopt, both), "given");
  EXPECT_EQ(find_region(std::nullopt, std::nullopt, both), "a");
  EXPECT_EQ(find_region(std::nullopt, std::nullopt, environment({{"AWS_DEFAULT_REGION", "b"}})), "b");
  EXPECT_EQ(find_region(std::nullopt, std::nullopt, environment({}, kFiles)), "eu-central-1");
  EXPECT_EQ(find_region(std::nullopt, "dev", environment({}, kFiles)), "us-west-2");
  EXPECT_EQ(find_region(std::nullopt, std::nullopt, environment({})), std::nullopt);
}

TEST(Endpoint, FollowsItsOrder) {
  Environment both =
      environment({{"AWS_ENDPOINT_URL_KINESIS", "http://one:1"}, {"AWS_ENDPOINT_URL", "http://two:2/"}}, kFiles);
  EXPECT_EQ(find_endpoint("kinesis", "r", "http://given:9/", "dev", both), "http://given:9");
  EXPECT_EQ(find_endpoint("kinesis", "r", std::nullopt, "dev", both), "http://one:1");
  EXPECT_EQ(find_endpoint("dynamodb", "r", std::nullopt, "dev", both), "http://two:2");
  EXPECT_EQ(find_endpoint("kinesis", "r", std::nullopt, "dev", environment({}, kFiles)), "http://kinesis:2");
  EXPECT_EQ(find_endpoint("dynamodb", "r", std::nullopt, "dev", environment({}, kFiles)), "http://all:1");
  Environment streams = environment({{"AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "http://s:3"}});
  EXPECT_EQ(find_endpoint("dynamodb-streams", "r", std::nullopt, std::nullopt, streams), "http://s:3");
  Environment none = environment({{"AWS_ENDPOINT_URL", "http://two:2"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}});
  EXPECT_EQ(find_endpoint("kinesis", "eu-central-1", std::nullopt, std::nullopt, none),
            "https://kinesis.eu-central-1.amazonaws.com");
  EXPECT_EQ(find_endpoint("dynamodb-streams", "cn-north-1", std::nullopt, std::nullopt, none),
            "https://streams.dynamodb.cn-north-1.amazonaws.com.cn");
}

TEST(ProfileFiles, KnowBothKindsOfFile) {
  const std::string text = "[profile a]\nX = 1 # one\n-\n";
  EXPECT_EQ(parse_profile_file(text, true).error().message, "line 3: a line is neither a section nor 'name = value'");
  ProfileFile config = parse_profile_file("[profile a]\r\nX = 1 # one\n  # aside\n  more\n[b]\ny=2", true).value();
  EXPECT_THAT(config, ElementsAre(Pair("a", ElementsAre(Pair("x", "1\nmore")))));
  ProfileFile credentials = parse_profile_file("[profile a]\nx=1\n[b]\ny=2#3", false).value();
  EXPECT_THAT(credentials, ElementsAre(Pair("b", ElementsAre(Pair("y", "2#3")))));
}

TEST(ProfileFiles, LetThePrefixedDefaultWin) {
  ProfileFile config = parse_profile_file("[default]\na=1\n[profile default]\nb=2\n[default]\nc=3", true).value();
  EXPECT_THAT(config, ElementsAre(Pair("default", ElementsAre(Pair("b", "2")))));
}

/// The sections of one kind ("" for profiles) in the form of the vectors.
ProfileFile sections(const ProfileFile& file, const std::string& kind) {
  ProfileFile result;
  for (const auto& [name, settings] : file) {
    size_t space = name.find(' ');
    if ((space == std::string::npos ? "" : name.substr(0, space)) != kind) continue;
    result[name.substr(space + 1)] = settings;
  }
  return result;
}

ProfileFile expected_sections(json::Element output, const char* member) {
  ProfileFile result;
  auto config = json::member(output, "config");
  auto named = config ? json::member(*config, member) : std::nullopt;
  if (!named) return result;
  json::Object profiles = named->get_object().value();
  for (auto [name, settings] : profiles) {
    auto& target = result[std::string(name)];
    json::Object values = settings.get_object().value();
    for (auto [key, value] : values) target[std::string(key)] = std::string(value.get_string().value());
  }
  return result;
}

TEST(ProfileFiles, ReadWhatAwsPublished) {
  auto vectors = test_vectors::folder(CTK_SOURCE_DIR);
  if (!vectors) GTEST_SKIP() << "AWS's test vectors are not beside this repository (CTK_AWS_VECTORS can name them)";
  json::Parser parser;
  auto text = read_text(*vectors / "credentials" / "profile-parser-tests.json");
  json::Element document = parser.parse(text.value()).value();
  json::Array tests = json::member(document, "tests")->get_array().value();
  for (json::Element test : tests) {
    SCOPED_TRACE(std::string(json::string_member(test, "name").value()));
    json::Element input = json::member(test, "input").value();
    json::Element output = json::member(test, "output").value();
    auto config = parse_profile_file(std::string(json::string_member(input, "configFile").value_or("")), true);
    auto credentials = parse_profile_file(std::string(json::string_member(input, "credentialsFile").value_or("")), false);
    if (json::member(output, "errorContaining")) {
      EXPECT_FALSE(config && credentials);
      continue;
    }
    ASSERT_TRUE(config && credentials);
    ProfileFile sessions = sections(*config, "sso-session");
    for (const auto& [name, settings] : *credentials) {
      for (const auto& [key, value] : settings) (*config)[name][key] = value;
      if (settings.empty()) (*config)[name];
    }
    EXPECT_EQ(sections(*config, ""), expected_sections(output, "profiles"));
    EXPECT_EQ(sessions, expected_sections(output, "sso_sessions"));
  }
}

/// Cases of AWS's chain that this version cannot do, each with the reason.
const std::map<std::string, std::string> kNotYet{
    {"e2e_fips_and_dual_stack_sso", "SSO"},
    {"ecs_assume_role", "container endpoint and roles"},
    {"ecs_credentials", "container endpoint"},
    {"ecs_credentials_invalid_profile", "container endpoint"},
    {"eks_pod_identity_credentials", "container endpoint"},
    {"imds_assume_role", "instance metadata and roles"},
    {"imds_config_with_no_creds", "instance metadata"},
    {"imds_default_chain_retries", "instance metadata"},
    {"imds_default_chain_success", "instance metadata"},
    {"sso_assume_role", "SSO and roles"},
    {"web_identity_token_env", "web identity"},
    {"web_identity_token_profile", "web identity"},
    {"web_identity_token_source_profile", "web identity and roles"},
};

Environment environment_of(const std::filesystem::path& folder) {
  Environment result;
  json::Parser parser;
  json::Object variables = parser.parse(read_text(folder / "env.json").value())->get_object().value();
  for (auto [name, value] : variables) result.variables[std::string(name)] = std::string(value.get_string().value());
  result.home = result.variables["HOME"];
  result.read_file = [folder](const std::string& path) { return read_text(folder / "fs" / path.substr(1)); };
  return result;
}

void check_chain_case(const std::filesystem::path& folder) {
  SCOPED_TRACE(folder.filename().string());
  json::Parser parser;
  json::Element test = parser.parse(read_text(folder / "test-case.json").value()).value();
  json::Element result = json::member(test, "result").value();
  Result<Credentials> found = find_credentials({}, environment_of(folder));
  auto expected = json::member(result, "Ok");
  ASSERT_EQ(found.has_value(), expected.has_value()) << (found ? "" : to_string(found.error()));
  if (!found) return;
  EXPECT_EQ(found->access_key.str(), json::string_member(*expected, "access_key_id"));
  EXPECT_EQ(found->secret_key.reveal(), json::string_member(*expected, "secret_access_key"));
  EXPECT_EQ(found->session_token.has_value(), json::member(*expected, "session_token").has_value());
}

TEST(Credentials, FollowTheChainThatAwsPublished) {
  auto vectors = test_vectors::folder(CTK_SOURCE_DIR);
  if (!vectors) GTEST_SKIP() << "AWS's test vectors are not beside this repository (CTK_AWS_VECTORS can name them)";
  int checked = 0;
  for (const auto& folder : test_vectors::folders_in(*vectors / "credentials" / "default-credential-provider-chain")) {
    auto reason = kNotYet.find(folder.filename().string());
    if (reason != kNotYet.end()) {
      std::cout << "skipped, not in this version: " << reason->first << ", " << reason->second << "\n";
      continue;
    }
    check_chain_case(folder);
    ++checked;
  }
  EXPECT_GE(checked, 10);
  for (const char* name : {"empty_config", "invalid_config"}) {
    check_chain_case(*vectors / "credentials" / "profile-provider" / name);
  }
}

}  // namespace
}  // namespace ctk::aws
