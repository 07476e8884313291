// How one SQL database spells what the sink says, and how it writes rows that may be there already. Pure text, pinned by
// golden files; no connection and no decision. What the database is like stands in its traits (table/target.h).
//
// The room `sink/sql`: one sink (sql_sink) for every SQL database, made of a Dialect, which knows
// the spelling, and Drivers, which know the connection. It must not know where changes come from. What a further database
// brings: docs/decisions/0013-the-seam-of-targets.md.
#pragma once

#include <cstdint>
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

/// A key's column that is there with another type than is wanted.
struct RetypedKey {
  table::KeyColumn key;
  ColumnDef wanted;
};

/// What columns are declared as.
struct ColumnTypes {
  std::string text, integer, time, boolean;
  std::string data, aux;
  std::string bytewise;  ///< what follows `text` so that its texts are told apart byte by byte, with its blank
  // Keys of our own tables:
  std::string own_key;     ///< texts told apart byte by byte, of a length that the database's keys can have
  std::string table_name;  ///< one key for all names that the database takes for one table's
  /// A version within the key of a history, beside the table's own key; empty: as in a table.
  std::string history_version = {};
  /// Of our own tables' texts that may be long, and that nothing is compared with; empty: as `text`.
  std::string own_long = {};
};

/// An INSERT of rows into one of our own tables. They may be there already.
struct Insert {
  std::string into;                  ///< quoted
  std::vector<std::string> columns;  ///< names
  std::vector<std::string> key;      ///< those of them that are the primary key
  std::string rows;                  ///< "VALUES (?, ?)", or a SELECT; not bound yet
};

/// Stands before a text, where a walk over rows is shown the cells of an untyped column of numbers: '7' is not 7.
constexpr char kTextMark = '"';

/// How the rows behind a key of two columns are looked up as one range of an index.
enum class KeyRange : uint8_t {
  written_out,  ///< a > ? OR (a = ? AND b > ?)
  tuple,        ///< (a, b) > (?, ?)
  from_first,   ///< a >= ? AND (a > ? OR b > ?)
};

/// What is believed of what a driver says of a write.
enum class Belief {
  everything,
  no_counts,  ///< how many rows it changed is looked up before, where it matters
  nothing,    ///< and each row is read back in the transaction that wrote it
};

class Dialect {
 public:
  explicit Dialect(table::Target target) : target_(target) {}
  virtual ~Dialect() = default;

  table::Target target() const { return target_; }
  const table::TargetTraits& traits() const { return *target_; }
  Belief belief() const { return belief_; }
  void set_belief(Belief belief) { belief_ = belief; }
  /// Rows that one INSERT takes at most.
  virtual size_t rows_per_insert() const = 0;
  /// Whether an INSERT of one row that is executed often, with arrays of parameters, does better than one of many rows.
  virtual bool binds_arrays() const { return false; }
  /// Rows of an INSERT that is one of many.
  size_t rows_per_write() const { return binds_arrays() ? 1 : rows_per_insert(); }

  // Spelling.

  /// In the database's quotes, inner ones doubled.
  std::string quote(std::string_view name) const;
  std::string quote(const table::QualifiedName& name) const;
  /// A list of quoted names: `"a", "b"`.
  std::string quote_list(std::span<const std::string> names) const;
  /// Replaces each `?` outside of quotes by the n-th placeholder.
  std::string bind(std::string_view sql) const;
  virtual std::string placeholder(size_t n) const = 0;  ///< from 1
  /// `column` compared bytewise.
  virtual std::string bytewise(const std::string& column) const = 0;
  virtual const ColumnTypes& types() const = 0;
  /// A time column as ISO-8601 in UTC, whatever the session is set to.
  virtual std::string time_text(const std::string& column) const = 0;

  /// Conditions on a column of the type `boolean`: it is true; it is false or NULL. And a true one.
  virtual std::string is_true(const std::string& column) const { return column; }
  virtual std::string is_not_true(const std::string& column) const { return column + " IS NOT TRUE"; }
  virtual std::string true_value() const { return "TRUE"; }
  /// Ends a SELECT that is to give so many rows at most, with its blank. Empty where there is no such thing: who reads
  /// them stops then.
  virtual std::string first_rows(size_t rows) const { return " LIMIT " + std::to_string(rows); }

  /// How long a text is, roughly: for what is read some at a time.
  virtual std::string length_of(const std::string& column) const { return "length(" + column + ")"; }

  // Transactions and locks.

  virtual std::string begin() const = 0;
  /// The first statement of a transaction: how long it may wait for a lock, or for us. Empty where nothing is to be said.
  virtual std::string bound_transaction() const { return ""; }
  /// From here to the transaction's end deferred constraints are checked with each statement; empty where there are none.
  virtual std::string check_constraints_at_once() const { return ""; }
  virtual std::string for_update() const { return ""; }  ///< appended to a SELECT, with its blank
  virtual std::string for_share() const { return ""; }
  /// Locks a name that stands for no row: one parameter, the name. One row; `0` or NULL in it where the lock was not to be
  /// had in time. Empty where BEGIN keeps everybody else out until the transaction's end, and DDL does not end it.
  virtual std::string lock_name() const { return ""; }
  /// Where a name stays locked until the session gives it back, and so over the DDL that ends transactions: gives all of
  /// them back. Empty where the transaction's end does.
  virtual std::string release_names() const { return ""; }

