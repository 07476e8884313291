// A table's key: which attributes, and of which types.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dynamodb/value.h"

namespace ctk::dynamodb {

/// Names and types (S, N or B): the hash key, then the range key, where the table's description is known; else sorted by
/// name, since an item's key does not tell the two apart.
struct KeySchema {
  std::vector<std::pair<std::string, Type>> attributes;
  bool operator==(const KeySchema&) const = default;
};

/// The schema with its attributes in this order; as it is where these are other names.
inline KeySchema in_order(KeySchema schema, const std::vector<std::string>& names) {
  if (names.size() != schema.attributes.size()) return schema;
  KeySchema ordered;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(schema.attributes, name, &std::pair<std::string, Type>::first);
    if (found == schema.attributes.end()) return schema;
    ordered.attributes.push_back(*found);
  }
  return ordered;
}

}  // namespace ctk::dynamodb
