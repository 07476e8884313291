#include "sink/sql/sqlite_dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "sink/sql/conflict_dialect.h"

namespace ctk::sink::sql {
namespace {

using table::ColumnType;

/// The table of two parameters, schema and name, as `s (name, place)`. Never a view: what asks for the columns of one whose
/// table is gone fails.
constexpr std::string_view kTable =
    "(SELECT name, place FROM (SELECT 'main' AS place, * FROM main.sqlite_schema UNION ALL "
    "SELECT 'temp', * FROM temp.sqlite_schema) WHERE place = CASE ?1 WHEN '' THEN 'main' ELSE ?1 END "
    "AND name = ?2 COLLATE NOCASE AND type = 'table') s";

/// SQLite's own rule (datatype3.html, section 3.1).
std::string affinity(std::string type) {
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::toupper(c); });
  if (type.contains("INT")) return "INTEGER";
  if (type.contains("CHAR") || type.contains("CLOB") || type.contains("TEXT")) return "TEXT";
  if (type.contains("BLOB") || type.empty()) return "BLOB";
  if (type.contains("REAL") || type.contains("FLOA") || type.contains("DOUB")) return "REAL";
  return "NUMERIC";
}

class SqliteDialect final : public ConflictDialect {
 public:
  using ConflictDialect::ConflictDialect;

  size_t rows_per_insert() const override { return 1; }
  std::string placeholder(size_t n) const override { return "?" + std::to_string(n); }

  std::string begin() const override { return "BEGIN IMMEDIATE"; }
  std::string bytewise(const std::string& column) const override { return column + " COLLATE BINARY"; }

  const ColumnTypes& types() const override {
    static const ColumnTypes kTypes = {.text = "TEXT",
                                       .integer = "INTEGER",
                                       .time = "TEXT",
                                       .boolean = "boolean",
                                       .data = "TEXT",
                                       .aux = "TEXT",
                                       .bytewise = "",
                                       .own_key = "TEXT",
                                       .table_name = "TEXT COLLATE NOCASE"};
    return kTypes;
  }
  std::string time_text(const std::string& column) const override { return column; }
  std::string create_mark_index(const table::TableSpec& spec) const override {
    return fmt::format("CREATE INDEX IF NOT EXISTS {0} ON {1} ({2}) WHERE {2}", quote(mark_index_name(spec)),
                       quote(spec.name.table), quote("cdc_deleted"));
  }

  std::string key_column(const table::KeyColumn& key) const override { return bytewise(quote(key.column)); }
  /// A BLOB is no text, whatever its bytes, and is equal to none; nor is a text equal to a number.
  std::string written_key(const table::KeyColumn& key, const std::string& shown) const override {
    const std::string type = fmt::format("typeof({})", quote(key.column));
    switch (key.column_type) {
      case ColumnType::bigint: return fmt::format("CASE WHEN {} = 'integer' THEN {} END", type, shown);
      case ColumnType::double_precision: return fmt::format("CASE WHEN {} = 'real' THEN {} END", type, shown);
      case ColumnType::binary: return fmt::format("CASE WHEN {} = 'blob' THEN {} END", type, shown);
      case ColumnType::untyped:
        return fmt::format("CASE {0} WHEN 'text' THEN '{1}' || {2} WHEN 'blob' THEN NULL ELSE {2} END", type, kTextMark,
                           shown);
      default: return fmt::format("CASE WHEN {} <> 'blob' THEN {} END", type, shown);
    }
  }
  std::string key_in(const table::TableSpec& spec, size_t rows) const override {
    if (spec.keys.size() == 1) return ConflictDialect::key_in(spec, rows);
    return fmt::format("({}) IN (VALUES {})", key_list(spec), tuples(spec.keys.size(), rows));
  }

  // With a COLLATE in it a tuple is no range.
  KeyRange key_range() const override { return KeyRange::from_first; }
  bool numbers_rows() const override { return true; }
  std::string row_id() const override { return "rowid"; }
  std::string find_row_id() const override {
    // A column hides the id that it is called like; a table WITHOUT ROWID is its primary key's index, and in none of its
    // indexes stands a rowid.
    return fmt::format(
        "SELECT id.column1 FROM {0} JOIN (VALUES ('rowid'), ('_rowid_'), ('oid')) id "
        "WHERE NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(s.name, s.place) x WHERE x.name = id.column1 COLLATE NOCASE) "
        "AND NOT EXISTS (SELECT 1 FROM pragma_index_list(s.name, s.place) l WHERE NOT EXISTS "
        "(SELECT 1 FROM pragma_index_xinfo(l.name, s.place) i WHERE i.cid = -1)) LIMIT 1",
        kTable);
  }
  std::string row_in(const std::string& id) const override { return id + " IN (SELECT value FROM json_each(?))"; }
  std::string row_not_in(const std::string& id) const override { return id + " NOT IN (SELECT value FROM json_each(?))"; }
  std::string row_id_list(std::span<const std::string> ids) const override {
    std::string list = "[";
    for (const std::string& id : ids) list += (list.size() > 1 ? "," : "") + id;
    return list + "]";
  }

