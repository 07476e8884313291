// A table as rows are written into it: the statements of a write.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sink/sql/history_table.h"

namespace ctk::sink::sql {

/// Immutable, shared between connections.
class RowTable {
 public:
  RowTable(const Dialect& dialect, std::shared_ptr<const table::Renderer> renderer,
           std::optional<table::TableSpec> history = std::nullopt);

  const table::Renderer& renderer() const { return *renderer_; }
  /// Null: none is kept.
  const HistoryTable* history() const { return history_ ? &*history_ : nullptr; }
  /// Parameters of one row.
  size_t width() const { return width_; }
  table::StaleRows stale_rows() const { return dialect_.traits().stale_rows; }
  bool notes_stale_rows() const { return notes_stale_rows_; }
  /// StaleRows::looked_up: the statements that do, of so many rows, and whether they list the keys of what they find.
  size_t looks(size_t rows) const { return lists_keys() ? (rows + keys_per_look_ - 1) / keys_per_look_ : 1; }
  bool lists_keys() const { return keys_per_look_ > 1; }
  /// The guarded upserts of these rows, in as few statements as the dialect allows. Where they do not tell which of them
  /// change anything, they stand between what makes the session note it, or behind a look at what is stored. They view the
  /// rows.
  std::vector<Statement> writes(const std::vector<const table::Row*>& rows) const;

 private:
  Statement look(std::span<const table::Row* const> rows) const;
  Statement look_each(std::span<const table::Row* const> rows) const;

  const Dialect& dialect_;
  std::shared_ptr<const table::Renderer> renderer_;
  size_t width_;
  size_t rows_per_insert_, keys_per_look_;
  bool notes_stale_rows_;
  std::map<size_t, std::string> texts_;  ///< rows of a statement → its text; powers of two
  std::optional<HistoryTable> history_;
};

}  // namespace ctk::sink::sql
