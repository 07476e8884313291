// How one database spells what the SQL sinks say. Pure text, pinned by golden files; no connection and no decision.
//
// The room `sink/sql`: one sink (sql_sink) for every SQL database that keeps transactions, made of a Dialect, which knows
// the spelling, and Drivers, which know the connection. It must not know where changes come from.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "table/spec.h"

namespace ctk::sink::sql {

/// A column of a target table: how it is declared, and what it is for.
struct ColumnDef {
  enum class Role { key, data, aux, version, deleted, time };
  std::string name;
  std::string type;    ///< as the catalogue shows it; empty for a column without a type
  std::string suffix;  ///< collation and NOT NULL
  Role role = Role::key;

  bool bookkeeping() const { return role != Role::key && role != Role::data; }
};

/// A column, and a table, as the catalogue shows them.
struct FoundColumn {
  std::string name;
  std::string type;
  bool not_null = false;
  bool has_default = false;  ///< or is generated
};
struct FoundKey {
  std::vector<std::string> columns;
  std::string folding;  ///< a collation to which different texts may be one; empty: they are told apart byte by byte
};
struct FoundTable {
  std::vector<FoundColumn> columns;  ///< empty: there is no such table
  std::vector<FoundKey> keys;        ///< the unique ones, the primary key first
};

class Dialect {
 public:
  virtual ~Dialect() = default;

  virtual table::Target target() const = 0;
  virtual std::string_view product() const = 0;  ///< "PostgreSQL"
  /// Rows that one INSERT takes at most.
  virtual size_t rows_per_insert() const = 0;
  /// Two transactions may write at once, so locks must be taken in one order.
  virtual bool concurrent_writers() const = 0;

  /// `"` around it, inner ones doubled.
  static std::string quote(std::string_view name);
  static std::string quote(const table::QualifiedName& name);
  /// A list of quoted names: `"a", "b"`.
  static std::string quote_list(const std::vector<std::string>& names);
  /// Replaces each `?` outside of quotes by the n-th placeholder.
  std::string bind(std::string_view sql) const;
  virtual std::string placeholder(size_t n) const = 0;  ///< from 1

  virtual std::string begin() const = 0;
  /// The first statement of a transaction: how long it may wait for a lock, or for us. Empty where nothing is to be said.
  virtual std::string bound_transaction() const { return ""; }
  /// From here to the transaction's end deferred constraints are checked with each statement; empty where there are none.
  virtual std::string check_constraints_at_once() const = 0;
  virtual std::string for_update() const = 0;  ///< appended to a SELECT, with its blank; may be empty
  virtual std::string for_share() const = 0;
  /// Locks, until the transaction's end, a name that stands for no row: one parameter, the name. Empty where BEGIN does.
  virtual std::string lock_name() const = 0;
  /// `column` compared bytewise.
  virtual std::string bytewise(const std::string& column) const = 0;

  virtual std::string text_type() const = 0;
  virtual std::string integer_type() const = 0;
  virtual std::string time_type() const = 0;
  /// A time column as ISO-8601 in UTC, whatever the session is set to.
  virtual std::string time_text(const std::string& column) const = 0;
  /// The identity of a stored row, for `row_in`.
  virtual std::string row_id() const = 0;
  /// A condition: the row's id is one, or none, of a list, which is one parameter (see row_id_list).
  virtual std::string row_in() const = 0;
  virtual std::string row_not_in() const = 0;
  virtual std::string row_id_list(std::span<const std::string> ids) const = 0;

  std::vector<ColumnDef> columns(const table::TableSpec& spec) const;
  std::string create_table(const table::TableSpec& spec) const;
  std::string add_column(const table::TableSpec& spec, const ColumnDef& column) const;
  table::QualifiedName view_name(const table::TableSpec& spec) const;
  std::string select_living(const table::TableSpec& spec) const;
  std::string create_view(const table::TableSpec& spec) const;
  std::string drop_view(const table::QualifiedName& name) const;
  /// A small index that finds the marks. It holds no column that an ordinary update changes (PostgreSQL: HOT updates).
  std::string create_mark_index(const table::TableSpec& spec) const;
  table::QualifiedName mark_index_name(const table::TableSpec& spec) const;
  /// The guarded upsert of `rows` rows: it changes a row only if the version is greater than the stored one.
  std::string upsert(const table::TableSpec& spec, size_t rows) const;
  /// The same upsert of no row at all: refused where the target refuses all rows (rights, columns, a read-only database).
  std::string upsert_nothing(const table::TableSpec& spec) const;
  /// WHERE of one row by its key: `"pk" = ? AND "sk" = ?`, unbound.
  static std::string key_condition(const table::TableSpec& spec);

  /// CREATE SCHEMA; empty where there are none.
  virtual std::string create_schema(const std::string& schema) const = 0;
  /// One row if the schema is there; one parameter. Empty where there are none.
  virtual std::string find_schema() const = 0;
  /// Rows kind ("a table", "a view", "an index", …), definition of a view, schema and name of the one table that it shows:
  /// whatever has a name that a table or a view would need; parameters schema, name. The last two may be NULL.
  virtual std::string describe_relation() const = 0;
  /// Rows name, type, not null, has default; parameters schema, name.
  virtual std::string describe_columns() const = 0;
  /// Rows key's id, column, collation by which different texts may be one (or NULL): all unique keys over plain columns,
  /// the primary key first; parameters schema, name.
  virtual std::string describe_keys() const = 0;
  /// Rows table, right, user: of SELECT, INSERT, UPDATE and DELETE on the table and on ours, what the user may not;
  /// parameters schema, name. Empty where there are no rights.
  virtual std::string missing_rights() const = 0;
  /// Rows if a trigger or a rule of the table may keep a row from being written without saying so; parameters schema, name.
  virtual std::string may_suppress_rows() const = 0;
  /// One row, the user, if row security may hide rows of the table from him; parameters schema, name. Empty where there is
  /// none.
  virtual std::string hides_rows() const = 0;
  /// One cell, bytes, or NULL; parameters schema, name.
  virtual std::string table_size() const = 0;
  /// Whether a column that was found can hold what `wanted` is for, exactly.
  virtual bool fits(const ColumnDef& wanted, const FoundColumn& found) const = 0;

 private:
  std::string upsert_of(const table::TableSpec& spec, const std::string& rows) const;

 protected:
  virtual std::string key_type(table::ColumnType type) const = 0;
  virtual std::string key_suffix(table::ColumnType type) const = 0;
  virtual std::string data_type() const = 0;
  virtual std::string aux_type() const = 0;
  virtual std::string version_suffix() const = 0;
  /// Appended to an upsert so that the caller learns which rows changed; may be empty.
  virtual std::string returning() const = 0;
};

}  // namespace ctk::sink::sql
