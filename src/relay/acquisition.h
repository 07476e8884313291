// What a run acquires of its positions, and which epoch its tables are in.
#pragma once

#include <vector>

#include "relay/life.h"
#include "relay/run.h"
#include "relay/table_set.h"

namespace ctk::relay {

/// The record of the table with the highest epoch of those that the run writes: of the one that is being loaded, if any.
/// Before any is on record, one of epoch 1.
coordination::TableRecord epoch_record(const Run& run, const TableSet& tables, const Life& life);

/// An acquisition of these shards alone.
coordination::AcquireRequest acquire_request_of(const Run& run, const TableSet& tables, const Life& life,
                                                std::vector<ShardId> shards);

}  // namespace ctk::relay
