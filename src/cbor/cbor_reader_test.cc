#include "cbor/cbor_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cbor/cbor_writer.h"

namespace ctk::cbor {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;

/// "a1 61 61 01" as bytes.
std::string hex(const std::string& digits) {
  std::string bytes;
  std::string two;
  for (const char c : digits) {
    if (c != ' ') two += c;
    if (two.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(two, nullptr, 16));
    two.clear();
  }
  return bytes;
}

std::optional<int64_t> integer(const std::string& digits) { return Reader(hex(digits)).integer(); }
std::optional<double> number(const std::string& digits) {
  const std::string bytes = hex(digits);
  return Reader(bytes).number();
}

TEST(CborReader, ReadsIntegersOfAllWidths) {
  EXPECT_EQ(integer("00"), 0);
  EXPECT_EQ(integer("17"), 23);
  EXPECT_EQ(integer("18 18"), 24);
  EXPECT_EQ(integer("19 03e8"), 1000);
  EXPECT_EQ(integer("1a 000f4240"), 1'000'000);
  EXPECT_EQ(integer("1b 000000e8d4a51000"), 1'000'000'000'000);
  EXPECT_EQ(integer("20"), -1);
  EXPECT_EQ(integer("39 03e7"), -1000);
  EXPECT_EQ(integer("3b 7fffffffffffffff"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(integer("1b ffffffffffffffff"), std::nullopt) << "beyond 64 bits with a sign";
  EXPECT_EQ(integer("3b 8000000000000000"), std::nullopt);
  EXPECT_EQ(integer("c1 1b 000001949b2a5c00"), 1'737'770'032'128) << "a tag changes nothing";
}

TEST(CborReader, ReadsFloatsOfAllWidths) {
  EXPECT_EQ(number("f9 3e00"), 1.5);
  EXPECT_EQ(number("f9 c400"), -4.0);
  EXPECT_EQ(number("f9 0001"), std::ldexp(1.0, -24)) << "the smallest half";
  EXPECT_EQ(number("f9 7bff"), 65504.0);
  EXPECT_EQ(number("f9 7c00"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(number("f9 7e00").value()));
  EXPECT_EQ(number("fa 47c35000"), 100000.0);
  EXPECT_EQ(number("fb 3ff199999999999a"), 1.1);
  EXPECT_EQ(number("c1 fb 41d9dce7c0100000"), 1735630592.25);
  EXPECT_EQ(number("1b ffffffffffffffff"), 18446744073709551615.0);
  EXPECT_EQ(number("39 03e7"), -1000);
}

TEST(CborReader, ReadsTextAndBytesWholeAndInPieces) {
  EXPECT_EQ(Reader("\x63"
                   "abc")
                .text(),
            "abc");
  EXPECT_EQ(Reader("\x43"
                   "a\0c"s)
                .bytes(),
            "a\0c"s);
  Reader text(
      "\x7f\x61"
      "a\x60\x62"
      "bc\xff");
  EXPECT_EQ(text.text(), "abc");
  EXPECT_TRUE(text.complete());
  Reader bytes(
      "\x5f\x41"
      "a\x42"
      "bc\xff");
  EXPECT_EQ(bytes.bytes(), "abc");
  Reader mixed(
      "\x5f\x41"
      "a\x62"
      "bc\xff");
  EXPECT_EQ(mixed.bytes(), std::nullopt) << "a piece of text within bytes";
  EXPECT_TRUE(mixed.failed());
  Reader foreign("\x62\xc3\x28");
  EXPECT_EQ(foreign.text(), std::nullopt) << "no UTF-8";
  EXPECT_TRUE(foreign.failed());
}

TEST(CborReader, WalksOverMapsAndArraysOfBothLengths) {
  for (const char* digits :
       {"a2 61 61 82 01 02 61 62 f6", "bf 61 61 9f 01 02 ff 61 62 f6 ff", "d9d9f7 a2 61 61 82 01 02 61 62 f6"}) {
    const std::string document = hex(digits);
    EXPECT_TRUE(begins_map(document));
    Reader in(document);
    std::vector<std::string> names;
    std::vector<int64_t> numbers;
    EXPECT_TRUE(in.members([&](std::string_view name) {
      names.emplace_back(name);
      if (name == "a") in.entries([&] { numbers.push_back(in.integer().value()); });
    }));
    EXPECT_TRUE(in.complete()) << digits;
    EXPECT_THAT(names, ElementsAre("a", "b"));
    EXPECT_THAT(numbers, ElementsAre(1, 2));
  }
}

TEST(CborReader, TakesWhatIsOfAnotherKindAndGivesNothing) {
  const std::string document = hex("86 01 61 61 41 00 a1 61 61 01 81 f6 f5");
  const auto takes = [&](auto take) {
    Reader in(document);
    in.entries([&] { take(in); });
    EXPECT_TRUE(in.complete());
  };
  int texts = 0, numbers = 0, bytes = 0, maps = 0, arrays = 0, truths = 0, integers = 0;
  takes([&](Reader& in) { texts += in.text() ? 1 : 0; });
  takes([&](Reader& in) { bytes += in.bytes() ? 1 : 0; });
  takes([&](Reader& in) { numbers += in.number() ? 1 : 0; });
  takes([&](Reader& in) { integers += in.integer() ? 1 : 0; });
  takes([&](Reader& in) { truths += in.boolean() ? 1 : 0; });
  takes([&](Reader& in) { maps += in.members([](std::string_view) {}) ? 1 : 0; });
  takes([&](Reader& in) { arrays += in.entries([] {}) ? 1 : 0; });
  EXPECT_THAT((std::vector{texts, bytes, numbers, integers, truths, maps, arrays}), ElementsAre(1, 1, 1, 1, 1, 1, 1));
}

TEST(CborReader, FailsWhereTheGrammarIsBroken) {
  for (const char* digits : {"",
                             "18",
                             "1b 00",
                             "62 61",
                             "5b ffffffffffffffff",
                             "9f 01",
                             "bf 61 61 ff",
                             "a1 01 01",
                             "a1 7f 61 61 ff 01",
                             "ff",
                             "1c",
                             "3f",
                             "fc",
                             "c1",
                             "9b ffffffffffffffff 01",
                             "bb ffffffffffffffff",
                             "82 01",
                             "7f 7f 61 61 ff ff",
                             "5f 41",
                             "01 01"}) {
    const std::string document = hex(digits);
    Reader in(document);
    in.skip();
    EXPECT_FALSE(in.complete()) << digits;
    EXPECT_EQ(in.text(), std::nullopt);
  }
}

TEST(CborReader, FollowsNoDeeperThanItMay) {
  const auto nested = [](int depth) { return std::string(static_cast<size_t>(depth), '\x81') + '\x01'; };
  const std::string deepest = nested(Reader::kDeepest), deeper = nested(Reader::kDeepest + 1);
  Reader in(deepest);
  in.skip();
  EXPECT_TRUE(in.complete());
  Reader too_deep(deeper);
  too_deep.skip();
  EXPECT_TRUE(too_deep.failed());
  const std::string tags(1u << 20, '\xc1');
  Reader tagged(tags);
  tagged.skip();
  EXPECT_TRUE(tagged.failed());
}

TEST(CborReader, KnowsWhatBeginsAsAMap) {
  EXPECT_TRUE(begins_map("\xbf\xff"));
  EXPECT_TRUE(begins_map("\xa0"));
  for (const char* other : {"", "{}", " {}", "<html>", "\xef\xbb\xbf{}", "\x80", "\xc3\x89t\xc3\xa9"})
    EXPECT_FALSE(begins_map(other)) << other;
}

RC_GTEST_PROP(CborReader, ReadsWhatIsWritten,
              (const std::vector<std::string>& texts, const std::vector<int64_t>& numbers)) {
  std::string document;
  Writer out(document);
  out.begin_array();
  for (const std::string& text : texts) out.bytes(text);
  for (const int64_t number : numbers) out.integer(number);
  out.real(0.1);
  out.time(from_micros(1'735'689'600'123'456));
  out.end();
  std::vector<std::string> bytes_read;
  std::vector<int64_t> numbers_read;
  std::vector<double> reals;
  Reader in(document);
  in.entries([&] {
    const Kind kind = in.kind();
    if (kind == Kind::bytes) bytes_read.emplace_back(in.bytes().value());
    if (kind == Kind::integer) numbers_read.push_back(in.integer().value());
    if (kind == Kind::real) reals.push_back(in.number().value());
  });
  RC_ASSERT(in.complete());
  RC_ASSERT(bytes_read == texts);
  RC_ASSERT(numbers_read.back() == 1'735'689'600'123);
  numbers_read.pop_back();
  RC_ASSERT(numbers_read == numbers);
  RC_ASSERT(reals == std::vector{0.1});
}

}  // namespace
}  // namespace ctk::cbor
