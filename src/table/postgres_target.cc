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

}  // namespace

constinit const TargetTraits kPostgresTraits = {
    .product = "PostgreSQL",
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
};

}  // namespace ctk::table
