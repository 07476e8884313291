// Gathers the nodes and the text of one Change from parsed JSON, in buffers that are used again for the next.
// simdjson keeps all strings of a document one after the other in one buffer, so an item's texts are copied in one piece.
//
//   item  = {name: value, …}
//   value = {tag: content} | {}                       ({} is an empty map: DynamoDB Local writes them so)
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/change.h"
#include "json/reader.h"

namespace ctk::dynamodb {

/// The texts of a change that stand beside its items.
struct ChangeTexts {
  std::string_view table, event_id, order, key;
};

class ChangeBuilder {
 public:
  /// Begins a new change.
  void begin();

  /// Appends an item as a map; its index, or nothing and a reason ("NewImage.a.b: unknown type X").
  std::optional<uint32_t> add_item(std::string_view what, json::Element item);
  /// Appends a map of some members of the item that was added first: scalars, in the order of `names`. Nothing and a reason
  /// where one is missing or no scalar.
  std::optional<uint32_t> add_selection(uint32_t item, std::span<const std::string> names);
  const std::string& reason() const { return reason_; }
  /// Whether the reason was a number without quotes. (The document is then read again with quotes around all of them,
  /// because a parsed number has lost its digits.)
  bool met_bare_number() const { return met_bare_number_; }

  /// A value of the item that was added first, while the parsed document lives and until the next addition.
  Value in_first_item(uint32_t index) const { return {nodes_.data(), items_.front().begin, index}; }

  void set_keys(Change& change, uint32_t index) { change.keys_ = index; }
  void set_new_image(Change& change, uint32_t index) { change.new_image_ = index; }
  void set_old_image(Change& change, uint32_t index) { change.old_image_ = index; }
  /// Hands copies of all nodes and texts to the change.
  void finish(Change& change, const ChangeTexts& texts);

 private:
  bool add_members(uint32_t parent, json::Object members);
  bool add_value(std::string_view name, json::Element value);
  bool add_content(Type type, std::string_view name, json::Element content);
  bool add_text(Type type, std::string_view name, json::Element content);
  bool add_truth(Type type, std::string_view name, json::Element content);
  bool add_list(std::string_view name, json::Element content);
  bool add_set(Type type, std::string_view name, json::Element content);

  Node& add_node(Type type, std::string_view name);
  uint32_t open_node(Type type, std::string_view name);
  void close_node(uint32_t index, uint32_t count);
  uint32_t place(std::string_view text);
  bool check_text(Node& node, std::string_view text);
  bool refuse_text(Type type, std::string_view name, json::Element content);

  bool fail(std::string reason);
  /// Puts a step of the path in front of the reason; always false.
  bool fail_at(std::string_view before, std::string_view step, std::string_view after);

  /// Where an item's texts lie in the parser's buffer.
  struct Stretch {
    const char* begin = nullptr;
    const char* end = nullptr;
    size_t size() const { return static_cast<size_t>(end - begin); }
  };

  std::vector<Node> nodes_;  ///< grows and never shrinks; node_count_ of them are used
  uint32_t node_count_ = 0;
  std::vector<Stretch> items_;  ///< the last one is being added
  size_t text_before_ = 0;      ///< bytes of the items before that
  std::string scratch_;
  std::string reason_;
  std::string path_;
  bool met_bare_number_ = false;
};

/// At most `limit` bytes of a text that may be long, cut between characters, for reasons.
std::string excerpt(std::string_view text, size_t limit = 80);

}  // namespace ctk::dynamodb
