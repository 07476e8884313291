#include "cli/options.h"

#include <gmock/gmock.h>

#include "cli/suggest.h"

namespace ctk::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

net::Url url_with(std::vector<std::pair<std::string, std::string>> query) {
  net::Url url;
  url.query = std::move(query);
  return url;
}

OptionValues read(OptionScope side, std::vector<std::pair<std::string, std::string>> query, FlagValues flags = {}) {
  auto values = read_options(side, url_with(std::move(query)), flags);
  if (values) return *values;
  ADD_FAILURE() << to_string(values.error());
  return {};
}

Error refused(OptionScope side, std::vector<std::pair<std::string, std::string>> query, FlagValues flags = {}) {
  auto values = read_options(side, url_with(std::move(query)), flags);
  if (values) return Error{ErrorKind::internal, "accepted", "", ""};
  EXPECT_EQ(values.error().kind, ErrorKind::usage);
  return values.error();
}

constexpr auto kSource = OptionScope::source;
constexpr auto kTarget = OptionScope::target;

TEST(EditDistance, CountsSlips) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("region", "region"), 0u);
  EXPECT_EQ(edit_distance("regoin", "region"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Suggest, OnlyWhatIsNear) {
  const std::vector<std::string> names = {"region", "start", "once"};
  EXPECT_EQ(suggest("regoin", names), "region");
  EXPECT_EQ(suggest("onc", names), "once");
  EXPECT_EQ(suggest("bananas", names), std::nullopt);
  EXPECT_EQ(one_of(names), "region, start or once");
}

TEST(OptionTable, NamesAreUniqueAndDefaultsFit) {
  std::map<std::string_view, int> seen;
  for (const OptionInfo& info : all_options()) {
    EXPECT_EQ(seen[info.name]++, 0) << info.name;
    EXPECT_FALSE(info.help.empty()) << info.name;
    EXPECT_EQ(info.kind == OptionKind::choice, !info.choices.empty()) << info.name;
    EXPECT_TRUE(info.stands_for.empty() || find_option(info.stands_for) != nullptr) << info.name;
  }
}

TEST(ReadOptions, TheFlagWinsOverTheUrl) {
  const auto values = read(kSource, {{"region", "a"}, {"once", "true"}, {"idle-poll", "2s"}},
                           {{"region", "b"}, {"once", "no"}, {"table", "t"}});
  EXPECT_EQ(values.text("region"), "b");
  EXPECT_EQ(values.spelled("region"), "--region");
  EXPECT_FALSE(values.boolean("once", true));
  EXPECT_EQ(values.duration("idle-poll"), std::chrono::seconds(2));
  EXPECT_EQ(values.spelled("idle-poll"), "idle-poll in the source's URL");
  EXPECT_FALSE(values.has("table")) << "a flag of the target";
}

TEST(ReadOptions, EveryKind) {
  const auto values = read(kTarget, {{"batch-bytes", "4MB"},
                                     {"batch-rows", "500"},
                                     {"delete-grace", "never"},
                                     {"timeout", "1500ms"},
                                     {"layout", "document"},
                                     {"typed", "0"}});
  EXPECT_EQ(values.size("batch-bytes"), 4u << 20);
  EXPECT_EQ(values.integer("batch-rows"), 500);
  EXPECT_EQ(values.duration("delete-grace"), Duration::max());
  EXPECT_EQ(values.duration("timeout"), std::chrono::milliseconds(1500));
  EXPECT_EQ(values.text("layout"), "document");
  EXPECT_FALSE(values.boolean("typed", true));
  EXPECT_EQ(values.duration("batch-age"), std::nullopt);
}

TEST(ReadOptions, OpenFamilies) {
  const auto values = read(kTarget, {{"key-type.id", "bigint"}, {"type.a.b", "text"}}, {{"key-type.x", "text"}});
  EXPECT_THAT(values.family("key-type."), ElementsAre(Pair("id", "bigint"), Pair("x", "text")));
  EXPECT_THAT(values.family("type."), ElementsAre(Pair("a.b", "text")));
  EXPECT_THAT(refused(kTarget, {{"key-type.", "text"}}).message, HasSubstr("unknown option \"key-type.\""));
}

TEST(ReadOptions, OptionsOfTheRunStandInEitherUrl) {
  EXPECT_EQ(read(kSource, {{"start-timeout", "5"}}).duration("start-timeout"), std::chrono::seconds(5));
  EXPECT_EQ(read(kTarget, {{"max-memory", "64MB"}}).size("max-memory"), 64u << 20);
}

TEST(ReadOptions, NamesWhatWasFoundAndWhatIsAccepted) {
  EXPECT_EQ(refused(kSource, {{"start", "newest"}}).message,
            "option start in the source's URL: found \"newest\", accepted is earliest, latest, timestamp, seqno-at or "
            "seqno-after");
  EXPECT_EQ(
      refused(kSource, {}, {{"start", "latst"}}).message,
      "option --start: found \"latst\", accepted is earliest, latest, timestamp, seqno-at or seqno-after (did you mean "
      "\"latest\"?)");
  EXPECT_EQ(refused(kSource, {{"once", "maybe"}}).message,
            "option once in the source's URL: found \"maybe\", accepted is true or false");
  EXPECT_THAT(refused(kSource, {{"idle-poll", "5x"}}).message,
              AllOf(HasSubstr("idle-poll"), HasSubstr("\"5x\""), HasSubstr("a duration such as")));
  EXPECT_THAT(refused(kSource, {{"idle-poll", "-1s"}}).message, HasSubstr("\"-1s\""));
  EXPECT_THAT(refused(kTarget, {{"batch-rows", "0"}}).message, HasSubstr("a number from 1 to 1000000"));
  EXPECT_THAT(refused(kTarget, {{"batch-rows", "12x"}}).message, HasSubstr("\"12x\""));
  EXPECT_THAT(refused(kTarget, {{"max-memory", "1KB"}}).message, HasSubstr("from 1048576 to"));
  EXPECT_THAT(refused(kSource, {{"region", ""}}).message, HasSubstr("found \"\""));
}

TEST(ReadOptions, UnknownNamesGetASuggestionAndTheList) {
  const Error error = refused(kSource, {{"regoin", "x"}});
  EXPECT_EQ(error.message, "unknown option \"regoin\" in the source's URL (did you mean \"region\"?)");
  EXPECT_THAT(error.hint, HasSubstr("idle-poll"));
  EXPECT_EQ(refused(kTarget, {{"frobnicate", "x"}}).message, "unknown option \"frobnicate\" in the target's URL");
}

TEST(ReadOptions, AnOptionOfTheOtherSideSaysWhereItBelongs) {
  const Error error = refused(kSource, {{"layout", "ctk"}});
  EXPECT_EQ(error.message, "option \"layout\" in the source's URL belongs to the target");
  EXPECT_THAT(error.hint, HasSubstr("--layout"));
}

TEST(ReadOptions, WhatIsKnownIsTakenWithoutAWord) {
  EXPECT_EQ(read(kSource, {{"snapshot", "none"}, {"positions", "memory"}, {"on-gap", "skip"}}).notes().size(), 0u);
}

TEST(ReadOptions, OldNamesGoOnWorking) {
  const auto values = read(kSource, {{"create", "true"},
                                     {"create-shards", "4"},
                                     {"describe-timeout", "60"},
                                     {"idle-sleep", "0.5"},
                                     {"batch-size", "100"},
                                     {"buffer-time", "0.5"},
                                     {"checkpointer", "cratedb"},
                                     {"checkpointer-name", "mine"},
                                     {"checkpointer-schema", "ext"},
                                     {"checkpointer-interval", "5"}});
  EXPECT_TRUE(values.boolean("create", false));
  EXPECT_EQ(values.integer("create-shards"), 4);
  EXPECT_EQ(values.duration("idle-sleep"), std::chrono::milliseconds(500));
  EXPECT_EQ(values.text("positions"), "target");
  EXPECT_EQ(values.text("positions-name"), "mine");
  EXPECT_EQ(values.notes().size(), 5u);
  EXPECT_THAT(values.notes(), testing::Contains("option batch-size in the source's URL is accepted and has no effect"));
  EXPECT_EQ(read(kSource, {{"checkpointer", "memory"}}).text("positions"), "memory");
  EXPECT_THAT(refused(kSource, {{"checkpointer", "redis"}}).message, HasSubstr("cratedb or memory"));
}

TEST(ReadOptions, ASecretIsNeverRepeated) {
  EXPECT_EQ(refused(kSource, {{"session-token", ""}}).message,
            "option session-token in the source's URL: found nothing, accepted is a text");
}

TEST(Options, OneThatIsGivenTwiceIsNotGuessed) {
  const Error twice = refused(OptionScope::target, {{"sslmode", "require"}, {"sslmode", "disable"}});
  EXPECT_EQ(twice.kind, ErrorKind::usage);
  EXPECT_THAT(twice.message, HasSubstr("sslmode in the target's URL is given twice"));
  EXPECT_THAT(refused(OptionScope::target, {{"key-type.a", "text"}, {"key-type.a", "bigint"}}).message, HasSubstr("twice"));
  EXPECT_EQ(read(OptionScope::target, {{"sslmode", "require"}, {"sslmode", "require"}}).text("sslmode"), "require");
  EXPECT_EQ(read(OptionScope::target, {{"sslmode", "require"}}, {{"sslmode", "disable"}}).text("sslmode"), "disable")
      << "a flag wins";
}

}  // namespace
}  // namespace ctk::cli
