#include "cli/config_file.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const aws::Environment kEnvironment = {{{"HOST", "localhost:4566"}, {"WORD", "not-a-number"}},
                                       "/home",
                                       {},
                                       [](const std::string& path) -> Result<std::string> {
                                         if (path == "/run/secrets/pg") return "open sesame\n";
                                         return fail(ErrorKind::not_found, "No such file or directory");
                                       }};

Result<ConfigFile> read(std::string_view text) { return read_config(text, "relays.toml", kEnvironment); }

ConfigFile good(std::string_view text) {
  auto config = read(text);
  if (config) return std::move(*config);
  ADD_FAILURE() << to_string(config.error());
  return {};
}

/// "line:column: sentence".
std::string refused(std::string_view text) {
  const auto config = read(text);
  if (config) return "accepted";
  EXPECT_EQ(config.error().kind, ErrorKind::usage);
  EXPECT_THAT(config.error().message, StartsWith("relays.toml:"));
  return to_string(config.error()).substr(12);
}

std::string value(const ConfigRelay& relay, std::string_view name) {
  const ConfigOption* found = relay.find(name);
  return found == nullptr ? "none" : found->value;
}

constexpr std::string_view kRelay = "[[relay]]\nsource = \"dynamodb+cdc://aws/t1\"\n";

std::string with_line(std::string_view line) { return std::string(kRelay) + std::string(line) + "\n"; }

TEST(ConfigFile, HasRelaysInTheirOrder) {
  const ConfigFile config = good(R"(
[[relay]]
positions-name = "one"
source = "dynamodb+cdc://${HOST}/t1"
target = 'sqlite:///a.db'
[[relay]]
positions-name = "two"
source = "dynamodb+cdc://${HOST}/t2"
)");
  ASSERT_EQ(config.relays.size(), 2u);
  EXPECT_EQ(value(config.relays[0], "source"), "dynamodb+cdc://localhost:4566/t1");
  EXPECT_EQ(value(config.relays[0], "target"), "sqlite:///a.db");
  EXPECT_EQ(value(config.relays[1], "positions-name"), "two");
  EXPECT_EQ(value(config.relays[1], "target"), "none");
  EXPECT_EQ(config.relays[1].place.line, 6u);
}

