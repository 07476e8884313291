// A table's key: which attributes, and of which types.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dynamodb/value.h"

namespace ctk::dynamodb {

/// Names and types (S, N or B), sorted by name: as far as an item's key shows it, hash and range are not told apart.
struct KeySchema {
  std::vector<std::pair<std::string, Type>> attributes;
  bool operator==(const KeySchema&) const = default;
};

}  // namespace ctk::dynamodb
