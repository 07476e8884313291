// Rows made equal to their items again, by whoever has compared the two. A face of a database beside those of sink.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordination/position_store.h"
#include "dynamodb/change.h"
#include "sink/row_reader.h"

namespace ctk::sink {

struct RowRepair {
  std::vector<table::KeyCell> key;
  /// The item, read after its row; as a load has it. Null: there is none, and the row becomes a tombstone.
  std::shared_ptr<const dynamodb::Change> item;
  /// Under which the row was read; empty: it has none. Nothing: there was no row.
  std::optional<std::string> version;
};

class RowRepairer {
 public:
  virtual ~RowRepairer() = default;

  /// A row that is missing is written as a load of `epoch` would: any change wins over it. Any other is written under the
  /// version that it has, and only where it still has it. What cannot be written, or was written meanwhile, stays as it is:
  /// whoever wants to know reads it again.
  virtual void repair_rows(RowReader::Spec spec, coordination::Epoch epoch, std::vector<RowRepair> repairs,
                           Done<bool> done) = 0;
};

}  // namespace ctk::sink
