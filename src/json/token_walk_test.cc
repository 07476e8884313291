#include "json/token_walk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <vector>

#include "json/reader.h"
#include "json/writer.h"

namespace ctk::json {
namespace {

std::string with_padding(std::string text) {
  text.reserve(text.size() + kPadding);
  return text;
}

/// A document, and a walk over it.
struct Walked {
  explicit Walked(const std::string& json) : text(with_padding(json)), plain(with_padding(std::string(json.size(), ' '))) {
    begun = walk.begin(text, Walk::has_escapes(text) ? plain.data() : nullptr);
  }
  std::string text, plain;
  Walk walk;
  bool begun = false;
};

bool is_taken(const std::string& json) {
  Walked walked(json);
  return walked.begun && walked.walk.skip() && walked.walk.complete();
}

TEST(Walk, TakesMembersAndElementsInTheirOrder) {
  Walked walked(R"( { "a" : [ 1 , {} , [ ] ] , "b" : "x" } )");
  Walk& walk = walked.walk;
  ASSERT_TRUE(walked.begun);
  std::vector<std::string> seen;
  EXPECT_TRUE(walk.members([&](std::string_view name) {
    seen.emplace_back(name);
    std::string_view text;
    if (name == "b") return walk.take_text(text) && (seen.emplace_back(text), true);
    return walk.elements([&] {
      seen.emplace_back(1, walk.head());
      return walk.skip();
    });
  }));
  EXPECT_TRUE(walk.complete());
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "1", "{", "[", "b", "x"}));
}

TEST(Walk, TakesAnObjectOfOneTextAtOnce) {
  using Pair = std::pair<std::string, std::string>;
  const auto pair_of = [](const std::string& json) -> std::optional<Pair> {
    Walked walked(json);
    EXPECT_TRUE(walked.begun) << json;
    std::string_view name, text;
    if (!walked.walk.at_pair() || !walked.walk.take_pair(name, text)) return std::nullopt;
    EXPECT_TRUE(walked.walk.complete()) << json;
    return Pair(name, text);
  };
  EXPECT_EQ(pair_of(R"({"S":"a"})"), Pair("S", "a"));
  EXPECT_EQ(pair_of(R"( { "" : "" } )"), Pair("", ""));
  EXPECT_EQ(pair_of(R"({"\u0053":"a\nb"})"), Pair("S", "a\nb"));
  for (const char* other : {R"({"S":1})", R"({"S":"a","N":"1"})", R"({})", R"({"S":{}})", R"(["S","a"])", R"({"S":"a"]})",
                            R"({"S" "a"})", R"({"S":"a")", R"({"S":)", R"({)", R"("S")", R"({"S":["a"]})"}) {
    EXPECT_EQ(pair_of(other), std::nullopt) << other;
  }
  EXPECT_EQ(pair_of(R"({"S":"\x"})"), std::nullopt) << "no escape";
}

TEST(Walk, GivesScalarsAsTheyStand) {
  Walked walked(R"([12.50e+3 ,true,"a\u00e4\"b",{}])");
  using Kind = Walk::Scalar::Kind;
  std::vector<std::pair<Kind, std::string>> seen;
  walked.walk.elements([&] {
    Walk::Scalar scalar;
    const bool taken = walked.walk.take_scalar(scalar);
    seen.emplace_back(scalar.kind, scalar.raw);
    return taken || walked.walk.skip();
  });
  EXPECT_TRUE(walked.walk.complete());
  EXPECT_EQ(seen, (std::vector<std::pair<Kind, std::string>>{
                      {Kind::number, "12.50e+3"}, {Kind::word, "true"}, {Kind::text, "aä\"b"}, {Kind::none, ""}}));
}

TEST(Walk, GoesBackToAPlace) {
  Walked walked(R"({"a":{"b":[1,2]},"c":3})");
  Walk& walk = walked.walk;
  std::optional<Walk::Place> inside;
  std::string_view between;
  EXPECT_TRUE(walk.members([&](std::string_view name) {
    const Walk::Place begin = walk.place();
    if (name == "a") inside = begin;
    const bool taken = walk.skip();
    if (name == "a") between = walk.between(begin, walk.place());
    return taken;
  }));
  EXPECT_TRUE(walk.complete());
  EXPECT_EQ(between, R"({"b":[1,2]})");
  walk.go_to(*inside);
  EXPECT_EQ(walk.head(), '{');
  EXPECT_TRUE(walk.skip());
  EXPECT_EQ(walk.head(), ',');
}

