#include "sink/sql/stale_rows.h"

#include <charconv>
#include <map>
#include <unordered_set>

#include "sink/sql/key_lookup.h"
#include "sink/sql/row_reading.h"

namespace ctk::sink::sql {
namespace {

using Items = std::span<RowItem*>;

/// Which rows of one INSERT changed. Where not all or none did, the versions that came back tell.
void note_insert(Items items, const Answer& answer) {
  int64_t changed = answer.affected.front();
  if (changed == 0 || changed == static_cast<int64_t>(items.size())) {
    for (RowItem* item : items) item->stale = changed == 0;
    return;
  }
  std::unordered_multiset<std::string> versions;
  for (const Cells& row : answer.rows) versions.insert(row[0].value_or(""));
  for (RowItem* item : items) {
    auto found = versions.find(item->row()->version);
    item->stale = found == versions.end();
    if (!item->stale) versions.erase(found);
  }
}

/// Notes for each item whether its row changes, by what is stored.
void note_stored(Items items, const Answer& answer) {
  const std::vector<std::optional<Cells>> rows = KeyLookup::rows_of(answer);
  for (size_t i = 0; i < items.size(); ++i) {
    items[i]->stale = rows[i] && rows[i]->front().value_or("") >= items[i]->row()->version;
  }
}

/// The same by the keys of those that were found.
void note_listed(Items items, const table::TableSpec& spec, std::span<const Answer> looks) {
  std::map<KeyTexts, std::string> versions;
  for (const Answer& answer : looks) {
    for (const Cells& row : answer.rows) versions.emplace(key_texts(spec, row, 0), row.back().value_or(""));
  }
  for (RowItem* item : items) {
    KeyTexts key;
    for (const table::KeyCell& cell : item->row()->keys) key.push_back(cell.text);
    const auto found = versions.find(key);
    item->stale = found != versions.end() && found->second >= item->row()->version;
  }
}

/// The session has noted the places of those that changed nothing.
void note_places(Items items, const Answer& answer) {
  for (RowItem* item : items) item->stale = false;
  const std::string places = answer.rows.empty() ? "" : answer.rows.front().front().value_or("");
  const char* const end = places.data() + places.size();
  for (const char* next = places.data(); next < end; ++next) {
    size_t place = 0;
    next = std::from_chars(next, end, place).ptr;
    if (place > 0 && place <= items.size()) items[place - 1]->stale = true;
  }
}

}  // namespace

void note_results(std::span<RowItem*> items, const RowTable& table, std::span<const Statement> writes,
                  std::span<const Answer> answers) {
  if (items.empty()) return;
  if (table.notes_stale_rows()) return note_places(items, answers.back());
  const bool looked_up = table.stale_rows() == table::StaleRows::looked_up;
  if (looked_up && table.lists_keys()) {
    return note_listed(items, table.renderer().spec(), answers.first(table.looks(items.size())));
  }
  if (looked_up) return note_stored(items, answers.front());
  for (size_t i = 0; i < writes.size(); ++i) {
    size_t rows = writes[i].params.size() / table.width();
    const std::vector<int64_t>& affected = answers[i].affected;
    if (affected.size() == rows) {  // one row an execution
      for (size_t row = 0; row < rows; ++row) items[row]->stale = affected[row] == 0;
    } else {
      note_insert(items.first(rows), answers[i]);
    }
    items = items.subspan(rows);
  }
}

}  // namespace ctk::sink::sql
