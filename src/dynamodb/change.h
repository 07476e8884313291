// A Change: what happened to one item. Immutable once decoded; it shares the memory of its record's bytes, and of the nodes
// over them, with changes that were decoded together (slab.h, decision 0041).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "dynamodb/value.h"
#include "json/shared_text.h"

namespace ctk::dynamodb {

enum class Operation : uint8_t { insert, modify, remove };

/// How versions of one table are ordered. It follows the source's scheme, never the shape of a record; files decide by
/// their first record. A table keeps one kind for an epoch.
enum class VersionKind { kinesis, streams, file_sequence, file_time };

std::string_view to_string(VersionKind kind);
std::optional<VersionKind> parse_version_kind(std::string_view text);

class Change {
 public:
  Change() = default;
  Change(Change&&) = default;
  Change& operator=(Change&&) = default;

  Operation operation = Operation::insert;
  Timestamp time{};  ///< ApproximateCreationDateTime; of a load's item, when its page was read
  // These texts are the change's own and stay where they are when it is moved.
  std::string_view table;     ///< the source table's name; empty where the record does not say
  std::string_view event_id;  ///< empty where the record has none
  /// The version without the epoch: "K.…", sorts bytewise within one kind (order.h).
  std::string_view order;
  /// The key as typed JSON, names sorted, numbers canonical: equal exactly for the same item. `{"pk":{"S":"a"}}`
  std::string_view key;
  /// Where its record was read, for dead letters: the shard, and its position there. Empty where nobody has said.
  std::string_view shard, position;
  uint32_t index_in_record = 0;  ///< which of the record's changes this is
  bool by_time_to_live = false;  ///< a removal: nobody removed the item, it had expired
  /// The record's own text, for dead letters; of a record of several values, one. Empty where there is none.
  std::string_view record;

  /// An item that a load has read, not something that happened to it.
  bool from_load() const { return order.starts_with('0'); }

  Value keys() const { return at(keys_); }
  bool has_new_image() const { return new_image_ != kNone; }
  bool has_old_image() const { return old_image_ != kNone; }
  Value new_image() const { return at(new_image_); }  ///< a map; call only if has_new_image()
  Value old_image() const { return at(old_image_); }  ///< only where DecodeOptions::old_image asked for it

  /// `record`, for who outlives the change.
  json::SharedText shared_record() const { return {slab_, record.size(), record}; }

 private:
  friend class ChangeBuilder;
  static constexpr uint32_t kNone = UINT32_MAX;

  Value at(uint32_t index) const { return {nodes_, text_, index}; }

  // All of it lies in the slab.
  std::shared_ptr<const class Slab> slab_;
  const Node* nodes_ = nullptr;
  const char* text_ = nullptr;  ///< what the nodes' offsets count from: the text that was read
  uint32_t keys_ = kNone;
  uint32_t new_image_ = kNone;
  uint32_t old_image_ = kNone;
};

}  // namespace ctk::dynamodb
