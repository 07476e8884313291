#include "sink/sql/sql_witnesses.h"

#include <fmt/format.h>

#include <algorithm>

#include "sink/sql/key_lookup.h"
#include "sink/sql/row_key.h"
#include "sink/sql/sql_registry.h"
#include "sink/sql/sql_schema.h"

namespace ctk::sink::sql {

using coordination::TableFound;
using coordination::TableRecord;
using coordination::Witnesses;
using coordination::WitnessRows;

namespace {

/// What the rows that were found tell. Rows that are only hidden are not lost: that is `denied`.
SqlResult<TableFound> judge(Driver& driver, const Bookkeeping& at, const table::QualifiedName& name,
                            const WitnessRows& found) {
  const TableFound sight = coordination::judge_witnesses(found);
  const std::string hides = at.dialect.hides_rows();
  if (sight == TableFound::as_recorded || hides.empty()) return sight;
  SqlResult<Answer> hidden = driver.run(look_up(hides, {Param::of(name.schema), Param::of(name.table)}));
  if (!hidden) return forward_failure(std::move(hidden));
  if (hidden->rows.empty()) return sight;
  const std::string user = hidden->rows.front()[0].value_or("");
  return call_failure(
      {ErrorKind::denied,
       fmt::format("the user {} does not see the rows that table {} held, and row-level security is on for him", user,
                   name.str()),
       "",
       fmt::format("give him a policy FOR SELECT USING (true), or BYPASSRLS: ALTER ROLE {} BYPASSRLS",
                   at.dialect.quote(user))});
}

}  // namespace

SqlResult<WitnessRows> find_rows(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                                 const Witnesses& keys) {
  const table::TableSpec& spec = renderer.spec();
  const std::string deleted = at.dialect.is_true(at.dialect.quote("cdc_deleted"));
  KeyLookup lookup(at.dialect, spec,
                   {.columns = fmt::format("{}, CASE WHEN {} THEN 1 END", at.dialect.quote("cdc_version"), deleted)});
  std::vector<std::vector<table::KeyCell>> cells_of_all;
  cells_of_all.reserve(keys.size());
  std::vector<std::string> asked;
  WitnessRows found;
  for (const auto& [key, version] : keys) {
    const std::vector<table::KeyCell>& cells = cells_of_all.emplace_back(key_cells(renderer, key));
    if (cells.size() != spec.keys.size()) continue;
    lookup.ask(cells);
    asked.push_back(key);
    found.asked.emplace(key, version);
  }
  SqlResult<std::vector<std::optional<Cells>>> rows = lookup.run(driver);
  if (!rows) return forward_failure(std::move(rows));
  for (size_t i = 0; i < asked.size(); ++i) {
    const std::optional<Cells>& row = (*rows)[i];
    if (row) found.rows.push_back({std::move(asked[i]), (*row)[0].value_or(""), (*row)[1].has_value()});
  }
  return found;
}

SqlResult<RowVersions> read_versions(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                                     const std::vector<std::string>& keys) {
  Witnesses asked;
  for (const std::string& key : keys) asked.emplace(key, "");
  SqlResult<WitnessRows> found = find_rows(driver, at, renderer, asked);
  if (!found) return forward_failure(std::move(found));
  RowVersions versions;
  for (coordination::WitnessRow& row : found->rows) versions.emplace(std::move(row.key), std::move(row.version));
  return versions;
}

SqlResult<TableFound> look_at_table(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec,
                                    const TableRecord& record) {
  SqlResult<FoundTable> table = describe_table(driver, at.dialect, spec.name);
  if (!table) return forward_failure(std::move(table));
  if (table->columns.empty()) return TableFound::gone;
  if (record.witnesses.empty()) return TableFound::as_recorded;
  Result<SchemaPlan> plan = plan_schema(at.dialect, spec, *table);
  if (!plan) return call_failure(std::move(plan).error());
  // Rows that we wrote have a version.
  const bool has_version =
      std::ranges::none_of(plan->add, [](const ColumnDef& column) { return column.role == ColumnDef::Role::version; });
  if (!has_version) return TableFound::emptied;
  SqlResult<WitnessRows> found = find_rows(driver, at, table::Renderer(spec), record.witnesses);
  if (!found) return forward_failure(std::move(found));
  return judge(driver, at, spec.name, *found);
}

SqlResult<std::string> highest_version(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec) {
  SqlResult<FoundTable> table = describe_table(driver, at.dialect, spec.name);
  if (!table) return forward_failure(std::move(table));
  if (std::ranges::none_of(table->columns, [](const FoundColumn& column) { return column.name == "cdc_version"; }))
    return std::string();
  const std::string sql = fmt::format("SELECT max({}) FROM {}", at.dialect.bytewise(at.dialect.quote("cdc_version")),
                                      at.dialect.quote(spec.name));
  SqlResult<Answer> answer = driver.run(patiently(look_up(sql)));
  if (!answer) return forward_failure(std::move(answer));
  return answer->rows.empty() ? std::string() : answer->rows.front()[0].value_or("");
}

SqlResult<bool> check_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                                const TableRecord& record) {
  SqlResult<WitnessRows> found = find_rows(driver, at, renderer, record.witnesses);
  if (!found) return forward_failure(std::move(found));
  SqlResult<TableFound> sight = judge(driver, at, renderer.spec().name, *found);
  if (!sight) return forward_failure(std::move(sight));
  if (*sight != TableFound::as_recorded) return call_failure(coordination::lost_table_error(record.table, *sight));
  return true;
}

SqlResult<bool> keep_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                               TableRecord& record) {
  SqlResult<WitnessRows> found = find_rows(driver, at, renderer, record.witnesses);
  if (!found) return forward_failure(std::move(found));
  const size_t removed = std::erase_if(record.witnesses, [&](const Witnesses::value_type& witness) {
    return std::ranges::find(found->rows, witness.first, &coordination::WitnessRow::key) == found->rows.end();
  });
  if (removed == 0) return true;
  return write_record(driver, at, record);
}

Result<bool> note_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                            const std::string& table, const Witnesses& fresh) {
  return transact<bool>(driver, at.dialect, [&](Driver& inside) -> SqlResult<bool> {
    SqlResult<std::optional<TableRecord>> record = read_record(inside, at, table, at.dialect.for_update());
    if (!record) return forward_failure(std::move(record));
    if (!*record) return true;
    SqlResult<WitnessRows> young = find_rows(inside, at, renderer, fresh);
    if (!young) return forward_failure(std::move(young));
    SqlResult<WitnessRows> noted = find_rows(inside, at, renderer, (*record)->witnesses);
    if (!noted) return forward_failure(std::move(noted));
    Witnesses next = coordination::next_witnesses(*noted, *young);
    if (next.empty() || next == (*record)->witnesses) return true;
    (*record)->witnesses = std::move(next);
    return write_record(inside, at, **record);
  });
}

}  // namespace ctk::sink::sql
