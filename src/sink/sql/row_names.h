// Single rows of a table as statements call them: by the database's own ids, or by key (TargetTraits::row_names).
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"
#include "sink/sql/statement.h"
#include "table/render.h"

namespace ctk::sink::sql {

/// The cells that a row is called by: its id, or its key.
using RowName = std::vector<table::KeyCell>;

/// A key's cell, of what a database gives back of it.
table::KeyCell key_cell_of(const table::TableSpec& spec, size_t place, std::string text);

/// What a row's id is called in this table; empty: it has none.
SqlResult<std::string> find_row_id(Driver& driver, const Dialect& dialect, const table::TableSpec& spec);

class RowNaming {
 public:
  /// `id`: as find_row_id says.
  RowNaming(const Dialect& dialect, const table::TableSpec& spec, std::string id)
      : dialect_(dialect), spec_(spec), id_(std::move(id)) {}
  static SqlResult<RowNaming> find(Driver& driver, const Dialect& dialect, const table::TableSpec& spec);

  /// What a SELECT lists, for `read`.
  std::string columns() const;
  RowName read(const Cells& cells) const;
  /// Names that one statement takes at most.
  size_t most() const;

 private:
  friend class NamedRows;
  bool by_id() const { return !id_.empty(); }

  const Dialect& dialect_;
  const table::TableSpec& spec_;
  std::string id_;
};

/// A condition: the row is one of these, or none of them. It views the names.
class NamedRows {
 public:
  NamedRows(const RowNaming& naming, std::span<const RowName> rows);

  std::string in() const;  ///< unbound
  std::string not_in() const;
  void append_params(std::vector<Param>& params) const;

 private:
  const RowNaming& naming_;
  std::span<const RowName> rows_;
  std::string ids_;  ///< row_id_list
};

}  // namespace ctk::sink::sql
