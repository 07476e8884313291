// Gathers the nodes of one Change from a walk over its JSON, in buffers that are used again for the next. Values stay where
// the walk has found them: nodes say where in its text.
//
//   item  = {name: value, …}
//   value = {tag: content} | {}                       ({} is an empty map: DynamoDB Local writes them so)
//
// The names of a map differ.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/change.h"
#include "dynamodb/slab.h"
#include "json/token_walk.h"

namespace ctk::dynamodb {

/// The texts of a change that stand beside its items.
struct ChangeTexts {
  std::string_view table, event_id, order, key, shard, position;
};

class ChangeBuilder {
 public:
  /// Begins a new change, whose items `walk` will stand before. Null: it has none.
  void begin(json::Walk* walk);

  /// Takes the item that stands there and appends it as a map; its index, or nothing and a reason ("NewImage.a.b: unknown
  /// type X"). Where the walk has failed, the reason is none.
  std::optional<uint32_t> add_item(std::string_view what);
  /// Appends a map of some members of an item: scalars, in the order of `names`. Nothing and a reason where one is missing
  /// or no scalar.
  std::optional<uint32_t> add_selection(uint32_t item, std::span<const std::string> names);
  const std::string& reason() const { return reason_; }
  /// Whether a reason was a number without quotes. (The document is then read again with quotes around all of them.)
  bool met_bare_number() const { return met_bare_number_; }

  /// A value that was added, until the next addition.
  Value value(uint32_t index) const { return {nodes_.data(), walk_->base(), index}; }

  void set_keys(Change& change, uint32_t index) { change.keys_ = index; }
  void set_new_image(Change& change, uint32_t index) { change.new_image_ = index; }
  void set_old_image(Change& change, uint32_t index) { change.old_image_ = index; }
  /// Hands the change copies of all nodes and texts, in the slab, which has the walk's text, too.
  void finish(Change& change, const ChangeTexts& texts, const std::shared_ptr<Slab>& slab);

 private:
  bool add_members(uint32_t parent);
  bool may_repeat(uint32_t parent) const;
  bool check_names(uint32_t parent);
  bool add_value(std::string_view name);
  bool add_content(Type type, std::string_view name);
  bool add_text(Type type, std::string_view name);
  bool add_text(Type type, std::string_view name, std::string_view text);
  bool add_truth(Type type, std::string_view name);
  bool add_list(std::string_view name);
  bool add_set(Type type, std::string_view name);

  Node& add_node(Type type, std::string_view name);
  uint32_t open_node(Type type, std::string_view name);
  void close_node(uint32_t index, uint32_t count);
  uint32_t place(std::string_view text) const { return static_cast<uint32_t>(text.data() - walk_->base()); }
  bool check_text(Node& node, std::string_view text);
  bool refuse_text(Type type, std::string_view name);

  bool fail(std::string reason);
  /// Puts a step of the path in front of the reason; always false.
  bool fail_at(std::string_view before, std::string_view step, std::string_view after);

  json::Walk* walk_ = nullptr;
  std::vector<Node> nodes_;  ///< grows and never shrinks; node_count_ of them are used
  uint32_t node_count_ = 0;
  std::string scratch_;
  std::vector<std::string_view> names_;  ///< of a map that is looked at closely
  std::string reason_;
  std::string path_;
  bool met_bare_number_ = false;
};

/// At most `limit` bytes of a text that may be long, cut between characters, for reasons.
std::string excerpt(std::string_view text, size_t limit = 80);

}  // namespace ctk::dynamodb
