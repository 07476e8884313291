// The tables' records of a target that cannot keep them: they live as long as the process.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordination/table_record.h"

namespace ctk::coordination {

class MemoryRecords {
 public:
  /// Decides the registration (decide_registration) and keeps the record that comes of it, with these names of columns.
  Result<TableRecord> register_table(const TableRegistration& registration,
                                     const std::map<std::string, std::string>& names = {});
  bool empty() const { return records_.empty(); }
  bool contains(const std::string& table) const { return records_.contains(table); }
  std::vector<TableRecord> all() const;
  /// Notes that a table's load is complete: such a target has nothing to sweep. `internal` for a table nobody registered.
  Result<TableRecord> finish_load(const std::string& table, Timestamp now);

 private:
  std::map<std::string, TableRecord> records_;
};

}  // namespace ctk::coordination
