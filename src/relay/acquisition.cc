#include "relay/acquisition.h"

#include <utility>

namespace ctk::relay {

coordination::TableRecord epoch_record(const Run& run, const TableSet& tables, const Life& life) {
  coordination::TableRecord newest;
  newest.epoch = 1;
  for (const coordination::TableRecord* record : tables.filled_by(run.name)) {
    if (record->epoch >= newest.epoch) newest = *record;
  }
  return life.load ? life.load->record() : newest;
}

coordination::AcquireRequest acquire_request_of(const Run& run, const TableSet& tables, const Life& life,
                                                std::vector<ShardId> shards) {
  // As of the first acquisition: 0 as long as nothing was written.
  const coordination::Epoch epoch = life.load || tables.has_records(run.name) ? life.epoch : 0;
  coordination::AcquireRequest request{run.name, run.options.worker, run.identity.incarnation, {}, false, epoch};
  request.only = std::move(shards);
  return request;
}

}  // namespace ctk::relay
