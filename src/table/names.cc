#include "table/names.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "table/target_parts.h"

namespace ctk::table {

namespace {

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_folded(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return fold(a) == fold(b); });
}

bool has_taken_prefix(const NameRules& rules, std::string_view name) {
  return !rules.taken_prefix.empty() && equal_folded(name.substr(0, rules.taken_prefix.size()), rules.taken_prefix);
}

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

bool is_beyond_bmp(char lead) { return static_cast<unsigned char>(lead) >= 0xF0; }  // of four bytes of UTF-8

/// At most `limit` bytes, whole UTF-8 characters.
std::string_view cut(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

std::string with_suffix(const NameRules& rules, const std::string& name) {
  const std::string suffix = hash_suffix(name);
  std::string stem = name;
  size_t rest = 0;  // bytes of a character that is refused
  for (char& c : stem) {
    if (!rules.beyond_bmp && is_beyond_bmp(c)) rest = 4;
    if (rest > 0 || rules.refused.find(c) != std::string_view::npos) c = '_';
    if (rest > 0) --rest;
  }
  const size_t limit = rules.limit == SIZE_MAX ? SIZE_MAX : rules.limit - suffix.size();
  return std::string(cut(stem, limit)) + suffix;
}

bool stands(const NameRules& rules, const std::string& name) {
  if (name.empty() || name.size() > rules.limit) return false;
  if (name.find_first_of(rules.refused) != std::string::npos) return false;
  if (!rules.beyond_bmp && std::ranges::any_of(name, is_beyond_bmp)) return false;
  if (!rules.blank_at_end && name.ends_with(' ')) return false;
  return std::none_of(rules.taken.begin(), rules.taken.end(),
                      [&](std::string_view taken) { return rules.folds_case ? equal_folded(taken, name) : taken == name; });
}

}  // namespace

std::string map_name(Target target, Place place, const std::string& attribute) {
  if (!target->maps_names) return attribute;
  NameRules rules = target->columns;
  if (place == Place::member) rules.taken = {};
  return stands(rules, attribute) ? attribute : with_suffix(rules, attribute);
}

std::string suffixed_name(Target target, const std::string& attribute) { return with_suffix(target->columns, attribute); }

bool same_column(Target target, std::string_view left, std::string_view right) {
  return target->columns.folds_case ? equal_folded(left, right) : left == right;
}

bool is_crate_member_name(std::string_view name) {
  return name.find_first_of(Target::cratedb->columns.refused) == std::string_view::npos;
}

bool is_own_table_name(Target target, std::string_view name) {
  if (!target->holds_own_tables || name == "_all") return false;
  return std::ranges::any_of(kOwnTables, [&](std::string_view own) { return same_table(target, own, name); });
}

std::string map_column_name(Target target, const std::string& attribute) {
  return map_name(target, Place::column, attribute);
}

std::string map_table_name(Target target, const std::string& source_table) {
  if (!target->maps_names) return source_table;
  const bool reserved = has_taken_prefix(target->tables, source_table);
  return !reserved && stands(target->tables, source_table) ? source_table : suffixed_table_name(target, source_table);
}

std::string suffixed_table_name(Target target, const std::string& source_table) {
  const bool reserved = has_taken_prefix(target->tables, source_table);
  return with_suffix(target->tables, reserved ? "_" + source_table : source_table);
}

bool same_table(Target target, std::string_view left, std::string_view right) {
  return target->tables.folds_case ? equal_folded(left, right) : left == right;
}

bool is_index_name(Target target, std::string_view name, std::string_view other) {
  const std::string_view suffix = target->key_index_suffix;
  return !suffix.empty() && name.starts_with(other) && name.substr(other.size()) == suffix;
}

}  // namespace ctk::table
