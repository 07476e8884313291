#include "sink/sql/row_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sink/sql/key_lookup.h"
#include "sink/sql/row_reading.h"

namespace ctk::sink::sql {
namespace {

void append_row(std::vector<Param>& params, const table::Row& row) {
  for (const table::KeyCell& cell : row.keys) params.push_back(Param::of_key(cell));
  params.push_back(Param::of_json(row.data));
  params.push_back(Param::of_json(row.aux));
  params.push_back(Param::of(row.version));
  params.push_back(Param::of_boolean(row.deleted));
  params.push_back(Param::of_time(row.time));
}

}  // namespace

RowTable::RowTable(const Dialect& dialect, std::shared_ptr<const table::Renderer> renderer,
                   std::optional<table::TableSpec> history)
    : dialect_(dialect),
      renderer_(std::move(renderer)),
      width_(dialect.columns(renderer_->spec()).size()),
      rows_per_insert_(std::bit_floor(dialect.rows_per_write())),
      keys_per_look_(dialect.keys_per_look()),
      notes_stale_rows_(!dialect.begin_noting().empty()) {
  for (size_t rows = 1; rows <= rows_per_insert_; rows *= 2) texts_[rows] = dialect.upsert(renderer_->spec(), rows);
  if (history) history_.emplace(dialect, std::move(*history));
}

Statement RowTable::look(std::span<const table::Row* const> rows) const {
  const table::TableSpec& spec = renderer_->spec();
  Statement select = look_up(
      dialect_.bind(fmt::format("SELECT {}, {} FROM {} WHERE {}{}", key_list(dialect_, spec), dialect_.quote("cdc_version"),
                                dialect_.quote(spec.name), dialect_.key_in(spec, rows.size()), dialect_.for_update())));
  for (const table::Row* row : rows) {
    for (const table::KeyCell& cell : row->keys) select.params.push_back(Param::of_key(cell));
  }
  select.width = select.params.size();
  return select;
}

Statement RowTable::look_each(std::span<const table::Row* const> rows) const {
  KeyLookup lookup(dialect_, renderer_->spec(), {.columns = dialect_.quote("cdc_version"), .lock = dialect_.for_update()});
  for (const table::Row* row : rows) lookup.ask(row->keys);
  return lookup.statement();
}

std::vector<Statement> RowTable::writes(const std::vector<const table::Row*>& rows) const {
  std::vector<Statement> statements;
  if (rows.empty()) return statements;
  if (notes_stale_rows()) {
    statements.push_back(look_up(dialect_.begin_noting()));
  } else if (stale_rows() == table::StaleRows::looked_up && !lists_keys()) {
    statements.push_back(look_each(rows));
  } else if (stale_rows() == table::StaleRows::looked_up) {
    for (size_t next = 0; next < rows.size(); next += keys_per_look_) {
      statements.push_back(look(std::span(rows).subspan(next, std::min(keys_per_look_, rows.size() - next))));
    }
  }
  for (size_t next = 0; next < rows.size();) {
    size_t left = rows.size() - next;
    // Powers of two: few texts to prepare, whatever the sizes of batches. One row a statement: all in one, executed often.
    size_t each = std::min(rows_per_insert_, std::bit_floor(left));
    size_t taken = rows_per_insert_ == 1 ? left : each;
    Statement insert;
    insert.sql = texts_.at(each);
    insert.width = each * width_;
    insert.checked = true;
    insert.uncounted = notes_stale_rows();
    insert.params.reserve(taken * width_);
    for (size_t i = 0; i < taken; ++i) append_row(insert.params, *rows[next + i]);
    statements.push_back(std::move(insert));
    next += taken;
  }
  if (notes_stale_rows()) statements.push_back(look_up(dialect_.noted_rows()));
  return statements;
}

}  // namespace ctk::sink::sql
