// Tests of reader.h and writer.h.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "json/reader.h"
#include "json/writer.h"

namespace ctk::json {
namespace {

std::string written(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

TEST(Writer, PutsCommasWhereTheyBelong) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.key("a");
  w.number("1E-100");
  w.key("b");
  w.begin_array();
  w.string("x");
  w.number(-7);
  w.begin_object();
  w.end_object();
  w.null();
  w.end_array();
  w.key("c");
  w.boolean(true);
  w.key("d");
  w.raw("[1]");
  w.end_object();
  EXPECT_EQ(out, R"({"a":1E-100,"b":["x",-7,{},null],"c":true,"d":[1]})");
}

TEST(Writer, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(written("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(written(std::string_view("\0\x01\b\f\n\r\t\x1f\x7f", 9)), "\"\\u0000\\u0001\\b\\f\\n\\r\\t\\u001f\x7f\"");
  EXPECT_EQ(written("0123456789\n0123456789 \xc3\xa4\xf0\x9f\x98\x80"),
            "\"0123456789\\n0123456789 \xc3\xa4\xf0\x9f\x98\x80\"");
}

RC_GTEST_PROP(Strings, ComeBackThroughTheParser, (std::string bytes)) {
  std::string text;
  for (char c : bytes) text += static_cast<char>(c & 0x7f);
  text += "\xe2\x82\xac";
  std::string json = "{" + written(text) + ":" + written(text) + "}";
  Parser parser;
  RC_ASSERT(string_member(parser.parse(json).value(), text) == std::string_view(text));
}

TEST(Parser, ReadsInPlaceAndByCopy) {
  Parser parser;
  std::string text = R"({"a":{"s":"x","i":-5,"t":true,"n":null,"d":1.5}})";
  EXPECT_TRUE(parser.parse(text));
  text.reserve(text.size() + kPadding);
  Result<Element> document = parser.parse_padded(text);
  ASSERT_TRUE(document);
  Element a = member(*document, "a").value();
  EXPECT_EQ(string_member(a, "s"), "x");
  EXPECT_EQ(int_member(a, "i"), -5);
  EXPECT_EQ(bool_member(a, "t"), true);
  EXPECT_FALSE(member(a, "n"));
  EXPECT_FALSE(member(a, "missing"));
  EXPECT_FALSE(string_member(a, "i"));
  EXPECT_FALSE(int_member(a, "d"));
  EXPECT_FALSE(bool_member(a, "s"));
  EXPECT_FALSE(member(*member(a, "s"), "x"));
}

TEST(Parser, TakesDocumentsOfAnySizeOneAfterAnother) {
  Parser parser;
  std::string large = "[" + written(std::string(300'000, 'x')) + "]";
  EXPECT_TRUE(parser.parse("{}"));
  EXPECT_TRUE(parser.parse(large));
  EXPECT_TRUE(parser.parse("3"));
}

class NotJson : public testing::TestWithParam<std::string> {};

TEST_P(NotJson, IsCorrupt) {
  Parser parser;
  Result<Element> document = parser.parse(GetParam());
  ASSERT_FALSE(document) << GetParam();
  EXPECT_EQ(document.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(document.error().message, "not valid JSON");
  EXPECT_FALSE(document.error().peer.empty());
}

INSTANTIATE_TEST_SUITE_P(Texts, NotJson,
                         testing::Values("", "  ", "{", "{} x", "{'a':1}", "[1,]", "nul", "\xef\xbb\xbf{}", "[\"\x01\"]",
                                         std::string(2000, '[') + std::string(2000, ']')));
INSTANTIATE_TEST_SUITE_P(BrokenUtf8, NotJson,
                         testing::Values("[\"\xff\"]", "[\"\xc0\x80\"]", "[\"\xed\xa0\x80\"]", "[\"\xf4\x90\x80\x80\"]",
                                         "{\"\xff\":1}", "[\"\xe2\x82\"]"));
INSTANTIATE_TEST_SUITE_P(LoneSurrogates, NotJson,
                         testing::Values(R"(["\ud800"])", R"({"\ud800":1})", R"(["\udc00"])", R"({"\udfff":1})",
                                         R"(["\ud800x"])", R"(["\ud800\u0041"])", R"(["\ud800\ud800"])",
                                         R"(["\udbff\ue000"])", R"(["\udc00\ud800"])"));

TEST(Parser, JoinsSurrogatePairsAndKeepsNul) {
  Parser parser;
  Element document = parser.parse(R"({"a":"\ud83d\ude00","b":"\u0000"})").value();
  EXPECT_EQ(string_member(document, "a"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(string_member(document, "b"), std::string_view("\0", 1));
}

TEST(ToUtf8, ReplacesWhatIsNone) {
  EXPECT_EQ(to_utf8("plain ü 日本 \xf0\x9f\x98\x80"), "plain ü 日本 \xf0\x9f\x98\x80");
  EXPECT_EQ(to_utf8("{\"x\":\"\xff"
                    "A\"}"),
            "{\"x\":\"\xef\xbf\xbd"
            "A\"}");
  EXPECT_EQ(to_utf8("\"\xe2\x80\""), "\"\xef\xbf\xbd\xef\xbf\xbd\"");                  // cut off: the quote stays
  EXPECT_EQ(to_utf8("\xed\xa0\x80\xc0\x80ü"), to_utf8("\xff\xff\xff\xff\xff") + "ü");  // a surrogate, a long NUL
}

RC_GTEST_PROP(ToUtf8Properties, EveryTextBecomesADocument, (std::string bytes)) {
  std::string text;
  append_string(text, bytes);
  Parser parser;
  RC_ASSERT(parser.parse(to_utf8(std::move(text))).has_value());
}

TEST(Base64, FollowsTheStandardsExamples) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(base64("\xfb\xff\xfe"), "+//+");
}

TEST(Base64, IsStrict) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Zg==Zg==", "Zm9v\n", " Zm9",
                           "Zm9v====", "Z===", "Zm=v", "Zm-_", "=m9v", "Zm9\x80"}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
}

TEST(Base64, LeavesTheOutputAsItWasWhenTheTextIsBad) {
  std::string out = "before";
  EXPECT_FALSE(append_decoded_base64(out, "Zm9vZm9vZm9v!m9v"));
  EXPECT_EQ(out, "before");
  EXPECT_TRUE(append_decoded_base64(out, "Zm8="));
  EXPECT_EQ(out, "beforefo");
}

// Long texts go by vectors: each character in each of their places.
TEST(Base64, FindsForeignCharactersWhereverTheyStand) {
  const std::string bytes(60, '\xb7');
  const std::string good = base64(bytes);
  ASSERT_EQ(good.size(), 80u);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = good;
      text[at] = static_cast<char>(byte);
      const std::optional<std::string> decoded = decode_base64(text);
      const bool known = kAlphabet.find(text[at]) != std::string_view::npos;
      const bool may_be_padding = byte == '=' && at + 1 == text.size();
      ASSERT_TRUE(may_be_padding || decoded.has_value() == known) << byte << " at " << at;
      ASSERT_EQ(base64(decoded.value_or("")), decoded ? text : "");
    }
  }
}

TEST(Base64, DecodesTextsOfAllLengths) {
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37);
    const std::string text = base64(bytes);
    std::string out(7, 'x');
    out.reserve(7 + size);
    ASSERT_TRUE(append_decoded_base64(out, text));
    ASSERT_EQ(out, std::string(7, 'x') + bytes);
  }
}

RC_GTEST_PROP(Base64Properties, BytesComeBack, (std::string bytes)) { RC_ASSERT(decode_base64(base64(bytes)) == bytes); }

RC_GTEST_PROP(Base64Properties, OneTextForOneValue, (std::string text)) {
  std::string candidate = base64(text);
  if (!candidate.empty()) {
    size_t at = *rc::gen::inRange<size_t>(0, candidate.size());
    candidate[at] = *rc::gen::element('A', 'B', '/', '=', '-', '\0');
  }
  std::optional<std::string> decoded = decode_base64(candidate);
  if (decoded) RC_ASSERT(base64(*decoded) == candidate);
}

}  // namespace
}  // namespace ctk::json
