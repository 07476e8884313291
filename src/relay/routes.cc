#include "relay/routes.h"

#include <algorithm>
#include <utility>

#include "table/names.h"

namespace ctk::relay {

Route Routes::route(std::string_view source_table) {
  if (rules_.source_table && !source_table.empty() && source_table != *rules_.source_table) return FilteredOut{};
  const std::string name(source_table.empty() && rules_.source_table ? *rules_.source_table : source_table);
  if (rules_.table) {
    if (!name.empty()) {
      if (only_source_.empty()) only_source_ = name;
      if (only_source_ != name) {
        return Error{ErrorKind::refused,
                     "the stream carries changes of two tables, '" + only_source_ + "' and '" + name +
                         "', but the target names one, '" + *rules_.table + "'",
                     "", "give source-table=" + only_source_ + ", or a target without a table name"};
      }
    }
    return table::QualifiedName{rules_.schema, *rules_.table};
  }
  if (name.empty()) {
    return Error{ErrorKind::corrupt, "the record does not name its table, and the target does not either", "",
                 "name the target's table"};
  }
  return name_of(name);
}

void Routes::know(const std::vector<coordination::TableRecord>& records) {
  for (const coordination::TableRecord& record : records) {
    const std::optional<table::QualifiedName> name = in_schema(record.table);
    if (name) recorded_[name->table] = record.source_table;
  }
}

const table::QualifiedName& Routes::name_of(const std::string& source) {
  const auto given = given_.find(source);
  if (given != given_.end()) return given->second;
  std::string name = table::map_table_name(rules_.target, source);
  const std::string suffixed = table::suffixed_table_name(rules_.target, source);
  const auto earlier = recorded_.find(suffixed);
  const bool had_it = earlier != recorded_.end() && earlier->second == source;
  if (had_it || is_taken(name, source)) name = suffixed;
  recorded_.emplace(name, source);
  return given_.emplace(source, table::QualifiedName{rules_.schema, std::move(name)}).first->second;
}

/// By another source table, or by the index of another's table.
bool Routes::is_taken(const std::string& name, const std::string& source) const {
  const auto own = recorded_.find(name);
  if (own != recorded_.end() && own->second == source) return false;
  return std::ranges::any_of(recorded_, [&](const auto& table) {
    return table.second != source &&
           (table::same_table(rules_.target, table.first, name) || table::is_index_name(rules_.target, name, table.first));
  });
}

std::optional<table::QualifiedName> Routes::in_schema(const std::string& recorded) const {
  const std::string prefix = rules_.schema.empty() ? "" : rules_.schema + ".";
  if (!recorded.starts_with(prefix)) return std::nullopt;
  return table::QualifiedName{rules_.schema, recorded.substr(prefix.size())};
}

std::optional<table::QualifiedName> Routes::own_table(const std::string& recorded) const {
  std::optional<table::QualifiedName> name = in_schema(recorded);
  if (name && rules_.table && name->table != *rules_.table) return std::nullopt;
  return name;
}

}  // namespace ctk::relay
