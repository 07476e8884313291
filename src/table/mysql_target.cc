// What MySQL and MariaDB are like: the same but for JSON, which MySQL keeps as values and MariaDB as the text that it was.
#include <algorithm>
#include <charconv>

#include "table/render.h"
#include "table/target_parts.h"

namespace ctk::table {
namespace {

// 64 characters. Tables leave room for the view's `_live`.
constexpr size_t kLongestName = 64;
constexpr size_t kLiveSuffix = 5;
// InnoDB's index: 3,072 bytes, which the columns are declared to share (sink/sql/mysql_dialect.cc).
constexpr size_t kOnlyKey = 3'072, kFirstKey = 2'048, kSecondKey = 1'024;
// DECIMAL(65,30).
constexpr int64_t kWholeDigits = 35, kDecimals = 30;

constexpr NameRules kColumnNames = {.refused = kNul,
                                    .taken = kOwnColumns,
                                    .folds_case = true,
                                    .beyond_bmp = false,
                                    .blank_at_end = false,
                                    .limit = kLongestName};
// Whether the server tells Demo from demo is its own setting (lower_case_table_names): here they are one.
constexpr NameRules kTableNames = {.refused = kNul,
                                   .taken = kOwnTables,
                                   .folds_case = true,
                                   .beyond_bmp = false,
                                   .blank_at_end = false,
                                   .limit = kLongestName - kLiveSuffix};

/// `digits` is in canonical form: no leading and no trailing zeros.
bool fits_decimal(std::string_view digits) {
  if (digits.starts_with('-')) digits.remove_prefix(1);
  const size_t at = std::min(digits.find('E'), digits.size());
  std::string_view exponent = digits.substr(std::min(at + 1, digits.size()));
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  int64_t power = 0;
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
  const std::string_view mantissa = digits.substr(0, at);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const auto whole = static_cast<int64_t>(point);
  const auto decimals = static_cast<int64_t>(mantissa.size() - std::min(point + 1, mantissa.size()));
  return whole + power <= kWholeDigits && decimals - power <= kDecimals;
}

bool fits_index(std::span<const KeyCell> cells) {
  const auto size = [](const KeyCell& cell) {
    const bool sized = cell.kind == KeyCell::Kind::text || cell.kind == KeyCell::Kind::binary;
    return sized ? cell.text.size() : size_t{0};
  };
  if (cells.size() == 1) return size(cells[0]) <= kOnlyKey;
  return size(cells[0]) <= kFirstKey &&
         std::ranges::all_of(cells.subspan(1), [&](const KeyCell& cell) { return size(cell) <= kSecondKey; });
}

constexpr KeyTypes kKeys = {
    .numbers = kAllNumbers,
    .binaries = kTextOrBinary,
    .takes_numeric = fits_decimal,
    .takes_key = fits_index,
    .too_long =
        "the key is longer than its index takes: 3,072 bytes, or 2,048 and 1,024 of two key attributes; where the "
        "second is the long one, layout=document has 3,072 bytes for both"};

// As MySQL's own sql_lex.cc reads text.
constexpr LexicalRules kLexical = {
    .backslashes = true, .hash_comments = true, .dollar_in_names = true, .dollar_is_letter = true, .backquotes = true};
constexpr std::string_view kTables =
    "SELECT table_schema AS `schema`, table_name AS `table`, CASE table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END AS "
    "`kind` FROM information_schema.tables WHERE table_schema NOT IN ('information_schema', 'mysql', "
    "'performance_schema', 'sys') ORDER BY 1, 2";
constexpr std::string_view kColumns =
    "SELECT column_name AS `column`, column_type AS `type`, CASE is_nullable WHEN 'YES' THEN 'true' ELSE 'false' END AS "
    "`nullable`, CASE column_key WHEN 'PRI' THEN 'true' ELSE 'false' END AS `key` FROM information_schema.columns "
    "WHERE table_schema = {schema} AND table_name = {table} ORDER BY ordinal_position";
constexpr std::string_view kNames =
    "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema NOT IN "
    "('information_schema', 'mysql', 'performance_schema', 'sys') LIMIT 5000";

constexpr TargetTraits traits_of(std::string_view product, DataColumn data) {
  return {.product = product,
          .is_server = true,
          .columns = kColumnNames,
          .tables = kTableNames,
          .longest_identifier = kLongestName,
          .quote = '`',
          .default_schema = "test",
          .keys = kKeys,
          .data = data,
          .transactions = true,
          .savepoints = true,
          .concurrent_writers = true,
          .row_names = RowNames::key,
          .stale_rows = StaleRows::looked_up,
          .sql = {.lexical = kLexical, .catalogue = {.tables = kTables, .columns = kColumns, .names = kNames}}};
}

}  // namespace

constinit const TargetTraits kMysqlTraits = traits_of("MySQL", DataColumn::json);
// Its JSON is a text with a check, JSON_VALID, which refuses what is 32 levels deep: so data is a text without one.
constinit const TargetTraits kMariadbTraits = traits_of("MariaDB", DataColumn::text);

}  // namespace ctk::table
