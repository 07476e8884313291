#include "sink/sql/catalogue_dialect.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace ctk::sink::sql {
namespace {

enum class Family { text, number, bytes, truth, time, other };

struct FamilyOfWord {
  std::string_view word;
  Family family;
};
// The first that a type's name contains.
constexpr FamilyOfWord kFamilies[] = {
    {"binary", Family::bytes},  {"blob", Family::bytes},   {"bytea", Family::bytes}, {"raw", Family::bytes},
    {"char", Family::text},     {"text", Family::text},    {"clob", Family::text},   {"string", Family::text},
    {"json", Family::text},     {"bool", Family::truth},   {"bit", Family::truth},   {"time", Family::time},
    {"date", Family::time},     {"int", Family::number},   {"num", Family::number},  {"dec", Family::number},
    {"double", Family::number}, {"float", Family::number}, {"real", Family::number},
};

Family family_of(std::string_view type) {
  const std::string name = ascii_lower(type);
  for (const FamilyOfWord& each : kFamilies) {
    if (name.contains(each.word)) return each.family;
  }
  return Family::other;
}

}  // namespace

std::string CatalogueDialect::create_mark_index(const table::TableSpec& spec) const {
  return fmt::format("CREATE INDEX {} ON {} ({})", quote(mark_index_name(spec).table), quote(spec.name),
                     quote("cdc_deleted"));
}

std::string CatalogueDialect::key_in(const table::TableSpec& spec, size_t rows) const {
  if (spec.keys.size() == 1) return Dialect::key_in(spec, rows);
  std::string any;
  for (size_t row = 0; row < rows; ++row) any += (row == 0 ? "(" : " OR (") + key_condition(spec) + ")";
  return rows > 1 ? "(" + any + ")" : any;
}

bool CatalogueDialect::fits(const ColumnDef& wanted, const FoundColumn& found) const {
  const Family want = family_of(wanted.type), have = family_of(found.type);
  // What has no type, or one that nobody has heard of, is told by the database.
  if (have == Family::other) return true;
  if (wanted.role == ColumnDef::Role::deleted) return have == Family::truth || have == Family::number;
  if (wanted.role == ColumnDef::Role::time) return have == Family::time || have == want;
  return have == want;
}

std::vector<std::string> CatalogueDialect::column_names(const table::TableSpec& spec) const {
  std::vector<std::string> names;
  for (const ColumnDef& column : columns(spec)) names.push_back(column.name);
  return names;
}

}  // namespace ctk::sink::sql
