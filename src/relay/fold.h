// Folding: of several changes of one key in a batch, only the one with the highest version is written, where the target
// holds rows. Pure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dynamodb/change.h"
#include "sink/sink.h"

namespace ctk::relay {

/// A change on its way to a table.
struct RoutedChange {
  std::shared_ptr<const dynamodb::Change> change;
  size_t ordinal = 0;  ///< in its batch: of one shard's changes, the later has the higher one
  // What routing asks of each change, so that it need not look into memory that another core has just written.
  uint32_t table = 0;  ///< its source table: which of DecodedBatch::tables
  uint64_t event = 0;  ///< DuplicateFilter::event_of, where DecodeRules ask for it
};

/// One FoldedChange a key, in the order of the keys' first occurrences. In each, versions descend; of equal versions the
/// later occurrence comes first. `spare`: emptied ones, whose rows' memory is used again.
std::vector<sink::FoldedChange> fold(std::vector<RoutedChange> changes, std::vector<sink::FoldedChange> spare = {});

/// One FoldedChange a change, in their order.
std::vector<sink::FoldedChange> one_by_one(std::vector<RoutedChange> changes, std::vector<sink::FoldedChange> spare = {});

}  // namespace ctk::relay
