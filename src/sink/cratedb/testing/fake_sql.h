// The SQL that the fake server understands: the statements of this sink and those of the recordings, as syntax trees.
//
//   CREATE TABLE [IF NOT EXISTS], CREATE [OR REPLACE] VIEW, DROP TABLE|VIEW, ALTER TABLE … ADD COLUMN | DROP COLUMN |
//   SET (block = …), CLOSE, OPEN,
//   INSERT … VALUES (…) [ON CONFLICT … DO NOTHING | DO UPDATE SET …] [RETURNING …], UPDATE, DELETE, SELECT from one
//   relation, SHOW CREATE TABLE, REFRESH TABLE
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sink/cratedb/testing/fake_types.h"

namespace ctk::sink::cratedb::testing {

struct TableName {
  std::string schema = "doc";
  std::string table;
  std::string str() const { return schema + "." + table; }
  bool operator==(const TableName&) const = default;
  auto operator<=>(const TableName&) const = default;
};

struct Expr {
  enum class Kind {
    literal,
    parameter,
    column,
    call,
    compare,
    logical_and,
    logical_or,
    logical_not,
    is_null,
    choice,
    star
  };
  Kind kind = Kind::literal;
  Value literal;
  size_t parameter = 0;           ///< from 0
  bool excluded = false;          ///< column of the row that was to be inserted
  std::string name;               ///< of a column, a function or a comparison (`=`, `<`, …, `like`)
  std::vector<std::string> path;  ///< of a column, below its name
  /// Operands; of a choice: condition, result, …, else.
  std::vector<Expr> operands;

  std::string column_text() const;  ///< `o['a']`
};

struct Assignment {
  Expr target;
  Expr value;
};

struct CreateTable {
  TableName name;
  bool if_not_exists = false;
  std::vector<Column> columns;
  std::vector<Expr> key;
  int shards = 4;
  size_t fields_limit = 1000;
};
struct CreateView;
struct Drop {
  TableName name;
  bool view = false;
  bool if_exists = false;
};
struct AddColumns {
  TableName name;
  struct Added {
    std::vector<std::string> path;  ///< with the top-level name
    Column column;
  };
  std::vector<Added> columns;
};
struct DropColumn {
  TableName name;
  std::vector<std::string> path;
};
struct SetBlock {
  TableName name;
  std::string setting;
  bool on = false;
};
struct Insert {
  enum class Conflict { fails, nothing, update };
  TableName name;
  std::vector<std::string> columns;
  std::vector<Expr> values;
  Conflict conflict = Conflict::fails;
  std::vector<Expr> target;
  std::vector<Assignment> assignments;
  std::vector<Expr> returning;
};
struct Update {
  TableName name;
  std::vector<Assignment> assignments;
  std::optional<Expr> where;
};
struct Delete {
  TableName name;
  std::optional<Expr> where;
};
struct Select {
  struct Item {
    Expr expr;
    std::string alias;
  };
  struct Order {
    Expr expr;
    bool descending = false;
  };
  bool distinct = false;
  std::vector<Item> items;
  std::optional<TableName> from;
  std::optional<Expr> where;
  std::vector<Order> order;
  std::optional<Expr> limit;
};
struct CreateView {
  TableName name;
  bool replace = false;
  Select select;
};
struct ShowCreate {
  TableName name;
};
struct Refresh {
  TableName name;
};

using Parsed = std::variant<CreateTable, CreateView, Drop, AddColumns, DropColumn, SetBlock, Insert, Update, Delete, Select,
                            ShowCreate, Refresh>;

/// The statement, or the server's kind of complaint about it.
SqlResult<Parsed> parse_sql(std::string_view sql);

}  // namespace ctk::sink::cratedb::testing