  // Target tables.

  /// What makes a table. That it is not there was looked up: where nothing can be said for the case, nothing is.
  virtual std::string create_table_words() const { return "CREATE TABLE IF NOT EXISTS "; }
  virtual std::string add_column_words() const { return "ADD COLUMN "; }
  std::vector<ColumnDef> columns(const table::TableSpec& spec) const;
  std::string create_table(const table::TableSpec& spec) const;
  std::string add_column(const table::TableSpec& spec, const ColumnDef& column) const;
  table::QualifiedName view_name(const table::TableSpec& spec) const;
  std::string select_living(const table::TableSpec& spec) const;
  std::string create_view(const table::TableSpec& spec) const;
  std::string drop_view(const table::QualifiedName& name) const;
  /// Where it is not known whether the view is there.
  virtual std::string drop_view_if_there(const table::QualifiedName& name) const;
  /// In its schema.
  virtual std::string rename_table(const table::QualifiedName& from, const std::string& to) const;
  // Histories (table/history.h): `spec` is the history's.

  /// All columns, in the order of statements' parameters.
  std::vector<ColumnDef> history_columns(const table::TableSpec& spec) const;
  std::string create_history(const table::TableSpec& spec) const;
  /// What a user runs so that these columns of a table's key get the types that are wanted. Numbers and binary that become
  /// text get the digits or the base64 that a write would bring. Here: the table is made again, of all columns of ours.
  virtual std::vector<std::string> retype_keys(const table::TableSpec& spec, std::span<const RetypedKey> changed) const;
  /// A small index that finds the marks. It holds no column that an ordinary update changes (PostgreSQL: HOT updates).
  /// Empty where there are no indexes.
  virtual std::string create_mark_index(const table::TableSpec& spec) const = 0;
  table::QualifiedName mark_index_name(const table::TableSpec& spec) const;
  /// The guarded upsert of `rows` rows, each with columns() as its parameters: it changes a row only if the version is
  /// greater than the stored one. What it answers is traits().stale_rows.
  virtual std::string upsert(const table::TableSpec& spec, size_t rows) const = 0;
  /// Where the session notes, while it writes, which rows of its upserts changed nothing: what it is told before them, and
  /// asked behind them. One cell, the rows' places from 1, a blank behind each. Empty: traits().stale_rows tells.
  virtual std::string begin_noting() const { return ""; }
  virtual std::string noted_rows() const { return ""; }
  /// The same upsert of no row at all: refused where the target refuses all rows (rights, columns, a read-only database).
  virtual std::string upsert_nothing(const table::TableSpec& spec) const = 0;
  /// Whether an upsert takes a row for there wherever any unique key has its values: then a table may have one only.
  virtual bool upserts_by_any_key() const { return false; }
  /// A key's column as conditions and orders name it: its texts are told apart byte by byte, whatever a user has declared.
  virtual std::string key_column(const table::KeyColumn& key) const { return quote(key.column); }
  /// What is shown of a key's column where all rows are walked over; NULL where it holds what no key is written as, though
  /// it would be shown as one; a text in an untyped column of numbers has kTextMark before it. Empty: there is no such
  /// thing.
  virtual std::string written_key(const table::KeyColumn& /*key*/, const std::string& /*shown*/) const { return ""; }
  /// WHERE of one row by its key: `"pk" = ? AND "sk" = ?`, unbound.
  std::string key_condition(const table::TableSpec& spec) const;
  /// All of key_column: `"pk", "sk"`.
  std::string key_list(const table::TableSpec& spec) const;
  /// The row's key is one of `rows`, each with its cells as parameters, unbound.
  virtual std::string key_in(const table::TableSpec& spec, size_t rows) const;
  /// Where stored versions are looked up before rows are written: how many keys one SELECT asks for; 1: each has its own.
  virtual size_t keys_per_look() const { return 1; }
  /// Keys that key_in may name in one statement, of two cells each and beside a few other parameters.
  virtual size_t keys_per_statement() const { return 5'000; }

  /// Whether rows of VALUES with a name and names of columns can be joined, in an UPDATE, too, and each with a SELECT of
  /// its own: then histories are read and ended many rows a statement, and before that, in the transaction, this is asked
  /// for: plans that go by the indexes, whatever size is believed of a table that was empty a moment ago.
  virtual bool joins_values() const { return false; }
  virtual std::string keep_to_indexes() const { return ""; }
  /// Whether such rows, of keys, can at least be joined in a SELECT by equality: then the newest rows of many keys are one
  /// statement.
  virtual bool joins_keys() const { return joins_values(); }
  /// What CAST makes of a value for a column that is declared so.
  virtual std::string cast_type(const std::string& declared) const { return declared; }

  // Rows that are read one after another.

  /// Bytes as hexadecimal digits.
  virtual std::string hex_of(const std::string& column) const { return "hex(" + column + ")"; }
  /// Whether a row's id is a whole number that it keeps for its life, by which rows can be read in order; else they are
  /// read by key.
  virtual bool numbers_rows() const { return false; }
  virtual KeyRange key_range() const { return KeyRange::tuple; }

  // Single rows by name, for sweeping: as traits().row_names says (RowNames::key: key_in).

  /// RowNames::row_id: the id of a stored row, as text.
  virtual std::string row_id() const { return ""; }
  /// Where a table may lack ids, or have a column of that name: one cell, the name that they go by in this table, and no
  /// row where it has none, or none that can be named; parameters schema, name. Empty: row_id() in all of them.
  virtual std::string find_row_id() const { return ""; }
  /// The row's id is one, or none, of a list, which is one parameter (row_id_list), unbound.
  virtual std::string row_in(const std::string& /*id*/) const { return ""; }
  virtual std::string row_not_in(const std::string& /*id*/) const { return ""; }
  virtual std::string row_id_list(std::span<const std::string> /*ids*/) const { return ""; }

  // Our own tables.

  /// A row that is there stays as it is.
  virtual std::string insert_if_absent(const Insert& insert) const = 0;
  /// A row that is there becomes this one.
  virtual std::string replace(const Insert& insert) const = 0;
  /// Of a row that is there only the column `changed` changes, and that where the columns `same` are what they were: else
  /// it counts no row.
  virtual std::string update_if_same(const Insert& insert, const std::string& changed,
                                     std::span<const std::string> same) const = 0;

  // The catalogue.

  /// CREATE SCHEMA; empty where there are none.
  virtual std::string create_schema(const std::string& /*schema*/) const { return ""; }
  /// One row if the schema is there; one parameter. Empty where there are none.
  virtual std::string find_schema() const { return ""; }
  /// How often each of the three descriptions asks for schema and name, the pairs one behind the other.
  virtual size_t times_named() const { return 1; }
  /// Rows kind ("a table", "a view", "an index", …), definition of a view, schema and name of the one table that it shows:
  /// whatever has a name that a table or a view would need; parameters schema, name. The last two may be NULL.
  virtual std::string describe_relation() const = 0;
  /// Whether the definition of a view can be had. Where it cannot, one with our columns is taken for ours.
  virtual bool has_definitions() const { return true; }
  /// Rows name, type, not null, has default; parameters schema, name.
  virtual std::string describe_columns() const = 0;
  /// Rows key's id, column, collation by which different texts may be one (or NULL): all unique keys over plain columns,
  /// the primary key first; parameters schema, name.
  virtual std::string describe_keys() const = 0;
  /// Rows table, right, user: of SELECT, INSERT, UPDATE and DELETE on the table and on ours, what the user may not;
  /// parameters schema, name. Empty where there are no rights.
  virtual std::string missing_rights() const { return ""; }
  /// Rows object (quoted, with its kind), right, user, for what: of what a run may have to make, what the user may not.
  /// For what are words: `use` (whatever is there), `tables` (one of ours is missing), `columns` (the table lacks some of
  /// ours), `view`. Parameters schema, name, name of the view. Empty where there are no rights.
  virtual std::string missing_rights_to_make() const { return ""; }
  /// A row owner, user (both quoted) where only a table's owner may alter it, and the user may not act as that; parameters
  /// schema, name. Empty where that is a right like others.
  virtual std::string owner_to_alter() const { return ""; }
  /// One cell: name and version of the server.
  virtual std::string version() const = 0;
  /// A row, if this user can write nothing there: why, and what to do about it. Empty where nothing is to be asked.
  virtual std::string read_only() const { return ""; }
  /// Rows if a trigger or a rule of the table may keep a row from being written without saying so; parameters schema, name.
  /// Empty where nothing can.
  virtual std::string may_suppress_rows() const { return ""; }
  /// One row, the user, if row security may hide rows of the table from him; parameters schema, name. Empty where there is
  /// none.
  virtual std::string hides_rows() const { return ""; }
  /// One cell, bytes, or NULL; parameters schema, name. Empty where nobody knows.
  virtual std::string table_size() const = 0;
  /// Whether a column that was found can hold what `wanted` is for, exactly.
  virtual bool fits(const ColumnDef& wanted, const FoundColumn& found) const = 0;

 protected:
  /// `place`: of `keys` key columns, from 0.
  virtual std::string key_type(table::ColumnType type, size_t place, size_t keys) const = 0;
  /// The last element of a history's definition: by what its rows are found. They are told apart by those who write them.
  virtual std::string history_index(const table::TableSpec& spec) const;
  /// The old value of a key's column, `name`, as what the wanted type is to hold.
  virtual std::string converted(const RetypedKey& changed, const std::string& name) const;
  /// "(?, ?), (?, ?)", unbound.
  static std::string tuples(size_t columns, size_t rows);

 private:
  table::Target target_;
  Belief belief_ = Belief::everything;
};

}  // namespace ctk::sink::sql
