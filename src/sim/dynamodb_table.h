// The items of a simulated DynamoDB table, in the order in which a Scan meets them: by the hash of their hash key. Every
// write that changes an item gives the change, for the table's streams. The items are the model that a target is compared
// with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/hash_key.h"
#include "base/random.h"
#include "base/time.h"
#include "sim/item.h"
#include "sim/item_change.h"

namespace ctk::sim {

/// Where an item lies in its table.
struct ItemPlace {
  aws::HashKey hash = 0;
  std::string key;  ///< the key attributes as JSON
  auto operator<=>(const ItemPlace&) const = default;
};

class DynamoDbTable {
 public:
  /// `key_names`: the hash key, and the range key where there is one. `random` makes event ids.
  DynamoDbTable(std::string name, std::vector<std::string> key_names, std::string region, Random& random);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& key_names() const { return key_names_; }

  /// Each gives nothing where the item stays as it is, as DynamoDB does.
  std::optional<ItemChange> put(Attributes item, Timestamp now);
  std::optional<ItemChange> update(const Attributes& key, const Attributes& set, const std::vector<std::string>& removed,
                                   Timestamp now);
  /// `by_ttl`: the service removes it, as the record then says.
  std::optional<ItemChange> remove(const Attributes& key, Timestamp now, bool by_ttl = false);

  const Attributes* find(const Attributes& key) const;
  const std::map<ItemPlace, Attributes>& items() const { return items_; }
  Attributes key_of(const Attributes& item) const;
  /// `key` holds the key attributes and nothing else that counts.
  ItemPlace place_of(const Attributes& key) const;

 private:
  ItemChange change(Attributes key, aws::HashKey partition, std::optional<Attributes> before,
                    std::optional<Attributes> after, Timestamp now);

  std::string name_;
  std::vector<std::string> key_names_;
  std::string region_;
  Random* random_;
  std::map<ItemPlace, Attributes> items_;
};

}  // namespace ctk::sim
