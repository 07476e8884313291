#include "aws/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/test_vectors.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

using test_vectors::read_text;
using testing::ElementsAre;
using testing::Pair;

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

}  // namespace
}  // namespace ctk::aws
