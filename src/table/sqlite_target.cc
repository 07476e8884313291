// What SQLite is like.
#include "table/target_parts.h"

namespace ctk::table {
namespace {

// complete.c, tokenize.c.
constexpr LexicalRules kLexical = {.return_ends_line = false,
                                   .dollar_is_letter = true,
                                   .backquotes = true,
                                   .brackets = true,
                                   .trigger_bodies = true,
                                   .names_keep_case = true};
constexpr std::string_view kTables =
    "SELECT 'main' AS \"schema\", name AS \"table\", type AS \"kind\" FROM sqlite_master WHERE type IN ('table', "
    "'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
constexpr std::string_view kColumns =
    "SELECT name AS \"column\", type, CASE \"notnull\" WHEN 0 THEN 'true' ELSE 'false' END AS \"nullable\", CASE pk "
    "WHEN 0 THEN 'false' ELSE 'true' END AS \"key\" FROM pragma_table_info({table})";
constexpr std::string_view kNames =
    "SELECT 'main', m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type IN ('table', 'view') "
    "LIMIT 5000";

/// Ours, and what a row's own number is called by.
constexpr std::string_view kTaken[] = {"data", "aux", "cdc_version", "cdc_deleted", "cdc_time", "rowid", "_rowid_", "oid"};

}  // namespace

constinit const TargetTraits kSqliteTraits = {
    .product = "SQLite",
    .columns = {.refused = kNul, .taken = kTaken, .folds_case = true},
    .tables = {.refused = kNul, .taken = kOwnTables, .taken_prefix = "sqlite_", .folds_case = true},
    // A declared numeric type is an affinity, which makes one key of two.
    .keys = {.number = ColumnType::untyped, .numbers = kAllNumbers, .binaries = kTextOrBinary},
    .transactions = true,
    .savepoints = true,
    .ddl_in_transactions = true,
    .row_names = RowNames::row_id,
    .stale_rows = StaleRows::counted,
    .sql = {.lexical = kLexical, .catalogue = {.tables = kTables, .columns = kColumns, .names = kNames}},
};

}  // namespace ctk::table
