// The targets that this program knows by their own rules.
#include "table/target.h"

#include "table/fit.h"
#include "table/render.h"

namespace ctk::table {
namespace {

constexpr std::string_view kNul("\0", 1);

constexpr std::string_view kOurColumns[] = {"data", "aux", "cdc_version", "cdc_deleted", "cdc_time"};
constexpr std::string_view kOurTables[] = {"ctk_positions", "ctk_tables", "ctk_dead_letters", "_all"};

constexpr ColumnType kAllNumbers[] = {ColumnType::text, ColumnType::bigint, ColumnType::double_precision,
                                      ColumnType::numeric};
constexpr ColumnType kTextOrBinary[] = {ColumnType::text, ColumnType::binary};
constexpr ColumnType kTextOnly[] = {ColumnType::text};

// CrateDB

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

// PostgreSQL

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

}  // namespace

std::span<const std::string_view> own_columns() { return kOurColumns; }
std::span<const std::string_view> own_tables() { return kOurTables; }

constinit const TargetTraits kCrateTraits = {
    .product = "CrateDB",
    .columns = {.refused = kCrateRefused, .taken = kCrateTaken},
    .tables = {.refused = kCrateTableRefused, .taken = kOurTables, .limit = kCrateTableLimit},
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
};

constinit const TargetTraits kPostgresTraits = {
    .product = "PostgreSQL",
    .columns = {.refused = kNul, .taken = kPostgresTaken, .limit = kPostgresLimit},
    .tables = {.refused = kNul, .taken = kOurTables, .limit = kPostgresLimit - kLiveSuffix},
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
};

constinit const TargetTraits kSqliteTraits = {
    .product = "SQLite",
    .columns = {.refused = kNul, .taken = kOurColumns, .folds_case = true},
    .tables = {.refused = kNul, .taken = kOurTables, .taken_prefix = "sqlite_", .folds_case = true},
    // A declared numeric type is an affinity, which makes one key of two.
    .keys = {.number = ColumnType::untyped, .numbers = kAllNumbers, .binaries = kTextOrBinary},
    .transactions = true,
    .savepoints = true,
    .ddl_in_transactions = true,
    .row_names = RowNames::row_id,
    .stale_rows = StaleRows::counted,
};

constinit const TargetTraits kNdjsonTraits = {
    .product = "ndjson",
    .maps_names = false,
    .keys = {.binary = ColumnType::text, .numbers = kAllNumbers, .binaries = kTextOnly},
    .holds_own_tables = false,
    .folds = false,
};

}  // namespace ctk::table
