#include "sink/sql/sql_witnesses.h"

#include <fmt/format.h>

#include <algorithm>

#include "sink/sql/row_key.h"
#include "sink/sql/sql_registry.h"
#include "sink/sql/sql_schema.h"

namespace ctk::sink::sql {

using coordination::TableRecord;
using coordination::TableSight;
using coordination::Witnesses;

Tried<Found> find_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                            const Witnesses& witnesses, bool living) {
  const table::TableSpec& spec = renderer.spec();
  Statement find = look_up(at.dialect.bind(fmt::format("SELECT 1 FROM {} WHERE {} AND {} >= ?{}", Dialect::quote(spec.name),
                                                       Dialect::key_condition(spec), at.dialect.bytewise("\"cdc_version\""),
                                                       living ? " AND \"cdc_deleted\" IS NOT TRUE" : "")));
  find.width = spec.keys.size() + 1;
  std::vector<std::vector<table::KeyCell>> keys;
  keys.reserve(witnesses.size());
  std::vector<const Witnesses::value_type*> asked;
  for (const Witnesses::value_type& witness : witnesses) {
    const std::vector<table::KeyCell>& cells = keys.emplace_back(key_cells(renderer, witness.first));
    if (cells.size() != spec.keys.size()) continue;
    for (const table::KeyCell& cell : cells) find.params.push_back(Param::of_key(cell));
    find.params.push_back(Param::of(witness.second));
    asked.push_back(&witness);
  }
  Found found;
  found.asked = asked.size();
  if (asked.empty()) return found;
  Tried<Answer> answer = driver.run(std::move(find));
  if (!answer) return broken(std::move(answer));
  for (size_t i = 0; i < asked.size() && i < answer->affected.size(); ++i) {
    if (answer->affected[i] > 0) found.there.insert(*asked[i]);
  }
  return found;
}

Tried<TableSight> look_at_table(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec,
                                const TableRecord& record) {
  Tried<FoundTable> table = describe_table(driver, at.dialect, spec.name);
  if (!table) return broken(std::move(table));
  if (table->columns.empty()) return TableSight::gone;
  if (record.witnesses.empty()) return TableSight::as_recorded;
  Result<SchemaPlan> plan = plan_schema(at.dialect, spec, *table);
  if (!plan) return broken(std::move(plan).error());
  // Rows that we wrote have a version.
  const bool has_version =
      std::ranges::none_of(plan->add, [](const ColumnDef& column) { return column.role == ColumnDef::Role::version; });
  if (!has_version) return TableSight::emptied;
  Tried<Found> found = find_witnesses(driver, at, table::Renderer(spec), record.witnesses);
  if (!found) return broken(std::move(found));
  return coordination::judge_sight(found->asked, found->there.size());
}

Tried<std::string> highest_version(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec) {
  Tried<FoundTable> table = describe_table(driver, at.dialect, spec.name);
  if (!table) return broken(std::move(table));
  if (std::ranges::none_of(table->columns, [](const FoundColumn& column) { return column.name == "cdc_version"; }))
    return std::string();
  const std::string sql =
      fmt::format("SELECT max({}) FROM {}", at.dialect.bytewise("\"cdc_version\""), Dialect::quote(spec.name));
  Tried<Answer> answer = driver.run(patiently(look_up(sql)));
  if (!answer) return broken(std::move(answer));
  return answer->rows.empty() ? std::string() : answer->rows.front()[0].value_or("");
}

Tried<bool> check_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                            const TableRecord& record) {
  Tried<Found> found = find_witnesses(driver, at, renderer, record.witnesses);
  if (!found) return broken(std::move(found));
  const TableSight sight = coordination::judge_sight(found->asked, found->there.size());
  if (sight != TableSight::as_recorded) return broken(coordination::lost_table_error(record.table, sight));
  return true;
}

Tried<bool> keep_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer, TableRecord& record) {
  Tried<Found> found = find_witnesses(driver, at, renderer, record.witnesses);
  if (!found) return broken(std::move(found));
  if (found->there == record.witnesses) return true;
  record.witnesses = std::move(found->there);
  return write_record(driver, at, record);
}

Result<bool> note_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                            const std::string& table, const Witnesses& fresh) {
  return transact<bool>(driver, at.dialect, [&](Driver& inside) -> Tried<bool> {
    Tried<std::optional<TableRecord>> record = read_record(inside, at, table, at.dialect.for_update());
    if (!record) return broken(std::move(record));
    Tried<Found> found = find_witnesses(inside, at, renderer, fresh, true);
    if (!found) return broken(std::move(found));
    if (!*record || found->there.empty() || found->there == (*record)->witnesses) return true;
    (*record)->witnesses = std::move(found->there);
    return write_record(inside, at, **record);
  });
}

}  // namespace ctk::sink::sql
