// What the fake server holds: tables with documents as written and as last refreshed, and views.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sink/cratedb/testing/fake_sql.h"

namespace ctk::sink::cratedb::testing {

struct Document {
  Value values;  ///< an object: column name → value
  int64_t seq_no = 0;
  int64_t version = 1;
  size_t shard = 0;
};
using Documents = std::map<std::string, Document>;  ///< by key, as JSON

/// Among a table's blocks: ALTER TABLE … CLOSE.
inline constexpr const char* kClosed = "closed";

struct Table {
  TableName name;
  Type root;              ///< a strict object whose columns are the table's
  std::vector<Expr> key;  ///< column references
  int shards = 4;
  int next_oid = 1;
  Documents documents;
  Documents visible;  ///< as of the last refresh
  std::map<size_t, int64_t> next_seq_no;
  std::set<std::string> blocks;  ///< "blocks.write", …; kClosed
  size_t fields_limit = 1000;    ///< mapping.total_fields.limit: one column less may be there

  size_t shard_of(const std::string& key_text) const {
    return std::hash<std::string>{}(key_text) % static_cast<size_t>(shards);
  }
};

struct Store {
  std::map<TableName, Table> tables;
  std::map<TableName, Select> views;
  /// Rights that the user has nowhere: DDL, DML, DQL. It is told of them where it asks, and is not refused anything.
  std::set<std::string> lacking;

  bool has_schema(const std::string& schema) const;
  /// The table, or the server's 4041 or 4045; 4007 for a view. `operation`: "INSERT".
  SqlResult<Table*> find(const TableName& name, std::string_view operation = "INSERT");
};

/// Why a closed or blocked table does not do what is asked of it ("INSERT", "READ", "SHOW CREATE"), as 6.4.3 says it;
/// nothing where it does.
std::optional<SqlError> blocked(const Table& table, std::string_view operation);
SqlError unknown_relation(const Store& store, const TableName& name);

/// How many columns the table has, those inside objects and arrays of objects included.
size_t count_columns(const Type& type);

/// A view's definition, as information_schema.views shows it.
std::string view_text(const Select& select);
/// Names and types of a view's columns.
std::vector<Column> view_columns(const Store& store, const Select& select);

/// DDL. What comes back is the rowcount.
SqlResult<int64_t> create_table(Store& store, CreateTable statement);
SqlResult<int64_t> create_view(Store& store, CreateView statement);
SqlResult<int64_t> drop(Store& store, const Drop& statement);
SqlResult<int64_t> add_columns(Store& store, AddColumns statement);
SqlResult<int64_t> drop_column(Store& store, const DropColumn& statement);
SqlResult<int64_t> set_block(Store& store, const SetBlock& statement);

/// Rows of a relation as SELECT sees it.
struct Relation {
  Type root;
  std::vector<Document> rows;
};

/// information_schema and sys, as far as they are asked for here. Nothing for another name.
std::optional<Relation> system_relation(const Store& store, const TableName& name);
std::string show_create_table(const Table& table);

}  // namespace ctk::sink::cratedb::testing
