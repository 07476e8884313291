// A text that may be absent, for what is filled again and again.
#pragma once

#include <concepts>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace ctk {

/// Like std::optional<std::string>, but while there is none the memory of the last one is kept, for the next.
class OptionalText {
 public:
  OptionalText() = default;
  // NOLINTBEGIN(google-explicit-constructor): as of std::optional
  OptionalText(std::nullopt_t) {}
  OptionalText(std::string text) : text_(std::move(text)), there_(true) {}
  OptionalText(const char* text) : text_(text), there_(true) {}
  // NOLINTEND(google-explicit-constructor)

  bool has_value() const { return there_; }
  explicit operator bool() const { return there_; }
  const std::string& operator*() const { return text_; }
  const std::string* operator->() const { return &text_; }
  const std::string& value() const { return there_ ? text_ : throw std::bad_optional_access(); }
  std::string value_or(std::string_view other) const { return there_ ? text_ : std::string(other); }
  /// The same text as another type has it.
  std::optional<std::string> copy() const { return there_ ? std::optional(text_) : std::nullopt; }
  std::optional<std::string_view> view() const { return there_ ? std::optional<std::string_view>(text_) : std::nullopt; }

  /// There is one from now on, empty.
  std::string& emplace() {
    there_ = true;
    text_.clear();
    return text_;
  }
  void reset() { there_ = false; }
  /// What is held, used or not.
  size_t capacity() const { return text_.capacity(); }

  bool operator==(const OptionalText& other) const { return view() == other.view(); }
  template <std::convertible_to<std::string_view> Text>
  bool operator==(const Text& text) const {
    return there_ && text_ == std::string_view(text);
  }
  bool operator==(const std::optional<std::string>& other) const {
    return there_ == other.has_value() && (!there_ || text_ == *other);
  }
  friend std::ostream& operator<<(std::ostream& out, const OptionalText& one) {
    return out << (one.there_ ? "\"" + one.text_ + "\"" : "none");
  }

 private:
  std::string text_;
  bool there_ = false;
};

}  // namespace ctk
