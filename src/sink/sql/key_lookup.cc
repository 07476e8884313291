#include "sink/sql/key_lookup.h"

#include <fmt/format.h>

#include "sink/sql/transaction.h"

namespace ctk::sink::sql {

KeyLookup::KeyLookup(const Dialect& dialect, const table::TableSpec& spec, const Terms& terms) {
  std::string condition = dialect.key_condition(spec);
  if (!terms.condition.empty()) condition += " AND " + terms.condition;
  select_ = look_up(dialect.bind(
      fmt::format("SELECT {} FROM {} WHERE {}{}", terms.columns, dialect.quote(spec.name), condition, terms.lock)));
}

void KeyLookup::ask(const std::vector<table::KeyCell>& cells, std::initializer_list<Param> more) {
  for (const table::KeyCell& cell : cells) select_.params.push_back(Param::of_key(cell));
  select_.params.insert(select_.params.end(), more);
  select_.width = cells.size() + more.size();
  ++asked_;
}

std::vector<std::optional<Cells>> KeyLookup::rows_of(Answer answer) {
  std::vector<std::optional<Cells>> rows(answer.affected.size());
  auto next = answer.rows.begin();
  for (size_t i = 0; i < rows.size(); ++i) {
    // A key has one row at most.
    if (answer.affected[i] > 0 && next != answer.rows.end()) rows[i] = std::move(*next++);
  }
  return rows;
}

SqlResult<std::vector<std::optional<Cells>>> KeyLookup::run(Driver& driver) {
  if (asked_ == 0) return std::vector<std::optional<Cells>>{};
  SqlResult<Answer> answer = driver.run(select_);
  if (!answer) return forward_failure(std::move(answer));
  std::vector<std::optional<Cells>> rows = rows_of(std::move(*answer));
  rows.resize(asked_);
  return rows;
}

}  // namespace ctk::sink::sql
