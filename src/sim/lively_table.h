// A table that lives: sensors that appear, report, change their minds and go, drawn from a seed. For the demo and tests.
//
//   sim::LivelyTable table(dynamodb, "sensors", 5000, random);
//   table.create(now);  table.fill(now);  table.step(now);
#pragma once

#include <string>

#include "base/random.h"
#include "base/time.h"
#include "sim/dynamodb.h"

namespace ctk::sim {

/// Keys `device` (S) and `slot` (N); attributes of every type that DynamoDB has.
class LivelyTable {
 public:
  /// About `population` items live in it at a time.
  LivelyTable(DynamoDb& dynamodb, std::string name, size_t population, Random& random)
      : dynamodb_(dynamodb), name_(std::move(name)), population_(population), random_(random) {}

  const std::string& name() const { return name_; }
  const DynamoDbTable& items() const { return *dynamodb_.items_of(name_); }

  /// Makes it, with a stream of both images. False where it is there already.
  bool create(Timestamp now);
  /// Puts items into it until `population` live.
  void fill(Timestamp now);
  /// One write: about half inserts until `population` items live, else updates, replacements and deletes.
  void step(Timestamp now);

 private:
  Attributes new_item(Timestamp now);
  Attributes some_key();

  DynamoDb& dynamodb_;
  std::string name_;
  size_t population_;
  Random& random_;
};

}  // namespace ctk::sim
