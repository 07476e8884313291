// AWS's published cases of where credentials come from, played against the chain.
#include <gtest/gtest.h>

#include <iostream>
#include <set>

#include "aws/credentials/container_endpoint.h"
#include "aws/credentials/credential_chain.h"
#include "aws/credentials/instance_metadata.h"
#include "aws/credentials/profile_credentials.h"
#include "aws/credentials/replay_testing.h"
#include "aws/environment_testing.h"
#include "base/testing/answer.h"

namespace ctk::aws {
namespace {

using test_vectors::read_text;

constexpr const char* kAbsent = "AWS's test vectors are not beside this repository (CTK_AWS_VECTORS can name them)";

/// Cases that this program does not have, each with the reason.
const std::map<std::string, std::string> kSkipped{
    {"explicit endpoint override", "an SDK's own interface; there is no such option here"},
    {"explicit mode override", "an SDK's own interface; there is no such option here"},
    {"SSO token profile selected", "a profile without account and role gives a token for other services, no credentials"},
};

bool is_skipped(const std::string& name) {
  const auto reason = kSkipped.find(name);
  if (reason != kSkipped.end()) std::cout << "skipped: " << name << " (" << reason->second << ")\n";
  return reason != kSkipped.end();
}

void check_keys(const Credentials& found, json::Element expected) {
  EXPECT_EQ(found.access_key.str(), json::string_member(expected, "access_key_id"));
  EXPECT_EQ(found.secret_key.reveal(), json::string_member(expected, "secret_access_key"));
  const auto token = json::string_member(expected, "session_token");
  EXPECT_EQ(found.session_token, token ? std::optional(Secret(std::string(*token))) : std::nullopt);
  const auto expiry = json::int_member(expected, "expiry");
  EXPECT_EQ(found.expires, expiry ? std::optional(from_micros(*expiry * 1'000'000)) : std::nullopt);
}

void play(const std::filesystem::path& folder, CredentialRequest request = {}) {
  SCOPED_TRACE(folder.filename().string());
  VirtualLoop loop(parse_timestamp("2021-09-21T17:41:25Z").value());
  Random random(1);
  NullLog log;
  ReplayedHttp http(loop, folder);
  const auto executor = [&loop] { return std::make_unique<InlineExecutor>(loop); };
  const auto chain = make_credential_chain(std::move(request), [&] { return environment_of_case(folder); },
                                           {http, loop, loop, random, log, executor});
  const Result<Credentials> found =
      answer_of<Credentials>(loop, [&](Done<Credentials> done) { chain->fetch(std::move(done)); });
  json::Parser parser;
  const std::string text = read_text(folder / "test-case.json").value();
  const json::Element result = json::member(parser.parse(text).value(), "result").value();
  const auto expected = json::member(result, "Ok");
  ASSERT_EQ(found.has_value(), expected.has_value()) << (found ? "" : to_string(found.error()));
  EXPECT_EQ(http.wrong(), "");
  EXPECT_TRUE(http.all_played());
  if (found) check_keys(*found, *expected);
}

TEST(CredentialVectors, DefaultChain) {
  const auto vectors = test_vectors::folder(CTK_SOURCE_DIR);
  if (!vectors) GTEST_SKIP() << kAbsent;
  for (const auto& folder : test_vectors::folders_in(*vectors / "credentials" / "default-credential-provider-chain")) {
    play(folder);
  }
}

TEST(CredentialVectors, Profiles) {
  const auto vectors = test_vectors::folder(CTK_SOURCE_DIR);
  if (!vectors) GTEST_SKIP() << kAbsent;
  for (const auto& folder : test_vectors::folders_in(*vectors / "credentials" / "profile-provider")) {
    // An SDK's provider for profiles alone: there is no metadata service in these cases.
    const bool alone = folder.filename() == "empty_config";
    if (alone) continue;
    CredentialRequest request;
    if (folder.filename() == "e2e_assume_role") request.profile = "default";  // its environment has other keys
    play(folder, std::move(request));
  }
}

/// "[NAME]\nkey = value\n…" of an object of sections.
std::string config_of(std::optional<json::Element> sections, const std::string& kind) {
  std::string text;
  if (!sections) return text;
  json::Object all = sections->get_object().value();
  for (auto [name, settings] : all) {
    text += "[" + kind + " " + std::string(name) + "]\n";
    json::Object values = settings.get_object().value();
    for (auto [key, value] : values) text += std::string(key) + " = " + std::string(value.get_string().value()) + "\n";
  }
  return text;
}

void check_base(const CredentialBase& base, json::Element expected) {
  if (const auto keys = json::member(expected, "AccessKey")) {
    ASSERT_TRUE(std::holds_alternative<Credentials>(base));
    check_keys(std::get<Credentials>(base), *keys);
  } else if (const auto web = json::member(expected, "WebIdentityToken")) {
    const auto& identity = std::get<WebIdentity>(base);
    EXPECT_EQ(identity.role_arn, json::string_member(*web, "role_arn"));
    EXPECT_EQ(identity.token_file, json::string_member(*web, "web_identity_token_file"));
    EXPECT_EQ(identity.session_name.value_or(""), json::string_member(*web, "role_session_name").value_or(""));
  } else if (const auto sso = json::member(expected, "Sso")) {
    const auto& role = std::get<SsoRole>(base);
    EXPECT_EQ(role.account_id, json::string_member(*sso, "sso_account_id"));
    EXPECT_EQ(role.cache_key, json::string_member(*sso, "sso_start_url"));
    EXPECT_EQ(role.portal.region, json::string_member(*sso, "sso_region"));
  } else {
    EXPECT_EQ(json::string_member(expected, "NamedSource"), "Ec2InstanceMetadata");
    EXPECT_TRUE(std::holds_alternative<InstanceMetadata>(base));
  }
}

void check_chain(const ProfileCredentials& found, json::Element chain) {
  json::Array steps = chain.get_array().value();
  ASSERT_EQ(found.roles.size() + 1, steps.size());
  size_t step = 0;
  for (json::Element expected : steps) {
    if (step++ == 0) {
      check_base(found.base, expected);
      continue;
    }
    const json::Element role = json::member(expected, "AssumeRole").value();
    EXPECT_EQ(found.roles[step - 2].role_arn, json::string_member(role, "role_arn"));
    EXPECT_EQ(found.roles[step - 2].external_id.value_or(""), json::string_member(role, "external_id").value_or(""));
    EXPECT_EQ(found.roles[step - 2].session_name.value_or(""), json::string_member(role, "role_session_name").value_or(""));
  }
}

TEST(CredentialVectors, ChainsOfSourceProfiles) {
  const auto vectors = test_vectors::folder(CTK_SOURCE_DIR);
  if (!vectors) GTEST_SKIP() << kAbsent;
  json::Parser parser;
  const std::string text = read_text(*vectors / "credentials" / "assume-role-tests.json").value();
  json::Array tests = parser.parse(text)->get_array().value();
  for (json::Element test : tests) {
    const std::string name(json::string_member(test, "docs").value());
    if (is_skipped(name)) continue;
    SCOPED_TRACE(name);
    const json::Element input = json::member(test, "input").value();
    const json::Element output = json::member(test, "output").value();
    const std::string config = config_of(json::member(input, "profiles"), "profile") +
                               config_of(json::member(input, "sso_sessions"), "sso-session");
    const Environment environment = environment_of({}, {{"/home/.aws/config", config}});
    const SharedFiles files = SharedFiles::read(environment).value();
    const auto profile = files.profile(std::string(json::string_member(input, "selected_profile").value()));
    Result<std::optional<ProfileCredentials>> found = std::nullopt;
    if (profile) found = read_profile_credentials(*profile, files, environment);
    const auto chain = json::member(output, "ProfileChain");
    ASSERT_EQ(found && *found, chain.has_value()) << (found ? "nothing" : to_string(found.error()));
    if (chain) check_chain(**found, *chain);
  }
}

TEST(CredentialVectors, ContainerEndpoints) {
  const auto vectors = test_vectors::folder(CTK_SOURCE_DIR);
  if (!vectors) GTEST_SKIP() << kAbsent;
  json::Parser parser;
  const std::string text = read_text(*vectors / "credentials" / "ecs-tests.json").value();
  json::Array tests = json::member(parser.parse(text).value(), "tests")->get_array().value();
  for (json::Element test : tests) {
    SCOPED_TRACE(std::string(json::string_member(test, "docs").value()));
    Environment environment = environment_of({});
    json::Object variables = json::member(test, "env")->get_object().value();
    for (auto [name, value] : variables) environment.variables[std::string(name)] = value.get_string().value();
    const auto found = read_container_endpoint(environment);
    const auto expected = json::string_member(*json::member(test, "result"), "Ok");
    ASSERT_EQ(found && *found, expected.has_value());
    if (expected) {
      EXPECT_EQ((*found)->url, *expected);
    }
  }
}

TEST(CredentialVectors, MetadataEndpoints) {
  const auto vectors = test_vectors::folder(CTK_SOURCE_DIR);
  if (!vectors) GTEST_SKIP() << kAbsent;
  json::Parser parser;
  const std::string text = read_text(*vectors / "credentials" / "imds-config" / "imds-endpoint-tests.json").value();
  json::Array tests = json::member(parser.parse(text).value(), "tests")->get_array().value();
  for (json::Element test : tests) {
    const std::string name(json::string_member(test, "docs").value());
    if (is_skipped(name)) continue;
    SCOPED_TRACE(name);
    Files files;
    json::Object disk = json::member(test, "fs")->get_object().value();
    for (auto [path, content] : disk) files[std::string(path)] = content.get_string().value();
    Environment environment = environment_of({}, files);
    json::Object variables = json::member(test, "env")->get_object().value();
    for (auto [variable, value] : variables) environment.variables[std::string(variable)] = value.get_string().value();
    const Profile profile = find_profile(std::nullopt, environment).value();
    const auto found = read_instance_metadata(profile, environment);
    const auto expected = json::string_member(*json::member(test, "result"), "Ok");
    ASSERT_EQ(found && *found, expected.has_value());
    if (expected) {
      EXPECT_EQ((*found)->url + "/latest/api/token", *expected);
    }
  }
}

TEST(CredentialVectors, LoginSessions) {
  GTEST_SKIP() << "login-provider-test-cases.json: sessions of `aws login` are not in this version; their renewal needs "
                  "requests that are signed with a key of the session's own (DPoP)";
}

}  // namespace
}  // namespace ctk::aws
