// What CrateDB is like.
#include "table/render.h"
#include "table/target_parts.h"

namespace ctk::table {
namespace {

constexpr std::string_view kCrateRefused = ".[\t\n\r";
constexpr std::string_view kCrateTableRefused = ". \"*,/<>?\\|[\t\n\r";
constexpr std::string_view kCrateTaken[] = {"data",       "aux",    "cdc_version",   "cdc_deleted", "cdc_time", "_id",
                                            "_version",   "_score", "_uid",          "_doc",        "_raw",     "_seq_no",
                                            "_tombstone", "_docid", "_primary_term", "_fetchid"};
// CrateDB stores NUMERIC only with a scale, so it holds no key there.
constexpr ColumnType kCrateNumbers[] = {ColumnType::text, ColumnType::bigint, ColumnType::double_precision};
// Tables over 255 bytes with their schema are refused. Room is left for the view's `_live`.
constexpr size_t kCrateTableLimit = 180;
// The row's `_id` is one indexed term (Lucene: 32,766 bytes). A single text key is the id itself; several are written one
// after another, each with its length, and that in base64 (tried on 6.4.3).
constexpr size_t kCrateSingleKeyLimit = 32'765;
constexpr size_t kCrateTermLimit = 32'766;

/// Bytes that a length takes as a variable-length integer.
size_t length_bytes(size_t length) {
  size_t bytes = 1;
  for (; length >= 128; length >>= 7U) ++bytes;
  return bytes;
}

bool fits_crate_id(std::span<const KeyCell> cells) {
  if (cells.size() == 1) return cells[0].text.size() <= kCrateSingleKeyLimit;
  size_t bytes = 1;
  for (const KeyCell& cell : cells) bytes += length_bytes(cell.text.size()) + cell.text.size();
  return (bytes + 2) / 3 * 4 <= kCrateTermLimit;
}

// SqlBaseLexer.g4.
constexpr LexicalRules kLexical = {.escape_strings = true,
                                   .dollar_quotes = true,
                                   .backquotes = true,
                                   .backslash_runs = true,
                                   .at_in_dollar_tags = true,
                                   .nul_in_text = true};
constexpr std::string_view kTables =
    "SELECT table_schema AS \"schema\", table_name AS \"table\", CASE table_type WHEN 'BASE TABLE' THEN 'table' "
    "ELSE lower(table_type) END AS \"kind\" FROM information_schema.tables WHERE table_schema NOT IN "
    "('information_schema', 'pg_catalog', 'sys', 'blob') ORDER BY 1, 2";
constexpr std::string_view kColumns =
    "SELECT c.column_name AS \"column\", c.data_type AS \"type\", c.is_nullable = 'YES' AS \"nullable\", "
    "k.column_name IS NOT NULL AS \"key\" FROM information_schema.columns c LEFT JOIN "
    "information_schema.key_column_usage k ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND "
    "k.column_name = c.column_name WHERE c.table_schema = {schema} AND c.table_name = {table} ORDER BY c.ordinal_position";
constexpr std::string_view kNames =
    "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema NOT IN "
    "('information_schema', 'pg_catalog', 'sys', 'blob') AND column_name NOT LIKE '%[%' LIMIT 5000";

}  // namespace

constinit const TargetTraits kCrateTraits = {
    .product = "CrateDB",
    .is_server = true,
    .columns = {.refused = kCrateRefused, .taken = kCrateTaken},
    .tables = {.refused = kCrateTableRefused, .taken = kOwnTables, .limit = kCrateTableLimit},
    .default_schema = "doc",
    // BIGINT refuses both ends of int64.
    .keys = {.number = ColumnType::bigint,
             .binary = ColumnType::text,
             .numbers = kCrateNumbers,
             .binaries = kTextOnly,
             .lowest_bigint = INT64_MIN + 1,
             .highest_bigint = INT64_MAX - 1,
             .takes_key = fits_crate_id,
             .too_long = "the key is longer than CrateDB can index (32,765 bytes, about 24,500 for a key of two)"},
    .data = DataColumn::object,
    .sql = {.lexical = kLexical, .catalogue = {.tables = kTables, .columns = kColumns, .names = kNames}},
};

}  // namespace ctk::table