  std::string describe_relation() const override {
    return "SELECT CASE type WHEN 'index' THEN 'an index' ELSE 'a ' || type END, CASE type WHEN 'view' THEN sql END, NULL, "
           "NULL "
           "FROM (SELECT 'main' AS place, * FROM main.sqlite_schema UNION ALL SELECT 'temp', * FROM temp.sqlite_schema) "
           "WHERE place = CASE ?1 WHEN '' THEN 'main' ELSE ?1 END AND name = ?2 COLLATE NOCASE AND type <> 'trigger'";
  }
  std::string describe_columns() const override {
    return fmt::format(
        "SELECT x.name, x.type, x.\"notnull\", x.dflt_value IS NOT NULL OR x.hidden > 1 "
        "FROM {}, pragma_table_xinfo(s.name, s.place) x WHERE x.hidden <> 1 ORDER BY x.cid",
        kTable);
  }
  std::string describe_keys() const override {
    // A primary key that is the rowid has no index.
    return fmt::format(
        "SELECT key, name, CASE lower(collation) WHEN 'binary' THEN NULL ELSE collation END FROM ("
        "SELECT l.origin <> 'pk' AS place, l.seq, l.name AS key, i.seqno AS nth, i.name, i.coll AS collation "
        "FROM {0}, pragma_index_list(s.name, s.place) l, pragma_index_xinfo(l.name, s.place) i "
        "WHERE l.\"unique\" AND NOT l.partial AND i.key UNION ALL "
        "SELECT 0, 0, '', x.pk, x.name, 'binary' FROM {0}, pragma_table_xinfo(s.name, s.place) x "
        "WHERE x.pk > 0 AND NOT EXISTS (SELECT 1 FROM pragma_index_list(s.name, s.place) WHERE origin = 'pk')) "
        "ORDER BY place, seq, nth",
        kTable);
  }
  std::string version() const override { return "SELECT 'SQLite ' || sqlite_version()"; }
  std::string may_suppress_rows() const override {
    // Triggers may stand in `temp` for a table of `main`. ON CONFLICT IGNORE is a constraint's.
    return "SELECT 1 FROM (SELECT * FROM main.sqlite_schema UNION ALL SELECT * FROM temp.sqlite_schema) "
           "WHERE ?1 IS NOT NULL AND tbl_name = ?2 COLLATE NOCASE AND (type = 'trigger' OR sql LIKE '%CONFLICT%IGNORE%')";
  }
  std::string table_size() const override {
    return "SELECT sum(pgsize) FROM dbstat WHERE aggregate AND ?1 IN ('', 'main') AND name IN "
           "(SELECT name FROM sqlite_master WHERE tbl_name = ?2 COLLATE NOCASE)";
  }

  bool fits(const ColumnDef& wanted, const FoundColumn& found) const override {
    using Role = ColumnDef::Role;
    if (wanted.role == Role::deleted || wanted.role == Role::time) return true;
    std::string have = affinity(found.type);
    if (wanted.role == Role::key) return have == affinity(wanted.type);
    return have == "TEXT" || have == "BLOB";
  }

 protected:
  std::string key_type(ColumnType type, size_t /*place*/, size_t /*keys*/) const override {
    switch (type) {
      case ColumnType::text: return "TEXT";
      case ColumnType::bigint: return "BIGINT";
      case ColumnType::double_precision: return "DOUBLE";
      case ColumnType::boolean: return "BOOLEAN";
      case ColumnType::numeric:
      case ColumnType::untyped: return "";  // an affinity would make two keys one
      case ColumnType::binary: return "BLOB";
    }
    return "TEXT";
  }
};

}  // namespace

std::unique_ptr<Dialect> make_sqlite_dialect(table::Target target) { return std::make_unique<SqliteDialect>(target); }

}  // namespace ctk::sink::sql
