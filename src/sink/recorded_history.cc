#include "sink/recorded_history.h"

namespace ctk::sink {
namespace {

const std::string kBesideNames;

}  // namespace

std::string recorded_history(const coordination::TableRecord& record) {
  const auto found = record.names.find(kBesideNames);
  return found == record.names.end() ? "" : found->second;
}

void record_history(coordination::TableRecord& record, const std::string& history) {
  record.names.erase(kBesideNames);
  if (!history.empty()) record.names.emplace(kBesideNames, history);
}

void HistoryNotes::report_left_out(const std::string& table, const std::string& history) {
  if (!reported_.insert(table).second) return;
  log_.warn("the table has a history, and what this run writes will be missing from it; add history=" + history,
            {{"table", table}});
}

}  // namespace ctk::sink
