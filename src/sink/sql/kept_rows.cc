#include "sink/sql/kept_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sink/sql/key_lookup.h"
#include "sink/sql/row_reading.h"
#include "sink/sql/transaction.h"

namespace ctk::sink::sql {
namespace {

/// Whether a key that was read back is the one that was given. Numbers that are no texts to the database come in its form.
bool is_key_as_given(const std::vector<table::KeyCell>& given, const KeyTexts& stored) {
  using Kind = table::KeyCell::Kind;
  for (size_t i = 0; i < given.size(); ++i) {
    const bool exact = given[i].kind != Kind::integer && given[i].kind != Kind::real;
    if (exact && given[i].text != stored[i]) return false;
  }
  return true;
}

/// Whether a row that was read back is another one than was given: version, key, data, aux. What the database keeps as
/// values of JSON it writes in its own way.
bool differs_from_given(const table::Row& row, const Cells& stored, const table::TableSpec& spec) {
  using table::DataColumn;
  if (!is_key_as_given(row.keys, key_texts(spec, stored, 1))) return true;
  const bool keeps_content = row.deleted && spec.options.deletes == table::Deletes::soft;
  if (keeps_content || stored[0] != row.version) return false;
  const std::optional<std::string>&data = stored[1 + row.keys.size()], &aux = stored[2 + row.keys.size()];
  if (spec.target->data == DataColumn::text && data != row.data) return true;
  return spec.target->data != DataColumn::json && aux != row.aux;
}

/// Whether something of this table's may keep a row from being written.
SqlResult<bool> may_suppress(Driver& driver, const Dialect& dialect, const table::QualifiedName& name) {
  const std::string question = dialect.may_suppress_rows();
  if (question.empty()) return false;
  SqlResult<Answer> may = driver.run(look_up(question, {Param::of(name.schema), Param::of(name.table)}));
  if (!may) return forward_failure(std::move(may));
  return !may->rows.empty();
}

}  // namespace

bool reads_back(const Dialect& dialect) { return dialect.belief() == Belief::nothing; }

SqlResult<NotKept> rows_not_kept(Driver& driver, const Dialect& dialect, const RowTable& table, std::span<RowItem*> items) {
  const bool read_back = reads_back(dialect);
  std::vector<RowItem*> asked;
  const bool all = read_back || table.stale_rows() == table::StaleRows::looked_up;
  std::ranges::copy_if(items, std::back_inserter(asked), [&](const RowItem* item) { return all || item->stale; });
  if (asked.empty()) return NotKept{};
  const table::TableSpec& spec = table.renderer().spec();
  if (!read_back) {
    SqlResult<bool> may = may_suppress(driver, dialect, spec.name);
    if (!may) return forward_failure(std::move(may));
    if (!*may) return NotKept{};
  }
  std::string columns = dialect.quote("cdc_version");
  if (read_back) {
    columns += fmt::format(", {}, {}, {}", key_list(dialect, spec), dialect.quote("data"), dialect.quote("aux"));
  }
  KeyLookup lookup(dialect, spec, {.columns = columns});
  for (const RowItem* item : asked) lookup.ask(item->row()->keys);
  SqlResult<std::vector<std::optional<Cells>>> rows = lookup.run(driver);
  if (!rows) return forward_failure(std::move(rows));
  NotKept missing;
  for (size_t i = 0; i < asked.size(); ++i) {
    const std::optional<Cells>& row = (*rows)[i];
    const bool kept = row && row->front().value_or("") >= asked[i]->row()->version;
    const bool altered = row && read_back && !asked[i]->stale && differs_from_given(*asked[i]->row(), *row, spec);
    if (!kept || altered) missing.rows.push_back(asked[i]);
    missing.altered = missing.altered || altered;
  }
  if (!missing.altered || dialect.traits().transactions) return missing;
  return call_failure({ErrorKind::refused,
                       fmt::format("{}: {}, and without transactions that cannot be undone", spec.name.str(), kNotAsGiven),
                       "", "use another driver"});
}

}  // namespace ctk::sink::sql
