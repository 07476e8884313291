#include "json/value_splitter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "json/reader.h"

namespace ctk::json {
namespace {

constexpr size_t kUnbounded = std::string_view::npos;

/// Objects as they are, what is none behind "!", what is too long behind "…".
using Pieces = std::vector<std::string>;

void note(Pieces& pieces, ValueSplitter::Kind kind, std::string_view text) {
  const std::string_view mark = kind == ValueSplitter::Kind::object ? "" : kind == ValueSplitter::Kind::broken ? "!" : "…";
  pieces.push_back(std::string(mark) + std::string(text));
}

/// Splits a text that comes `gulp` bytes at a time.
Pieces split(std::string_view text, size_t gulp = kUnbounded, size_t longest = kUnbounded) {
  ValueSplitter splitter(longest);
  Pieces pieces;
  size_t from = 0, to = std::min(gulp, text.size());
  for (;;) {
    const bool last = to == text.size();
    const ValueSplitter::Step step = splitter.next(text.substr(from, to - from), last);
    if (step.piece)
      note(pieces, step.piece->kind, text.substr(from + step.piece->begin, step.piece->end - step.piece->begin));
    from += step.consumed;
    if (step.piece || step.consumed > 0) continue;
    if (last) return pieces;
    to += std::min(gulp, text.size() - to);
  }
}

TEST(ValueSplitter, FindsObjectsHoweverTheyStand) {
  EXPECT_EQ(split(""), Pieces{});
  EXPECT_EQ(split(" \n\r\n\t[ ],\n"), Pieces{});
  EXPECT_EQ(split("{}\n{\"a\":1}\r\n"), (Pieces{"{}", "{\"a\":1}"}));
  EXPECT_EQ(split("{\"a\":1}{\"b\":2} {\"c\":3},{\"d\":4}"), (Pieces{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"d\":4}"}));
  EXPECT_EQ(split("{\n  \"a\": {\n    \"b\": [1, 2]\n  }\n}\n{\"c\":3}"),
            (Pieces{"{\n  \"a\": {\n    \"b\": [1, 2]\n  }\n}", "{\"c\":3}"}));
  EXPECT_EQ(split("[\n  {\"a\":1},\n  {\"b\":2}\n]\n[{\"c\":3}]"), (Pieces{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"}));
  EXPECT_EQ(split("\xEF\xBB\xBF{\"a\":1}\n\xEF\xBB\xBF{\"b\":2}\n\x1e{\"c\":3}\n"),
            (Pieces{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"}));
}

bool ends_in_array(std::string_view text) {
  ValueSplitter splitter(kUnbounded);
  while (!text.empty()) text.remove_prefix(splitter.next(text, true).consumed);
  return splitter.in_array();
}

TEST(ValueSplitter, KnowsWhetherAnArrayIsClosed) {
  for (const char* text :
       {"", "{}", "[{\"a\":[1]},{}]", "[]\n[{}]\n", "{\"[\":\"[\"}", "]", "[1,2\n{}\n", "[{\"a\":\n{}\n{}\n"})
    EXPECT_FALSE(ends_in_array(text)) << text;
  for (const char* text : {"[", "[{}", "[{},\n{},\n", "[[{}]", "[{}]\n[{}", "[{},{\"a\":"})
    EXPECT_TRUE(ends_in_array(text)) << text;
}

TEST(ValueSplitter, KnowsStringsFromBrackets) {
  const std::string odd = R"({"a}":"{\"}]\\","b\u007b":["[{",-1.5E+3,true,null,[],{}]})";
  EXPECT_EQ(split(odd + odd), (Pieces{odd, odd}));
}

TEST(ValueSplitter, EachLineOfOtherTextIsAPieceOfItsOwn) {
  EXPECT_EQ(split("no JSON\n{\"a\":1}\n7\n\"text\"\n}\n"), (Pieces{"!no JSON", "{\"a\":1}", "!7", "!\"text\"", "!}"}));
  EXPECT_EQ(split("{\"a\":1} and more {\"b\":2}\n{\"c\":3}"), (Pieces{"{\"a\":1}", "!and more {\"b\":2}", "{\"c\":3}"}));
  EXPECT_EQ(split("\xEFx\n{}"), (Pieces{"!\xEFx", "{}"}));
  EXPECT_EQ(split("{}\n\xEF"), (Pieces{"{}", "!\xEF"}));
}

TEST(ValueSplitter, ABrokenObjectEndsBeforeTheNextOne) {
  for (const char* broken :
       {"{\"a\"", "{\"a\":", "{\"a\":\"tex", "{\"a\":1", "{\"a\":{\"b\":1}", "{\"a\":1,", "{", "{\"a\":[1}", "{\"a\":\"t\\",
        "{a:1}", "{\"a\" 1}", "{\"a\":1,}", "{\"a\":\"\x01\"}", "{\"a\":?}"}) {
    EXPECT_EQ(split(std::string(broken) + "\n{\"good\":1}\n{\"good\":2}\n"),
              (Pieces{"!" + std::string(broken), "{\"good\":1}", "{\"good\":2}"}))
        << broken;
    EXPECT_EQ(split("{\"good\":1}\n" + std::string(broken)), (Pieces{"{\"good\":1}", "!" + std::string(broken)})) << broken;
  }
}

TEST(ValueSplitter, ABrokenObjectOverManyLinesIsOnePiece) {
  const std::string broken = "{\n  \"a\": {\n    \"b\": \n  },\n  \"c\": [\n    {\n      \"d\": 1\n    }\n  ]\n}";
  EXPECT_EQ(split(broken + "\n{\n  \"e\": 2\n}\n"), (Pieces{"!" + broken, "{\n  \"e\": 2\n}"}));
}

TEST(ValueSplitter, ABrokenElementOfAnArrayIsOnePiece) {
  EXPECT_EQ(split("[\n  {\n    \"a\": [\n      {},\n      {\n    ]\n  },\n  {\n    \"b\": 2\n  }\n]\n"),
            (Pieces{"!{\n    \"a\": [\n      {},\n      {\n    ]\n  },", "{\n    \"b\": 2\n  }"}));
  EXPECT_EQ(split("[{\n  \"a\": \n}, {\n  \"b\": 2\n}, {\n  \"c\": 3\n}]"),
            (Pieces{"!{\n  \"a\": \n}", "{\n  \"b\": 2\n}", "{\n  \"c\": 3\n}"}));
  EXPECT_EQ(split("[{\"a\": 1}, {\"b\": }]\n[{\"c\": 3}]\n"), (Pieces{"{\"a\": 1}", "!{\"b\": }]", "{\"c\": 3}"}));
}

TEST(ValueSplitter, DeepNestingHasAnEnd) {
  std::string deep = "{\"a\":";
  for (int i = 0; i < 1023; ++i) deep += "[";
  const std::string closing(1023, ']');
  EXPECT_EQ(split(deep + closing + "}\n{}"), (Pieces{deep + closing + "}", "{}"}));
  EXPECT_EQ(split(deep + "[" + closing + "]}\n{}"), (Pieces{"!" + deep + "[" + closing + "]}", "{}"}));
}

TEST(ValueSplitter, WhatIsTooLongIsPassedOverAndNotKept) {
  const std::string object = "{\"a\":\"" + std::string(200, 'x') + "\"}";
  for (const size_t gulp : {size_t{1}, size_t{7}, kUnbounded}) {
    EXPECT_EQ(split("{\"b\":1}\n" + object + "\n{\"c\":1}\n", gulp, 100),
              (Pieces{"{\"b\":1}", "…" + object.substr(0, 100), "{\"c\":1}"}));
    EXPECT_EQ(split(std::string(200, 'x') + "\nmore\n{\"c\":1}\n", gulp, 100),
              (Pieces{"…" + std::string(100, 'x'), "!more", "{\"c\":1}"}));
  }
}

TEST(ValueSplitter, CutsBetweenCharactersWhereThereAreAny) {
  const std::string text = "abcd\xC3\xA9" + std::string(20, 'x') + "\n", odd(20, '\x9c');
  EXPECT_EQ(split(text, kUnbounded, 5), Pieces{"…abcd"});
  EXPECT_EQ(split(odd, kUnbounded, 5), Pieces{"…" + odd.substr(0, 5)});
}

TEST(ValueSplitter, HoldsNoMoreThanOneObjectMayHave) {
  ValueSplitter splitter(1000);
  std::string text = "{\"a\":\"";
  size_t most = 0, pieces = 0;
  for (int i = 0; i < 10'000; ++i) {
    text += "xxxxxxxxxx";
    const ValueSplitter::Step step = splitter.next(text, false);
    if (step.piece) ++pieces;
    text.erase(0, step.consumed);
    most = std::max(most, text.size());
  }
  EXPECT_EQ(pieces, 1U);
  EXPECT_LE(most, 1010U);
}

/// Texts that are often nearly JSON.
rc::Gen<std::string> nearly_json() {
  const auto bit = rc::gen::elementOf(std::vector<std::string>{"{",
                                                               "}",
                                                               "[",
                                                               "]",
                                                               "\"",
                                                               ":",
                                                               ",",
                                                               "\n",
                                                               " ",
                                                               "  ",
                                                               "\\",
                                                               "a",
                                                               "1",
                                                               "{\"a\":1}",
                                                               "{\"b\":[",
                                                               "]}",
                                                               "\xEF\xBB\xBF",
                                                               "\n{",
                                                               "\n  {",
                                                               "\r\n",
                                                               "\x1e",
                                                               "{\"s\":\"}{\"}",
                                                               "true",
                                                               "x"});
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(bit), [](const std::vector<std::string>& bits) {
    std::string text;
    for (const std::string& one : bits) text += one;
    return text;
  });
}

RC_GTEST_PROP(ValueSplitter, GivesTheSamePiecesHoweverTheTextComes, ()) {
  const std::string text = *nearly_json();
  const size_t longest = *rc::gen::element(size_t{5}, size_t{40}, kUnbounded);
  RC_ASSERT(split(text, 1, longest) == split(text, kUnbounded, longest));
  RC_ASSERT(split(text, *rc::gen::inRange<size_t>(1, 9), longest) == split(text, kUnbounded, longest));
}

RC_GTEST_PROP(ValueSplitter, LosesNothing, ()) {
  const std::string text = *nearly_json();
  const auto essence = [](std::string_view from) {
    std::string kept;
    for (const char c : from) {
      if (std::string_view(" \t\r\n,[]\x1e\xEF\xBB\xBF").find(c) == std::string_view::npos) kept += c;
    }
    return kept;
  };
  std::string all;
  for (const std::string& piece : split(text)) all += piece.starts_with('!') ? piece.substr(1) : piece;
  RC_ASSERT(essence(all) == essence(text));
}

/// An object, without blanks.
std::string some_object(int depth) {
  std::string text = "{";
  const int members = *rc::gen::inRange(0, 4);
  for (int i = 0; i < members; ++i) {
    const std::string scalar =
        *rc::gen::element<std::string>("1", "-2.5e+7", "true", "null", R"("")", R"("}{\"][\\")", R"("\\u0041,:\n")");
    const int kind = depth == 0 ? 0 : *rc::gen::inRange(0, 3);
    text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":";
    text += kind == 0 ? scalar : kind == 1 ? some_object(depth - 1) : "[" + some_object(depth - 1) + "," + scalar + "]";
  }
  return text + "}";
}

RC_GTEST_PROP(ValueSplitter, FindsEveryObjectThatAParserTakes, ()) {
  const std::string one = some_object(3), two = some_object(3);
  Parser parser;
  RC_ASSERT(parser.parse(one).has_value());
  RC_ASSERT(split(one + two, *rc::gen::inRange<size_t>(1, 50)) == (Pieces{one, two}));
}

}  // namespace
}  // namespace ctk::json
