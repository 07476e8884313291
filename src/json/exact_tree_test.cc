#include "json/exact_tree.h"

#include <gtest/gtest.h>

namespace ctk::json {
namespace {

/// What was read, in one spelling: numbers as `#digits`.
std::string spelled(ExactValue value) {
  switch (value.kind()) {
    case ExactNode::Kind::null: return "null";
    case ExactNode::Kind::boolean: return value.boolean() ? "true" : "false";
    case ExactNode::Kind::number: return "#" + std::string(value.text());
    case ExactNode::Kind::string: return "'" + std::string(value.text()) + "'";
    default: break;
  }
  const bool array = value.is(ExactNode::Kind::array);
  std::string out = array ? "[" : "{";
  for (const ExactValue child : value) out += (array ? "" : std::string(child.name()) + ":") + spelled(child) + " ";
  return out + std::to_string(value.size()) + (array ? "]" : "}");
}

std::string read(std::string text) {
  ExactTree tree;
  const Result<ExactValue> root = tree.read(text);
  return root ? spelled(*root) : to_string(root.error().kind);
}

TEST(ExactTree, KeepsEveryDigit) {
  EXPECT_EQ(read(R"({"a":1.50,"b" : -0.1234567890123456789012345678901234567 ,"c":12345678901234567890123,"d":1E-100})"),
            "{a:#1.50 b:#-0.1234567890123456789012345678901234567 c:#12345678901234567890123 d:#1E-100 4}");
}

TEST(ExactTree, ReadsWhatIsNested) {
  EXPECT_EQ(read(R"({"l":[1,[],{"x":null}],"m":{},"s":"a\u00e4\"","t":true,"f":false})"),
            "{l:[#1 [0] {x:null 1} 3] m:{0} s:'aä\"' t:true f:false 5}");
  EXPECT_EQ(read("{}"), "{0}");
}

TEST(ExactTree, RefusesWhatIsNoObject) {
  for (const char* text : {"", "[1]", "7", R"({"a")", R"({"a":1)", R"({"a":x})"}) EXPECT_EQ(read(text), "corrupt") << text;
}

TEST(ExactTree, RefusesWhatComesBehindIt) {
  for (const char* text : {"{}{}", R"({"a":1} 2)", R"({"a":1abc})", R"({"a":1]})"})
    EXPECT_EQ(read(text), "corrupt") << text;
  EXPECT_EQ(read(" {\"a\" : 1 } \n"), "{a:#1 1}");
}

TEST(ExactTree, RefusesWhatIsTooDeep) {
  const auto nested = [](size_t depth) { return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}"; };
  EXPECT_NE(read(nested(200)), "corrupt");
  EXPECT_EQ(read(nested(201)), "corrupt");
  EXPECT_EQ(read(nested(100'000)), "corrupt");
}

TEST(ExactTree, IsUsedAgain) {
  ExactTree tree;
  std::string first = R"({"a":1})", second = R"({"b":[2]})";
  ASSERT_TRUE(tree.read(first));
  const Result<ExactValue> root = tree.read(second);
  ASSERT_TRUE(root);
  EXPECT_EQ(spelled(*root), "{b:[#2 1] 1}");
}

}  // namespace
}  // namespace ctk::json
