// A table that lives: sensors that appear, report, change their minds and go, drawn from a seed. For the demo and tests.
#pragma once

#include <optional>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "sim/dynamodb_table.h"

namespace ctk::sim {

/// Keys `device` (S) and `slot` (N); attributes of every type that DynamoDB has.
class LivelyTable {
 public:
  LivelyTable(std::string name, std::string region, Random& random);

  const DynamoDbTable& table() const { return table_; }

  /// One write: about half inserts until `population` items live, else updates, replacements and deletes.
  std::optional<ItemChange> step(Timestamp now);

 private:
  Attributes new_item(Timestamp now);
  Attributes some_key();

  Random& random_;
  DynamoDbTable table_;
  size_t population_ = 40;
};

}  // namespace ctk::sim
