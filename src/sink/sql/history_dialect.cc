// What histories are declared as, where a database has nothing of its own to say.
#include "sink/sql/dialect.h"

namespace ctk::sink::sql {

std::vector<ColumnDef> Dialect::history_columns(const table::TableSpec& spec) const {
  using Role = ColumnDef::Role;
  const ColumnTypes& declared = types();
  std::vector<ColumnDef> all;
  // A key alone may be declared as long as an index can be; here it is not alone.
  const size_t places = spec.options.layout == table::Layout::document ? 1 : 2;
  for (const table::KeyColumn& key : spec.keys) {
    const std::string type = key_type(key.column_type, all.size(), places);
    all.push_back({key.column, type, (type == declared.text ? declared.bytewise : "") + " NOT NULL", Role::key});
  }
  const bool own = !declared.history_version.empty();
  all.push_back({"data", declared.data, "", Role::data});
  all.push_back({"aux", declared.aux, "", Role::aux});
  all.push_back({"cdc_version", own ? declared.history_version : declared.text,
                 (own ? "" : declared.bytewise) + " NOT NULL", Role::key});
  all.push_back({"op", declared.text, "", Role::version});
  all.push_back({"valid_from", declared.time, "", Role::time});
  all.push_back({"valid_to", declared.time, "", Role::time});
  all.push_back({"ttl", declared.boolean, "", Role::deleted});
  return all;
}

std::string Dialect::history_index(const table::TableSpec& spec) const {
  std::vector<std::string> names;
  for (const table::KeyColumn& key : spec.keys) names.push_back(key.column);
  names.emplace_back("cdc_version");
  return "PRIMARY KEY (" + quote_list(names) + ")";
}

}  // namespace ctk::sink::sql
