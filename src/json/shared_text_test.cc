#include "json/shared_text.h"

#include <gtest/gtest.h>

#include <string>

#include "json/padding.h"
#include "json/text_block.h"

namespace ctk::json {
namespace {

/// Readable, which the sanitizer checks, and NUL first.
bool is_padded(const SharedText& text) {
  const std::string behind(text.data() + text.size(), kPadding);
  return behind.front() == '\0';
}

TEST(SharedText, IsACopyWithRoomBehindIt) {
  std::string text = R"({"a":1})";
  const SharedText copy = text;
  text.assign(text.size(), 'x');
  EXPECT_EQ(copy, R"({"a":1})");
  EXPECT_TRUE(is_padded(copy));
  EXPECT_EQ(copy.memory_bytes(), copy.size() + kPadding);
  EXPECT_EQ(SharedText(), "");
}

TEST(SharedText, KeepsItsMemory) {
  SharedText second;
  {
    auto page = std::make_shared<std::string>("first second");
    page->reserve(page->size() + kPadding);
    const SharedText first(page, page->capacity(), std::string_view(*page).substr(0, 5));
    second = SharedText(page, page->capacity(), std::string_view(*page).substr(6));
    EXPECT_EQ(first.memory(), second.memory());
  }
  EXPECT_EQ(second, "second");
  EXPECT_TRUE(is_padded(second));
  EXPECT_GE(second.memory_bytes(), 12u + kPadding);
}

TEST(TextBlock, HasTextsOneBehindTheOther) {
  TextBlock block(100);
  const SharedText first = block.add("first"), nothing = block.add("");
  const SharedText second = block.add_decoded_base64("c2Vjb25k").value();
  EXPECT_FALSE(block.add_decoded_base64("?")) << "no base64";
  const SharedText third = block.add("third");
  block = TextBlock();
  for (const auto& [text, what] : {std::pair(first, "first"), {nothing, ""}, {second, "second"}, {third, "third"}}) {
    EXPECT_EQ(text, what);
    EXPECT_TRUE(is_padded(text)) << what;
    EXPECT_EQ(text.memory(), first.memory());
  }
}

TEST(TextBlock, WhatFindsNoRoomHasMemoryOfItsOwn) {
  TextBlock block(8);
  const SharedText first = block.add("1234567");
  EXPECT_FALSE(block.has_room(0));
  const SharedText second = block.add("8"), third = block.add_decoded_base64("OQ==").value();
  EXPECT_EQ(first, "1234567");
  EXPECT_EQ(second, "8");
  EXPECT_EQ(third, "9");
  EXPECT_NE(second.memory(), first.memory());
  EXPECT_NE(third.memory(), first.memory());
}

}  // namespace
}  // namespace ctk::json
