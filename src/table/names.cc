#include "table/names.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace ctk::table {

namespace {

/// What a target does to a kind of name.
struct Rules {
  std::string_view refused;                 ///< characters that become `_`
  std::span<const std::string_view> taken;  ///< names that are ours or the target's own
  bool folds_case = false;                  ///< ASCII
  size_t limit = SIZE_MAX;                  ///< bytes
};

constexpr std::string_view kNul("\0", 1);
constexpr std::string_view kCrateRefused = ".[\t\n\r";
constexpr std::string_view kCrateTableRefused = ". \"*,/<>?\\|[\t\n\r";

constexpr std::string_view kOurs[] = {"data", "aux", "cdc_version", "cdc_deleted", "cdc_time"};
constexpr std::string_view kCrateTaken[] = {"data",       "aux",    "cdc_version",   "cdc_deleted", "cdc_time", "_id",
                                            "_version",   "_score", "_uid",          "_doc",        "_raw",     "_seq_no",
                                            "_tombstone", "_docid", "_primary_term", "_fetchid"};
constexpr std::string_view kPostgresTaken[] = {"data", "aux",  "cdc_version", "cdc_deleted", "cdc_time", "ctid",
                                               "xmin", "cmin", "xmax",        "cmax",        "tableoid"};
constexpr std::string_view kOurTables[] = {"ctk_positions", "ctk_tables", "ctk_dead_letters", "_all"};

// PostgreSQL cuts identifiers at 63 bytes; CrateDB refuses tables over 255 bytes with their schema. Tables leave room for
// the view's `_live`.
constexpr size_t kPostgresLimit = 63;
constexpr size_t kLiveSuffix = 5;
constexpr size_t kCrateTableLimit = 180;

Rules column_rules(Target target) {
  switch (target) {
    case Target::cratedb: return {kCrateRefused, kCrateTaken, false, SIZE_MAX};
    case Target::postgres: return {kNul, kPostgresTaken, false, kPostgresLimit};
    case Target::sqlite: return {kNul, kOurs, true, SIZE_MAX};
    case Target::ndjson: return {};
  }
  return {};
}

Rules table_rules(Target target) {
  switch (target) {
    case Target::cratedb: return {kCrateTableRefused, kOurTables, false, kCrateTableLimit};
    case Target::postgres: return {kNul, kOurTables, false, kPostgresLimit - kLiveSuffix};
    case Target::sqlite: return {kNul, kOurTables, true, SIZE_MAX};
    case Target::ndjson: return {};
  }
  return {};
}

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_folded(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return fold(a) == fold(b); });
}

bool is_sqlites_own(std::string_view name) { return equal_folded(name.substr(0, 7), "sqlite_"); }

std::string hash_suffix(std::string_view name) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(name.data(), name.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string suffix = "_";
  for (size_t i = 0; i < 4; ++i) {
    suffix += kDigits[digest[i] >> 4];
    suffix += kDigits[digest[i] & 15];
  }
  return suffix;
}

/// At most `limit` bytes, whole UTF-8 characters.
std::string_view cut(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

std::string with_suffix(const Rules& rules, const std::string& name) {
  const std::string suffix = hash_suffix(name);
  std::string stem = name;
  for (char& c : stem) {
    if (rules.refused.find(c) != std::string_view::npos) c = '_';
  }
  const size_t limit = rules.limit == SIZE_MAX ? SIZE_MAX : rules.limit - suffix.size();
  return std::string(cut(stem, limit)) + suffix;
}

bool stands(const Rules& rules, const std::string& name) {
  if (name.empty() || name.size() > rules.limit) return false;
  if (name.find_first_of(rules.refused) != std::string::npos) return false;
  return std::none_of(rules.taken.begin(), rules.taken.end(),
                      [&](std::string_view taken) { return rules.folds_case ? equal_folded(taken, name) : taken == name; });
}

}  // namespace

std::string map_name(Target target, Place place, const std::string& attribute) {
  if (target == Target::ndjson) return attribute;
  Rules rules = column_rules(target);
  if (place == Place::member) rules.taken = {};
  return stands(rules, attribute) ? attribute : with_suffix(rules, attribute);
}

std::string suffixed_name(Target target, const std::string& attribute) {
  return with_suffix(column_rules(target), attribute);
}

bool same_column(Target target, std::string_view left, std::string_view right) {
  return column_rules(target).folds_case ? equal_folded(left, right) : left == right;
}

bool is_crate_member_name(std::string_view name) { return name.find_first_of(kCrateRefused) == std::string_view::npos; }

bool is_own_table_name(Target target, std::string_view name) {
  if (target == Target::ndjson || name == "_all") return false;
  const Rules rules = table_rules(target);
  return std::any_of(rules.taken.begin(), rules.taken.end(),
                     [&](std::string_view taken) { return same_column(target, taken, name); });
}

std::string map_column_name(Target target, const std::string& attribute) {
  return map_name(target, Place::column, attribute);
}

std::string map_table_name(Target target, const std::string& source_table) {
  if (target == Target::ndjson) return source_table;
  const bool reserved = target == Target::sqlite && is_sqlites_own(source_table);
  return !reserved && stands(table_rules(target), source_table) ? source_table : suffixed_table_name(target, source_table);
}

std::string suffixed_table_name(Target target, const std::string& source_table) {
  const bool reserved = target == Target::sqlite && is_sqlites_own(source_table);
  return with_suffix(table_rules(target), reserved ? "_" + source_table : source_table);
}

bool same_table(Target target, std::string_view left, std::string_view right) {
  return table_rules(target).folds_case ? equal_folded(left, right) : left == right;
}

bool is_index_name(Target target, std::string_view name, std::string_view other) {
  return target == Target::postgres && name.starts_with(other) && name.substr(other.size()) == "_pkey";
}

}  // namespace ctk::table
