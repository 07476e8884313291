// Which history a table is known to have, so that a run which does not name it says what it leaves out. The table's record
// holds it beside the names of columns, under "", which no attribute is called. Pure, but for what is said.
#pragma once

#include <set>
#include <string>

#include "base/log.h"
#include "coordination/table_record.h"

namespace ctk::sink {

/// Its name, without the schema; empty: the table has none.
std::string recorded_history(const coordination::TableRecord& record);
/// `history` may be empty.
void record_history(coordination::TableRecord& record, const std::string& history);

/// Says of tables that a history is left out, once each.
class HistoryNotes {
 public:
  explicit HistoryNotes(Log& log) : log_(log) {}
  void report_left_out(const std::string& table, const std::string& history);

 private:
  Log& log_;
  std::set<std::string> reported_;
};

}  // namespace ctk::sink
