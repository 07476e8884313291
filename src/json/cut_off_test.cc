#include "json/cut_off.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace ctk::json {
namespace {

constexpr std::string_view kAnswer =
    R"({"Count":3,"Other":[{"a":1}],"Items":[{"k":{"S":"}],{\"Items\":[\\"}},{"l":{"L":[{"N":"1"},{"M":{}}]}},{}],"Last":{"k":1}})";

/// The entries of "Items" in what is left; -1 where nothing is.
int entries_left(size_t length) {
  std::string text(kAnswer.substr(0, length));
  const std::string before = text;
  if (!close_cut_list(text, "Items")) {
    EXPECT_EQ(text, before);
    return -1;
  }
  Parser parser;
  const auto document = parser.parse(text);
  EXPECT_TRUE(document) << text;
  if (!document) return -2;
  int entries = 0;
  const auto items = member(*document, "Items");
  EXPECT_TRUE(items);
  if (items) {
    for ([[maybe_unused]] const auto entry : items->get_array()) ++entries;
  }
  return entries;
}

TEST(CutOff, KeepsTheWholeEntriesWhereverTheTextBreaksOff) {
  const size_t first = kAnswer.find(R"(,{"l")"), second = kAnswer.find(",{}]"), third = kAnswer.find("],\"Last");
  for (size_t length = 0; length <= kAnswer.size(); ++length) {
    const int expected = length >= third ? 3 : length >= second ? 2 : length >= first ? 1 : -1;
    EXPECT_EQ(entries_left(length), expected) << kAnswer.substr(0, length);
  }
}

TEST(CutOff, KnowsOnlyTheListThatIsNamed) {
  std::string text = R"({"Records":[{"a":1},{"b)";
  EXPECT_FALSE(close_cut_list(text, "Items"));
  EXPECT_TRUE(close_cut_list(text, "Records"));
  EXPECT_EQ(text, R"({"Records":[{"a":1}]})");
}

TEST(BeginsWithList, LooksAtTheFirstMember) {
  for (const char* text : {R"({"a":[)", R"({ "a" : [{"b":1},)", "{\n\"a\":\n[{"})
    EXPECT_TRUE(begins_with_list(text, "a")) << text;
  for (const char* text : {"", "{", R"({"a":)", R"({"a":{)", R"({"b":[)", R"({"ab":[)", R"([{"a":[)"})
    EXPECT_FALSE(begins_with_list(text, "a")) << text;
}

}  // namespace
}  // namespace ctk::json
