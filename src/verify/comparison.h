// Whether a row holds its item: `data` overlaid with `aux`, value by value, and the paths where it does not. Pure.
//
// The room `verify`: is a table in the target equal to its table in DynamoDB? Decisions (what differs, which differences
// stand, how many passes find rows without items) are pure; verifier.h puts both sides beside each other. It must not know
// the command line, nor which database it reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dynamodb/change.h"
#include "json/exact_tree.h"
#include "sink/row_reader.h"
#include "table/plan.h"
#include "table/spec.h"

namespace ctk::verify {

struct Comparison {
  bool equal = false;
  /// Where they differ, as `include` names attributes, with `[n]` for elements of lists. A row whose content is gone or
  /// cannot be read differs everywhere.
  std::vector<std::string> paths;
};

/// Compares items of one table with its rows. What a layout cannot tell is no difference: plain JSON has no sets and no
/// binary values. Numbers are compared by value, objects by name. One a thread.
class Comparer {
 public:
  explicit Comparer(const table::TableSpec& spec);

  /// `item` has a new image. The row's texts may get spare capacity.
  Comparison compare(const dynamodb::Change& item, sink::HeldRow& row);

 private:
  const table::TableSpec& spec_;
  table::RenderPlan plan_;
  json::ExactTree data_, aux_;
};

}  // namespace ctk::verify
