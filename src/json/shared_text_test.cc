#include "json/shared_text.h"

#include <gtest/gtest.h>

#include <string>

#include "json/padding.h"

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

}  // namespace
}  // namespace ctk::json
