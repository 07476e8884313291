// A whole JSON document whose numbers keep their digits, as a flat list: for what is compared value by value. (simdjson's
// DOM makes int64 and double of them.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/pieces.h"

namespace ctk::json {

/// One value in document order. An array's or object's children follow it directly; `next` is the index behind its last
/// descendant.
struct ExactNode {
  enum class Kind : uint8_t { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool truth = false;     ///< boolean
  std::string_view name;  ///< under which an object holds it
  std::string_view text;  ///< string: its content; number: its digits as they stand
  uint32_t size = 0;      ///< array, object: number of children
  uint32_t next = 0;
};

/// A value inside its tree. Cheap to copy; lives as long as the tree's document does.
class ExactValue {
 public:
  using Kind = ExactNode::Kind;

  ExactValue() = default;
  ExactValue(const ExactNode* nodes, uint32_t index) : nodes_(nodes), index_(index) {}

  Kind kind() const { return node().kind; }
  bool is(Kind kind) const { return node().kind == kind; }
  bool boolean() const { return node().truth; }
  std::string_view name() const { return node().name; }
  std::string_view text() const { return node().text; }
  uint32_t size() const { return node().size; }

  class Iterator {
   public:
    Iterator(const ExactNode* nodes, uint32_t index) : nodes_(nodes), index_(index) {}
    ExactValue operator*() const { return {nodes_, index_}; }
    Iterator& operator++() {
      index_ = nodes_[index_].next;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const ExactNode* nodes_;
    uint32_t index_;
  };
  Iterator begin() const { return {nodes_, index_ + 1}; }
  Iterator end() const { return {nodes_, node().next}; }

 private:
  const ExactNode& node() const { return nodes_[index_]; }

  const ExactNode* nodes_ = nullptr;
  uint32_t index_ = 0;
};

/// A reusable reader: one a thread, one live document at a time.
///   ExactTree tree;  auto root = tree.read(text);
class ExactTree {
 public:
  /// The document's root, which is an object; `corrupt` where the text is no such. `text` gets kPadding spare capacity
  /// where it has less, and must outlive the values.
  Result<ExactValue> read(std::string& text);

 private:
  bool add(std::string_view name, Piece value);
  bool add_members(uint32_t parent, PieceObject object);
  bool add_entries(uint32_t parent, Piece list);
  bool add_container(std::string_view name, ExactNode::Kind kind, Piece value);
  bool add_scalar(ExactNode& node, Piece value);
  uint32_t open(std::string_view name, ExactNode::Kind kind);
  void close(uint32_t index, uint32_t size);

  /// Lists and maps within each other: DynamoDB has 32, and who changes a row by hand is not to end the program.
  static constexpr int kDeepest = 200;

  PieceParser parser_;
  std::vector<ExactNode> nodes_;
  int depth_ = 0;
};

}  // namespace ctk::json
