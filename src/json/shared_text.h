// A text that is to be parsed, and that keeps the memory in which it stands: the records of a page stand in the page.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "json/padding.h"

namespace ctk::json {

/// It does not change, and copies share it. Behind it come a NUL and further bytes, kPadding in all, that may be read.
/// Copies are given to other threads as those of a shared_ptr are.
class SharedText {
 public:
  SharedText() = default;
  /// A copy, in memory of its own.
  explicit SharedText(std::string_view text);
  template <class Text>
    requires(!std::same_as<Text, SharedText> && std::convertible_to<const Text&, std::string_view>)
  SharedText(const Text& text) : SharedText(static_cast<std::string_view>(text)) {}  // NOLINT(google-explicit-constructor)
  /// One that stands in `memory`, of `bytes`, where what it promises of the bytes behind it is true.
  SharedText(std::shared_ptr<const void> memory, size_t bytes, std::string_view text)
      : memory_(std::move(memory)), memory_bytes_(bytes), text_(text) {}

  operator std::string_view() const { return text_; }  // NOLINT(google-explicit-constructor)
  std::string_view view() const { return text_; }
  const char* data() const { return text_.data(); }
  size_t size() const { return text_.size(); }
  bool empty() const { return text_.empty(); }

  /// What a copy of it would take.
  size_t bytes_alone() const { return text_.size() + kPadding; }
  /// What it keeps, and how much that is.
  const std::shared_ptr<const void>& memory() const { return memory_; }
  size_t memory_bytes() const { return memory_bytes_; }

  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  friend bool operator==(const SharedText& one, const Text& other) {
    return one.text_ == static_cast<std::string_view>(other);
  }

 private:
  std::shared_ptr<const void> memory_;
  size_t memory_bytes_ = 0;
  static constexpr const char* kNothing = "";  // data() is never null
  std::string_view text_{kNothing};
};

}  // namespace ctk::json
