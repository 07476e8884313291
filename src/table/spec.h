// How a source table looks in a target: names, key columns, layout. Values; no SQL yet.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dynamodb/change.h"
#include "dynamodb/key_schema.h"
#include "table/target.h"

namespace ctk::table {

enum class Layout { ctk, columns, document };
enum class Encoding { plain, dynamodb };
enum class Deletes { mark, soft };
struct TableOptions {
  Layout layout = Layout::columns;
  Encoding encoding = Encoding::plain;
  Deletes deletes = Deletes::mark;
  std::map<std::string, ColumnType> key_types;   ///< `key-type.NAME`
  std::map<std::string, ColumnType> path_types;  ///< `type.PATH` (CrateDB): text, double, bigint, boolean
  bool typed = true;
  int max_columns = 800;
  bool create_table = true;
  bool live_view = true;
  bool adopt = false;
  std::optional<std::string> history;         ///< the table beside it that keeps every change (table/history.h)
  std::vector<std::string> include, exclude;  ///< attribute paths
  std::vector<std::pair<std::string, std::string>> rename;  ///< old path → new name
};

/// Reads `include=`, `exclude=`, `rename=` lists: comma-separated, a name with `.`, `,`, `:` or `=` in double quotes.
Result<std::vector<std::string>> parse_path_list(const std::string& text);
Result<std::vector<std::pair<std::string, std::string>>> parse_rename_list(const std::string& text);
Result<ColumnType> parse_column_type(const std::string& text);

struct QualifiedName {
  std::string schema;  ///< empty where the target has none (SQLite) or its default is meant
  std::string table;
  bool operator==(const QualifiedName&) const = default;
  std::string str() const { return schema.empty() ? table : schema + "." + table; }
};

struct KeyColumn {
  std::string attribute;                    ///< DynamoDB's name
  std::string column;                       ///< the target's name
  dynamodb::Type type = dynamodb::Type::S;  ///< S, N or B
  ColumnType column_type = ColumnType::text;
  bool operator==(const KeyColumn&) const = default;
};

using dynamodb::KeySchema;
KeySchema key_schema_of(const dynamodb::Change& change);

struct TableSpec {
  QualifiedName name;
  std::string source_table;
  Target target = Target::sqlite;
  TableOptions options;
  std::vector<KeyColumn> keys;               ///< for `document`: one column `id`
  std::vector<std::string> source_keys;      ///< the key's attributes by DynamoDB's names, in every layout
  std::map<std::string, std::string> names;  ///< attribute → column where they differ (stored in ctk_tables)
};

/// Whether the options can be those of a table with these keys, their types apart: `usage` where not.
Status check_options(Target target, const std::string& source_table, const std::vector<std::string>& keys,
                     const TableOptions& options);

/// Puts a spec together: maps names, picks key column types. `usage` where an option names a key that is not there.
Result<TableSpec> make_spec(Target target, QualifiedName name, std::string source_table, const KeySchema& keys,
                            const TableOptions& options);

/// How rows are written, in the words of the options: "layout=columns", with "&encoding=dynamodb" where that is so. Rows of
/// two forms do not fit into one table.
std::string form_of(const TableOptions& options);
/// Makes the options those of a form. One that is empty, or none of these, says nothing.
void take_form(TableOptions& options, std::string_view form);

/// One mapping function per target (decision 2): what the target refuses, folds or cuts, and our own column
/// names, get `_` and 8 hex digits of the name's hash. Empty names become `_<hash>`.
std::string map_column_name(Target target, const std::string& attribute);
std::string map_table_name(Target target, const std::string& source_table);

/// Whether a table of that name would be one of ctk's own (ctk_tables, …).
bool is_own_table_name(Target target, std::string_view name);

}  // namespace ctk::table
