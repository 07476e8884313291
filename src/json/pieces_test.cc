#include "json/pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace ctk::json {
namespace {

using testing::ElementsAre;

TEST(Pieces, AreTheDocumentsOwnText) {
  std::string text = R"({"n":1.50,"list":[ {"a" : "ä\u00e4" , "n":1E+2} ,{}, {"b":{"c":[]}}]})";
  PieceParser parser;
  Result<PieceObject> document = parser.parse(text);
  ASSERT_TRUE(document);
  std::vector<std::string> found;
  EXPECT_TRUE(for_each_member(*document, [&](std::string_view name, Piece value) {
    if (name != "list") return true;
    return for_each_entry(value, [&](Piece entry) {
      auto piece = object_text(entry);
      if (piece) found.emplace_back(piece->text);
      return piece.has_value();
    });
  }));
  EXPECT_THAT(found, ElementsAre("{\"a\" : \"ä\\u00e4\" , \"n\":1E+2}", "{}", R"({"b":{"c":[]}})"));
}

TEST(Pieces, CanBeReadAfterTheirTextWasTaken) {
  std::string text = R"({"record":{"a":{"deep":[1,2]},"time":12.5,"name":"x\ny"},"after":"z"})";
  PieceParser parser;
  std::string name, after;
  double time = 0;
  ASSERT_TRUE(for_each_member(parser.parse(text).value(), [&](std::string_view outer, Piece value) {
    if (outer == "after") return after = string_of(value).value_or(""), true;
    auto piece = object_text(value);
    return piece && for_each_member(piece->object, [&](std::string_view inner, Piece member) {
             if (inner == "time") time = number_of(member).value_or(0);
             if (inner == "name") name = string_of(member).value_or("");
             return true;
           });
  }));
  EXPECT_EQ(time, 12.5);
  EXPECT_EQ(name, "x\ny");
  EXPECT_EQ(after, "z") << "what follows an object is still found";
}

TEST(Pieces, TellWhatIsNoObject) {
  PieceParser parser;
  for (std::string text : {"", "[]", "1", "<html>", "{\"a\":\"\xff\"}"}) {
    Result<PieceObject> document = parser.parse(text);
    EXPECT_FALSE(document && for_each_member(*document, [](std::string_view, Piece) { return true; })) << text;
  }
  for (std::string text : {R"({"list":[{"a":1})", R"({"list":7})", R"({"list":[1]})"}) {
    Result<PieceObject> document = parser.parse(text);
    ASSERT_TRUE(document) << text;
    EXPECT_FALSE(for_each_member(*document, [](std::string_view, Piece value) {
      return for_each_entry(value, [](Piece entry) { return object_text(entry).has_value(); });
    })) << text;
  }
  std::string text = R"({"list":null})";
  EXPECT_TRUE(for_each_member(parser.parse(text).value(), [](std::string_view, Piece value) {
    return for_each_entry(value, [](Piece) { return false; });
  }));
}

}  // namespace
}  // namespace ctk::json
