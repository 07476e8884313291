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

}  // namespace

constinit const TargetTraits kCrateTraits = {
    .product = "CrateDB",
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
};

}  // namespace ctk::table
