// Every id is a type of its own, so that a shard cannot be passed where a relay is meant.
#pragma once

#include <compare>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace ctk {

/// A string with a meaning. `Tag` is an empty struct that names it: `using ShardId = Named<struct ShardIdTag>;`
template <class Tag>
class Named {
 public:
  Named() = default;
  explicit Named(std::string text) : text_(std::move(text)) {}

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Named&) const = default;
  bool operator==(const Named&) const = default;

  friend std::ostream& operator<<(std::ostream& out, const Named& named) { return out << named.text_; }

 private:
  std::string text_;
};

/// Text that never shows itself: printing a Secret gives `***`; `reveal()` is for signing and connecting only.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  std::string text_;
};

}  // namespace ctk

template <class Tag>
struct std::hash<ctk::Named<Tag>> {
  size_t operator()(const ctk::Named<Tag>& named) const noexcept { return std::hash<std::string>{}(named.str()); }
};
