#include "sink/sql/row_names.h"

#include <charconv>

#include "dynamodb/number.h"
#include "sink/sql/transaction.h"
#include "table/keys.h"

namespace ctk::sink::sql {

using table::ColumnType;
using table::KeyCell;

KeyCell key_cell_of(const table::TableSpec& spec, size_t place, std::string text) {
  const table::KeyColumn& key = spec.keys[place];
  if (key.column_type == ColumnType::untyped && key.type == dynamodb::Type::N && dynamodb::is_number(text)) {
    return table::untyped_cell(spec.target, text);
  }
  KeyCell cell{KeyCell::Kind::text, std::move(text), 0, 0};
  const char* end = cell.text.data() + cell.text.size();
  switch (key.column_type) {
    case ColumnType::binary: cell.kind = KeyCell::Kind::binary; break;
    case ColumnType::numeric: cell.kind = KeyCell::Kind::number; break;
    case ColumnType::bigint:
      cell.kind = KeyCell::Kind::integer;
      std::from_chars(cell.text.data(), end, cell.integer);
      break;
    case ColumnType::double_precision:
      cell.kind = KeyCell::Kind::real;
      std::from_chars(cell.text.data(), end, cell.real);
      break;
    case ColumnType::text:
    case ColumnType::boolean:
    case ColumnType::untyped: break;
  }
  return cell;
}

SqlResult<std::string> find_row_id(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  if (dialect.traits().row_names == table::RowNames::key) return std::string();
  const std::string find = dialect.find_row_id();
  if (find.empty()) return dialect.row_id();
  SqlResult<Answer> found = driver.run(look_up(find, {Param::of(spec.name.schema), Param::of(spec.name.table)}));
  if (!found) return forward_failure(std::move(found));
  return found->rows.empty() ? std::string() : found->rows.front()[0].value_or("");
}

SqlResult<RowNaming> RowNaming::find(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  SqlResult<std::string> id = find_row_id(driver, dialect, spec);
  if (!id) return forward_failure(std::move(id));
  return RowNaming(dialect, spec, std::move(*id));
}

std::string RowNaming::columns() const {
  if (by_id()) return id_;
  std::vector<std::string> keys;
  for (const table::KeyColumn& key : spec_.keys) keys.push_back(key.column);
  return dialect_.quote_list(keys);
}

RowName RowNaming::read(const Cells& cells) const {
  RowName name;
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string text = cells[i].value_or("");
    name.push_back(by_id() ? KeyCell{KeyCell::Kind::text, std::move(text), 0, 0} : key_cell_of(spec_, i, std::move(text)));
  }
  return name;
}

size_t RowNaming::most() const { return by_id() ? SIZE_MAX : dialect_.keys_per_statement(); }

NamedRows::NamedRows(const RowNaming& naming, std::span<const RowName> rows) : naming_(naming), rows_(rows) {
  if (!naming_.by_id()) return;
  std::vector<std::string> ids;
  ids.reserve(rows.size());
  for (const RowName& row : rows) ids.push_back(row.front().text);
  ids_ = naming_.dialect_.row_id_list(ids);
}

std::string NamedRows::in() const {
  return naming_.by_id() ? naming_.dialect_.row_in(naming_.id_) : naming_.dialect_.key_in(naming_.spec_, rows_.size());
}

std::string NamedRows::not_in() const {
  return naming_.by_id() ? naming_.dialect_.row_not_in(naming_.id_)
                         : "NOT (" + naming_.dialect_.key_in(naming_.spec_, rows_.size()) + ")";
}

void NamedRows::append_params(std::vector<Param>& params) const {
  if (naming_.by_id()) {
    params.push_back(Param::of(ids_));
    return;
  }
  for (const RowName& row : rows_) {
    for (const KeyCell& cell : row) params.push_back(Param::of_key(cell));
  }
}

}  // namespace ctk::sink::sql