TEST(ConfigFile, TakesValuesAsTheyAreNatural) {
  const ConfigRelay relay = good(with_line("once = true\nsegments = 4\ngive-up = 5\nbatch-bytes = \"4MB\"\n"
                                           "include = [\"a\", \"b.c\"]\nat = 2026-01-01T00:00:00Z\nread-capacity = 100"))
                                .relays.at(0);
  EXPECT_EQ(value(relay, "once"), "true");
  EXPECT_EQ(value(relay, "segments"), "4");
  EXPECT_EQ(value(relay, "give-up"), "5");
  EXPECT_EQ(value(relay, "batch-bytes"), "4MB");
  EXPECT_EQ(value(relay, "include"), "a,b.c");
  EXPECT_EQ(value(relay, "at"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(value(relay, "read-capacity"), "100");
}

TEST(ConfigFile, FamiliesMayBeTablesOrQuotedNames) {
  const ConfigRelay relay =
      good(with_line("key-type.id = \"text\"\n\"key-type.b\" = \"bigint\"\ntype.a.b = \"double\"")).relays.at(0);
  EXPECT_EQ(value(relay, "key-type.id"), "text");
  EXPECT_EQ(value(relay, "key-type.b"), "bigint");
  EXPECT_EQ(value(relay, "type.a.b"), "double");
  EXPECT_THAT(refused(with_line("key-type = \"text\"")), StartsWith("3:1: option key-type: the name is missing"));
}

TEST(ConfigFile, DefaultsAreEachOnesUnlessItSaysOtherwise) {
  const ConfigFile config = good(std::string(kRelay) + "region = \"eu-west-1\"\n" + std::string(kRelay) +
                                 "[defaults]\nregion = \"eu-central-1\"\nonce = true\ngrace = \"5s\"\n");
  EXPECT_EQ(value(config.relays.at(0), "region"), "eu-west-1");
  EXPECT_EQ(value(config.relays.at(1), "region"), "eu-central-1");
  EXPECT_EQ(value(config.relays.at(1), "once"), "true");
  EXPECT_TRUE(config.relays.at(1).find("once")->is_default);
  EXPECT_EQ(value(config.relays.at(1), "grace"), "none") << "it is the process's";
  ASSERT_EQ(config.process.size(), 1u);
  EXPECT_EQ(config.process[0].value, "5s");
}

TEST(ConfigFile, TheTopSpeaksOfTheProcess) {
  const ConfigFile config =
      good("exit-on-failure = true\nmax-memory = \"64MB\"\nlisten = \"127.0.0.1:0\"\n" + std::string(kRelay));
  ASSERT_EQ(config.process.size(), 3u);
  EXPECT_EQ(config.process[0].name, "exit-on-failure");
  EXPECT_EQ(config.process[0].value, "true");
}

TEST(ConfigFile, SaysWhereItIsNoToml) {
  EXPECT_THAT(refused("[[relay]]\nsource = \n"), StartsWith("2:10: this is no TOML"));
  const auto unclosed = read("[[relay]]\nsource = \"x\ntarget = 1\n");
  EXPECT_THAT(unclosed.error().hint, HasSubstr("second quote"));
  EXPECT_THAT(read("[[relay]]\nsource = x\n").error().hint, HasSubstr("in quotes"));
  EXPECT_THAT(refused(with_line("source = \"twice\"")), StartsWith("3:"));
}

TEST(ConfigFile, SaysWhereAWordIsUnknown) {
  EXPECT_THAT(refused(with_line("  regoin = \"eu-central-1\"")),
              StartsWith("3:3: unknown option \"regoin\" in [[relay]] (did you mean \"region\"?)"));
  EXPECT_THAT(refused("[defaults]\nonec = true\n" + std::string(kRelay)),
              StartsWith("2:1: unknown option \"onec\" in [defaults] (did you mean \"once\"?)"));
  EXPECT_THAT(refused("exit_on_failure = true\n" + std::string(kRelay)),
              StartsWith("1:1: unknown word \"exit_on_failure\" (did you mean \"exit-on-failure\"?)"));
  EXPECT_THAT(refused("[[relays]]\nsource = \"x\"\n"),
              StartsWith("1:3: unknown word \"relays\" (did you mean \"relay\"?)"));
}

TEST(ConfigFile, SaysWhereAWordDoesNotBelong) {
  EXPECT_THAT(refused(with_line("dry-run = true")), StartsWith("3:1: \"dry-run\" is a flag of the command line"));
  EXPECT_THAT(refused(with_line("reset = true")), StartsWith("3:1: \"reset\" is a flag of the command line"));
  EXPECT_THAT(refused(with_line("listen = \"127.0.0.1:1\"")), StartsWith("3:1: \"listen\" is the whole process's"));
  EXPECT_THAT(refused("region = \"x\"\n" + std::string(kRelay)), StartsWith("1:1: \"region\" stands in [[relay]]"));
  EXPECT_THAT(refused("[defaults]\npositions-name = \"x\"\n" + std::string(kRelay)), StartsWith("2:1: positions-name is"));
}

TEST(ConfigFile, SaysWhereAValueIsWrong) {
  EXPECT_THAT(refused(with_line("once = \"perhaps\"")),
              StartsWith("3:8: option once: found \"perhaps\", accepted is true or false"));
  EXPECT_THAT(refused(with_line("once = 3")),
              StartsWith("3:8: option once: found a whole number, accepted is true or false"));
  EXPECT_THAT(refused(with_line("region = true")), StartsWith("3:10: option region: found a boolean, accepted is a text"));
  EXPECT_THAT(refused(with_line("segments = 1.5")), StartsWith("3:12: option segments: found a number with a fraction"));
  EXPECT_THAT(refused(with_line("segments = 0")), StartsWith("3:12: option segments: found \"0\""));
  EXPECT_THAT(refused(with_line("include = [1]")), StartsWith("3:12: option include: found a whole number in the list"));
  EXPECT_THAT(refused(with_line("on-gap = \"stopp\"")), HasSubstr("did you mean \"stop\"?"));
  EXPECT_THAT(refused("exit-on-failure = \"maybe\"\n" + std::string(kRelay)), StartsWith("1:19: option exit-on-failure"));
}

TEST(ConfigFile, SaysWhereARelayIsMissing) {
  EXPECT_THAT(refused(""), StartsWith("1:1: there is no [[relay]]"));
  EXPECT_THAT(refused("[relay]\nsource = \"x\"\n"), StartsWith("1:1: relay: found a table"));
  EXPECT_THAT(refused("\n[[relay]]\ntarget = \"x\"\n"), StartsWith("2:1: a relay needs a source"));
}

TEST(ConfigFile, SaysWhereAPlaceholderStandsForNothing) {
  EXPECT_THAT(refused(with_line("region = \"${NOBODY}\"")), StartsWith("3:10: the variable NOBODY is not set"));
  EXPECT_THAT(refused(with_line("region = \"${file:/nowhere}\"")), StartsWith("3:10: the file /nowhere of"));
}

TEST(ConfigFile, NeverRepeatsWhatAPlaceholderStandsFor) {
  EXPECT_EQ(refused(with_line("segments = \"${WORD}\"")).find("not-a-number"), std::string::npos);
  EXPECT_THAT(refused(with_line("segments = \"${WORD}\"")), StartsWith("3:12: option segments: found \"${WORD}\""));
  const ConfigFile config = good(with_line("target = \"postgresql://u:${file:/run/secrets/pg}@h/d\""));
  EXPECT_EQ(value(config.relays.at(0), "target"), "postgresql://u:open%20sesame@h/d");
  EXPECT_EQ(config.secrets, std::vector{Secret("open sesame")});
}

}  // namespace
}  // namespace ctk::cli
