#include "relay/routes.h"

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
  return table::QualifiedName{rules_.schema, table::map_table_name(rules_.target, name)};
}

std::optional<table::QualifiedName> Routes::own_table(const std::string& recorded) const {
  const std::string prefix = rules_.schema.empty() ? "" : rules_.schema + ".";
  if (!recorded.starts_with(prefix)) return std::nullopt;
  table::QualifiedName name{rules_.schema, recorded.substr(prefix.size())};
  if (rules_.table && name.table != *rules_.table) return std::nullopt;
  return name;
}

}  // namespace ctk::relay
