// DynamoDB's values as a flat array of nodes over one buffer; no tree of heap objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ctk::dynamodb {

/// DynamoDB's ten types, by their tags.
enum class Type : uint8_t { S, N, B, BOOL, NUL, M, L, SS, NS, BS };

std::string_view to_string(Type type);  ///< "S", …, "NULL"
/// The type of a tag; nothing where the tag is unknown.
std::optional<Type> parse_type(std::string_view tag);

/// One value of a document order list. A map's or list's or set's children follow it directly; `next` is the index behind
/// its last descendant. Offsets point into the owner's text. Small and trivial on purpose: an item has dozens of them.
struct Node {
  Type type;
  bool truth;        ///< BOOL
  bool json_number;  ///< N: the text is a JSON number as it stands
  uint32_t name;     ///< member name, for children of a map
  uint32_t name_size;
  uint32_t text;  ///< S: text; N: digits as they came; B: base64 as it came; elements of sets likewise
  uint32_t size;  ///< S, N, B: bytes of the text; M, L, SS, NS, BS: number of children
  uint32_t next;
};

/// Bytes that can be read behind every text of a value, so that short texts are copied in one go.
inline constexpr size_t kTextSlack = 16;

/// A value inside its owner's nodes. Cheap to copy; lives as long as the owner does.
class Value {
 public:
  Value() = default;
  Value(const Node* nodes, const char* text, uint32_t index) : nodes_(nodes), text_(text), index_(index) {}

  Type type() const { return node().type; }
  bool boolean() const { return node().truth; }
  /// Whether the text of an N is a JSON number as it stands (else json_number in number.h makes it one).
  bool is_json_number() const { return node().json_number; }
  /// The text of S, N or B (base64).
  std::string_view text() const { return {text_ + node().text, node().size}; }
  /// The name under which a map holds this value.
  std::string_view name() const { return {text_ + node().name, node().name_size}; }
  /// Of M, L and sets: the number of children.
  uint32_t size() const { return node().size; }

  /// Children of M, L and sets, in the order they came: `for (Value child : value)`.
  class Iterator {
   public:
    Iterator(const Node* nodes, const char* text, uint32_t index) : nodes_(nodes), text_(text), index_(index) {}
    Value operator*() const { return {nodes_, text_, index_}; }
    Iterator& operator++() {
      index_ = nodes_[index_].next;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const Node* nodes_;
    const char* text_;
    uint32_t index_;
  };
  Iterator begin() const { return {nodes_, text_, index_ + 1}; }
  Iterator end() const { return {nodes_, text_, node().next}; }

 private:
  const Node& node() const { return nodes_[index_]; }

  const Node* nodes_ = nullptr;
  const char* text_ = nullptr;
  uint32_t index_ = 0;
};

}  // namespace ctk::dynamodb
