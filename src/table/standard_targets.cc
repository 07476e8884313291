#include "table/standard_targets.h"

#include <algorithm>

#include "table/render.h"
#include "table/target_parts.h"

namespace ctk::table {
namespace {

constexpr size_t kLiveView = 5;  ///< `_live` behind a table's name
constexpr ColumnType kTextOrBigint[] = {ColumnType::text, ColumnType::bigint};
constexpr ColumnType kOracleNumbers[] = {ColumnType::text, ColumnType::bigint, ColumnType::numeric};

/// The longest keys: alone, and of two. What ends in a blank or a NUL is another database's same key.
struct KeyLengths {
  size_t only, each;
};
constexpr KeyLengths kSqlserverKeys{900, 450};  // of a clustered index
constexpr KeyLengths kDb2Keys{1'000, 500};
constexpr KeyLengths kOracleKeys{4'000, 2'048};
constexpr KeyLengths kGenericKeys{255, 255};

bool fits_lengths(std::span<const KeyCell> cells, KeyLengths longest) {
  const size_t most = cells.size() == 1 ? longest.only : longest.each;
  return std::ranges::all_of(cells, [&](const KeyCell& cell) { return cell.text.size() <= most; });
}

/// Comparisons pad the shorter text with blanks.
bool stays_apart(std::span<const KeyCell> cells) {
  return std::ranges::none_of(cells, [](const KeyCell& cell) { return cell.text.ends_with(' '); });
}

bool fits_sqlserver(std::span<const KeyCell> cells) { return fits_lengths(cells, kSqlserverKeys) && stays_apart(cells); }
bool fits_db2(std::span<const KeyCell> cells) { return fits_lengths(cells, kDb2Keys) && stays_apart(cells); }
bool fits_generic(std::span<const KeyCell> cells) { return fits_lengths(cells, kGenericKeys) && stays_apart(cells); }
/// An empty text is NULL.
bool fits_oracle(std::span<const KeyCell> cells) {
  const bool empty = std::ranges::any_of(cells, [](const KeyCell& cell) { return cell.text.empty(); });
  return fits_lengths(cells, kOracleKeys) && !empty;
}

/// Ours, and what one database or another has in every table.
constexpr std::string_view kTakenSomewhere[] = {"data",  "aux",     "cdc_version", "cdc_deleted", "cdc_time", "ctid",
                                                "oid",   "xmin",    "xmax",        "cmin",        "cmax",     "tableoid",
                                                "rowid", "_rowid_", "rownum",      "level"};

constexpr LexicalRules kStandardLexical = {.nested_comments = false};

// Users read the catalogue by the shell; the sink asks the driver (sink/sql/odbc_catalogue.h).
constexpr std::string_view kTables =
    "SELECT table_schema AS \"schema\", table_name AS \"table\", CASE table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END "
    "AS \"kind\" FROM information_schema.tables WHERE lower(table_schema) <> 'information_schema' ORDER BY 1, 2";
constexpr std::string_view kColumns =
    "SELECT column_name AS \"column\", data_type AS \"type\", CASE is_nullable WHEN 'YES' THEN 'true' ELSE 'false' END AS "
    "\"nullable\", 'false' AS \"key\" FROM information_schema.columns WHERE table_schema = {schema} AND table_name = "
    "{table} ORDER BY ordinal_position";
constexpr std::string_view kNames = "SELECT table_schema, table_name, column_name FROM information_schema.columns";
constexpr std::string_view kOracleTables =
    "SELECT owner AS \"schema\", object_name AS \"table\", lower(object_type) AS \"kind\" FROM all_objects WHERE "
    "object_type IN ('TABLE', 'VIEW') AND owner = user ORDER BY 1, 2";
constexpr std::string_view kOracleColumns =
    "SELECT column_name AS \"column\", data_type AS \"type\", CASE nullable WHEN 'Y' THEN 'true' ELSE 'false' END AS "
    "\"nullable\", 'false' AS \"key\" FROM all_tab_columns WHERE owner = {schema} AND table_name = {table} ORDER BY "
    "column_id";
constexpr std::string_view kOracleNames =
    "SELECT owner, table_name, column_name FROM all_tab_columns WHERE owner = user AND rownum <= 5000";
constexpr std::string_view kDb2Tables =
    "SELECT tabschema AS \"schema\", tabname AS \"table\", CASE type WHEN 'V' THEN 'view' ELSE 'table' END AS \"kind\" "
    "FROM syscat.tables WHERE tabschema NOT LIKE 'SYS%' AND type IN ('T', 'V') ORDER BY 1, 2";
constexpr std::string_view kDb2Columns =
    "SELECT colname AS \"column\", typename AS \"type\", CASE nulls WHEN 'Y' THEN 'true' ELSE 'false' END AS "
    "\"nullable\", CASE WHEN keyseq > 0 THEN 'true' ELSE 'false' END AS \"key\" FROM syscat.columns WHERE tabschema = "
    "{schema} AND tabname = {table} ORDER BY colno";
constexpr std::string_view kDb2Names =
    "SELECT tabschema, tabname, colname FROM syscat.columns WHERE tabschema NOT LIKE 'SYS%' FETCH FIRST 5000 ROWS ONLY";

/// What they have in common.
TargetTraits standard(std::string_view product, size_t longest_name) {
  TargetTraits traits;
  traits.product = product;
  traits.is_server = true;
  traits.columns = {.refused = kNul, .taken = kOwnColumns, .folds_case = true, .limit = longest_name};
  traits.tables = {.refused = kNul, .taken = kOwnTables, .folds_case = true, .limit = longest_name - kLiveView};
  traits.longest_identifier = longest_name;
  traits.keys.number = ColumnType::text;
  traits.keys.binary = ColumnType::text;
  traits.keys.numbers = kTextOrBigint;
  traits.keys.binaries = kTextOnly;
  traits.keys.text_takes_nul = false;
  traits.data = DataColumn::text;
  traits.transactions = true;
  traits.row_names = RowNames::key;
  traits.stale_rows = StaleRows::looked_up;
  traits.sql = {.lexical = kStandardLexical, .catalogue = {.tables = kTables, .columns = kColumns, .names = kNames}};
  return traits;
}

}  // namespace

TargetTraits sqlserver_traits() {
  TargetTraits traits = standard("SQL Server", 128);
  traits.default_schema = "dbo";
  traits.ddl_in_transactions = true;
  traits.keys.takes_key = fits_sqlserver;
  traits.keys.too_long =
      "the key is longer than its index takes (900 bytes, or 450 and 450 of two key attributes), or ends in a blank, "
      "which SQL Server does not tell from none";
  traits.sql.lexical.brackets = true;
  return traits;
}

TargetTraits oracle_traits() {
  TargetTraits traits = standard("Oracle", 128);
  traits.columns.folds_case = traits.tables.folds_case = false;
  traits.savepoints = true;
  traits.keys.number = ColumnType::numeric;  // its NUMBER is what DynamoDB's numbers are
  traits.keys.numbers = kOracleNumbers;
  traits.keys.takes_key = fits_oracle;
  traits.keys.too_long =
      "the key is longer than its columns take (4,000 bytes, or 2,048 and 2,048 of two key attributes), or an empty text, "
      "which Oracle takes for NULL";
  traits.sql.catalogue = {.tables = kOracleTables, .columns = kOracleColumns, .names = kOracleNames};
  return traits;
}

TargetTraits db2_traits() {
  TargetTraits traits = standard("Db2", 128);
  traits.columns.folds_case = traits.tables.folds_case = false;
  traits.ddl_in_transactions = true;
  traits.keys.takes_key = fits_db2;
  traits.keys.too_long =
      "the key is longer than its index takes (1,000 bytes, or 500 and 500 of two key attributes), or ends in a blank, "
      "which Db2 does not tell from none";
  traits.sql.catalogue = {.tables = kDb2Tables, .columns = kDb2Columns, .names = kDb2Names};
  return traits;
}

TargetTraits duckdb_traits() {
  TargetTraits traits = standard("DuckDB", 255);
  traits.default_schema = "main";
  traits.ddl_in_transactions = true;
  return traits;
}

TargetTraits snowflake_traits() {
  TargetTraits traits = standard("Snowflake", 255);
  traits.default_schema = "PUBLIC";
  traits.columns.folds_case = traits.tables.folds_case = false;
  return traits;
}

TargetTraits generic_traits() {
  TargetTraits traits = standard("standard SQL", 63);
  traits.columns.taken = kTakenSomewhere;
  traits.keys.takes_key = fits_generic;
  traits.keys.too_long =
      "the key is longer than its columns take (255 bytes each), or ends in a blank, which not every database tells from "
      "none";
  return traits;
}

}  // namespace ctk::table