TEST(Walk, ViewsPointIntoItsBuffer) {
  for (const std::string text : {R"(["plain"])", R"(["pl\u0061in"])"}) {
    Walked walked(text);
    std::string_view found;
    walked.walk.elements([&] { return walked.walk.take_text(found); });
    EXPECT_EQ(found, "plain");
    EXPECT_EQ(found.data() - walked.walk.base(), 2);
  }
}

TEST(Walk, RefusesWhatIsNoJson) {
  for (const char* text : {"",         " ",     "{",    "}",         "{\"a\"}",      "{\"a\":}",    "{\"a\":1,}",
                           "{,}",      "[1,]",  "[,1]", "[1 2]",     "[\"a\"\"b\"]", "\"a\"b",      "01",
                           "-",        "1.",    "1e",   "+1",        ".5",           "tru",         "truex",
                           "nul",      "[1]]",  "[1}",  "{\"a\":1]", "\"\\x\"",      "\"\\ud800\"", "\"\x01\"",
                           "\"\xff\"", "{1:2}", "\"a",  "1 1"}) {
    EXPECT_FALSE(is_taken(text)) << text;
  }
  for (const char* text :
       {"{}", "[]", "\"\"", "0", "-0.5e-7", "null", " [ true , false ] ", "123456789012345678901234567890"}) {
    EXPECT_TRUE(is_taken(text)) << text;
  }
}

TEST(Walk, RefusesWhatIsNestedTooDeep) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '[') + std::string(static_cast<size_t>(depth), ']');
  };
  EXPECT_TRUE(is_taken(nested(Walk::kDeepest)));
  EXPECT_FALSE(is_taken(nested(Walk::kDeepest + 1)));
}

TEST(Walk, IsUsedForOneDocumentAfterTheOther) {
  Walk walk;
  for (const size_t size : {10, 100'000, 10, 5000}) {
    const std::string text = with_padding('"' + std::string(size, 'x') + '"');
    std::string_view found;
    ASSERT_TRUE(walk.begin(text, nullptr));
    EXPECT_TRUE(walk.take_text(found) && walk.complete());
    EXPECT_EQ(found.size(), size);
    const std::string broken = with_padding("\"");
    EXPECT_FALSE(walk.begin(broken, nullptr));
    EXPECT_TRUE(walk.failed());
  }
}

/// Pieces of JSON in any order: nearly right often enough.
rc::Gen<std::string> nearly_json() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "{", "}", "[", "]", ",", ":", "\"a\"", "\"\\n\"", "\"\\", "1", "-2.5e3", "true", "null", " ", "x")),
      [](const std::vector<std::string>& pieces) {
        std::string text;
        for (const std::string& piece : pieces) text += piece;
        return text;
      });
}

RC_GTEST_PROP(Walk, TakesWhatTheParserTakes, ()) {
  const std::string text = *nearly_json();
  Parser parser;
  RC_ASSERT(is_taken(text) == parser.parse(text).has_value());
}

RC_GTEST_PROP(Walk, ReadsTextsAsTheyWereWritten, (const std::vector<std::string>& texts)) {
  std::string json = "[";
  std::vector<std::string> good;
  for (const std::string& text : texts) {
    std::string ascii;
    for (const char c : text) ascii += static_cast<char>(c & 0x7f);
    if (!good.empty()) json += ',';
    append_string(json, ascii);
    good.push_back(ascii);
  }
  json += ']';
  Walked walked(json);
  size_t at = 0;
  RC_ASSERT(walked.walk.elements([&] {
    std::string_view found;
    return walked.walk.take_text(found) && found == good[at++];
  }));
  RC_ASSERT(walked.walk.complete());
}

}  // namespace
}  // namespace ctk::json
