// What PostgreSQL is like.
#include "table/fit.h"
#include "table/render.h"
#include "table/target_parts.h"

namespace ctk::table {
namespace {

constexpr std::string_view kPostgresTaken[] = {"data", "aux",  "cdc_version", "cdc_deleted", "cdc_time", "ctid",
                                               "xmin", "cmin", "xmax",        "cmax",        "tableoid"};
// Identifiers are cut there. Tables leave room for the view's `_live`.
constexpr size_t kPostgresLimit = 63;
constexpr size_t kLiveSuffix = 5;
// "index row size … exceeds btree version 4 maximum 2704": 8 bytes of header, 4 of length before each value.
constexpr size_t kPostgresIndexRowLimit = 2'704;

bool fits_postgres_index(std::span<const KeyCell> cells) {
  size_t bytes = 8;
  for (const KeyCell& cell : cells) {
    const bool sized = cell.kind == KeyCell::Kind::text || cell.kind == KeyCell::Kind::binary;
    bytes = (bytes + 3) / 4 * 4 + 4 + (sized ? cell.text.size() : cell.text.size() / 2 + 8);
  }
  return (bytes + 7) / 8 * 8 <= kPostgresIndexRowLimit;
}

// scan.l, psqlscan.l.
constexpr LexicalRules kLexical = {.nested_comments = true,
                                   .escape_strings = true,
                                   .dollar_quotes = true,
                                   .dollar_in_names = true,
                                   .parentheses = true,
                                   .text_goes_on = true,
                                   .atomic_bodies = true};
constexpr std::string_view kTables =
    "SELECT n.nspname AS \"schema\", c.relname AS \"table\", CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN "
    "'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS \"kind\" FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND "
    "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2";
constexpr std::string_view kColumns =
    "SELECT a.attname AS \"column\", pg_catalog.format_type(a.atttypid, a.atttypmod) AS \"type\", NOT a.attnotnull AS "
    "\"nullable\", EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND "
    "a.attnum = ANY (i.indkey)) AS \"key\" FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = "
    "a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {schema} AND "
    "c.relname = {table} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
constexpr std::string_view kNames =
    "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema NOT IN "
    "('information_schema', 'pg_catalog', 'sys', 'blob') AND column_name NOT LIKE '%[%' LIMIT 5000";

}  // namespace

constinit const TargetTraits kPostgresTraits = {
    .product = "PostgreSQL",
    .is_server = true,
    .columns = {.refused = kNul, .taken = kPostgresTaken, .limit = kPostgresLimit},
    .tables = {.refused = kNul, .taken = kOwnTables, .limit = kPostgresLimit - kLiveSuffix},
    .longest_identifier = kPostgresLimit,
    .key_index_suffix = "_pkey",
    .default_schema = "public",
    .keys = {.numbers = kAllNumbers,
             .binaries = kTextOrBinary,
             .takes_numeric = fits_postgres_numeric,
             .text_takes_nul = false,
             .takes_key = fits_postgres_index,
             .too_long = "the key is longer than PostgreSQL can index (2,704 bytes with its headers)"},
    .data = DataColumn::jsonb,
    .transactions = true,
    .savepoints = true,
    .concurrent_writers = true,
    .ddl_in_transactions = true,
    .row_names = RowNames::row_id,
    .stale_rows = StaleRows::returned,
    .sql = {.lexical = kLexical,
            .catalogue = {.tables = kTables, .columns = kColumns, .names = kNames},
            .failure_spoils_transaction = true},
};

}  // namespace ctk::table
