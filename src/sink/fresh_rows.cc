#include "sink/fresh_rows.h"

#include <utility>

namespace ctk::sink {

void FreshRows::note(const Batch& batch, const BatchOutcome& outcome) {
  for (size_t t = 0; t < batch.tables.size() && t < outcome.tables.size(); ++t) {
    const TableWrites& writes = batch.tables[t];
    const std::vector<ChangeOutcome>& outcomes = outcome.tables[t];
    coordination::Witnesses found;
    for (size_t c = 0; c < outcomes.size() && found.size() < coordination::kMostWitnesses; ++c) {
      const auto top = static_cast<size_t>(outcomes[c].parked);
      if (outcomes[c].kind != ChangeOutcome::Kind::applied || top >= writes.changes[c].changes.size()) continue;
      const dynamodb::Change& change = *writes.changes[c].changes[top];
      if (change.operation == dynamodb::Operation::remove) continue;
      found[std::string(change.key)] = table::version_text(writes.version_epoch(), change.order);
    }
    if (found.empty()) continue;
    // Small batches add to each other; those from before go where there is no room.
    coordination::Witnesses& rows = tables_[writes.table].rows;
    for (auto& [key, version] : rows) {
      if (found.size() >= coordination::kMostWitnesses) break;
      found.try_emplace(key, std::move(version));
    }
    rows = std::move(found);
  }
}

coordination::Witnesses FreshRows::take(const std::string& table) {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return {};
  return std::exchange(found->second.rows, {});
}

bool FreshRows::is_first(const std::string& table) const {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return false;
  const Rows& table_rows = found->second;
  return !table_rows.settled && !table_rows.noting && !table_rows.rows.empty();
}

coordination::Witnesses FreshRows::begin_first(const std::string& table) {
  tables_[table].noting = true;
  return take(table);
}

void FreshRows::end_first(const std::string& table, bool noted) {
  Rows& rows = tables_[table];
  rows.noting = false;
  rows.settled = rows.settled || noted;
}

void FreshRows::settle(const std::string& table) { tables_[table].settled = true; }

}  // namespace ctk::sink
