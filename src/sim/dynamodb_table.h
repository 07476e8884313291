// A simulated DynamoDB table with a Kinesis streaming destination: it keeps its items, and every write that changes one
// gives the record that AWS would put into the stream. The items are the model that a target is compared with.
// Source of the record's form: "Kinesis Data Streams for DynamoDB", DynamoDB Developer Guide, and records seen.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace ctk::sim {

/// Attribute → value in DynamoDB JSON: {"pk", R"({"S":"a"})"}.
using Attributes = std::map<std::string, std::string>;

/// A record for the stream.
struct TableEvent {
  std::string partition_key;  ///< opaque, the same for all events of an item
  std::string record;         ///< JSON, in UTF-8
};

class DynamoDbTable {
 public:
  /// `key_names`: the hash key, and the range key where there is one. `random` makes event ids.
  DynamoDbTable(std::string name, std::vector<std::string> key_names, std::string region, Random& random);

  const std::string& name() const { return name_; }

  /// Each gives nothing where the item stays as it is, as DynamoDB does.
  std::optional<TableEvent> put(Attributes item, Timestamp now);
  std::optional<TableEvent> update(const Attributes& key, const Attributes& set, const std::vector<std::string>& removed,
                                   Timestamp now);
  /// `by_ttl`: the service removes it, as the record then says.
  std::optional<TableEvent> remove(const Attributes& key, Timestamp now, bool by_ttl = false);

  /// Key, as text → item.
  const std::map<std::string, Attributes>& items() const { return items_; }
  Attributes key_of(const Attributes& item) const;

 private:
  TableEvent event(const char* name, const Attributes& key, const Attributes* old_image, const Attributes* new_image,
                   bool by_ttl, Timestamp now);

  std::string name_;
  std::vector<std::string> key_names_;
  std::string region_;
  Random& random_;
  std::map<std::string, Attributes> items_;
};

/// `{"a":{"S":"x"},…}`, names in bytewise order.
std::string to_json(const Attributes& attributes);

}  // namespace ctk::sim
