#include "base/optional_text.h"

#include <gtest/gtest.h>

#include <sstream>

namespace ctk {
namespace {

TEST(OptionalText, IsAsAnOptionalStringIs) {
  OptionalText text;
  EXPECT_FALSE(text);
  EXPECT_EQ(text.value_or("other"), "other");
  EXPECT_THROW(static_cast<void>(text.value()), std::bad_optional_access);
  EXPECT_EQ(text.copy(), std::nullopt);
  EXPECT_EQ(text, std::optional<std::string>());
  text = "a";
  EXPECT_TRUE(text.has_value());
  EXPECT_EQ(text, "a");
  EXPECT_FALSE(text == "b");
  EXPECT_EQ(text.value_or("other"), "a");
  EXPECT_EQ(text, std::optional<std::string>("a"));
  EXPECT_FALSE(text == std::optional<std::string>());
  EXPECT_EQ(text->size(), 1u);
  EXPECT_EQ(text.view(), "a");
  text = std::nullopt;
  EXPECT_FALSE(text);
  EXPECT_FALSE(text == "");
}

TEST(OptionalText, WhatIsNotThereIsEqualWhateverItWas) {
  OptionalText one("a"), other("b");
  one.reset();
  other.reset();
  EXPECT_EQ(one, other);
  EXPECT_EQ(one.view(), std::nullopt);
  std::ostringstream out;
  out << one << OptionalText("c");
  EXPECT_EQ(out.str(), "none\"c\"");
}

TEST(OptionalText, KeepsTheMemoryOfTheLast) {
  OptionalText text(std::string(100, 'x'));
  const char* const memory = text->data();
  text.reset();
  EXPECT_GE(text.capacity(), 100u);
  EXPECT_EQ(text.emplace(), "");
  EXPECT_EQ(text->data(), memory);
}

}  // namespace
}  // namespace ctk
