#include "coordination/memory_records.h"

namespace ctk::coordination {

Result<TableRecord> MemoryRecords::register_table(const TableRegistration& registration,
                                                  const std::map<std::string, std::string>& names) {
  const auto found = records_.find(registration.table);
  Result<TableRecord> record =
      decide_registration(found == records_.end() ? std::nullopt : std::optional(found->second), registration);
  if (!record) return record;
  record->names.insert(names.begin(), names.end());
  return records_[registration.table] = std::move(*record);
}

std::vector<TableRecord> MemoryRecords::all() const {
  std::vector<TableRecord> all;
  for (const auto& [table, record] : records_) all.push_back(record);
  return all;
}

Result<TableRecord> MemoryRecords::finish_load(const std::string& table, Timestamp now) {
  const auto found = records_.find(table);
  if (found == records_.end()) return fail(ErrorKind::internal, "table " + table + " is not open");
  found->second.load = LoadState::complete;
  found->second.loaded = now;
  return found->second;
}

}  // namespace ctk::coordination
