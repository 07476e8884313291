// Which target table a source table's changes go to. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "coordination/table_record.h"
#include "table/spec.h"

namespace ctk::relay {

struct RouteRules {
  std::optional<std::string> source_table;  ///< only this one's changes
  std::string schema;
  std::optional<std::string> table;  ///< the one target table; nothing: each source table's own name
  table::Target target = table::Target::sqlite;
};

/// Another source table's change, under `source-table`.
struct FilteredOut {};
/// The change's table, or why there is none for it.
using Route = std::variant<table::QualifiedName, FilteredOut, Error>;

class Routes {
 public:
  explicit Routes(RouteRules rules) : rules_(std::move(rules)) {}

  /// `source_table` is empty where the record does not name it: it then belongs to the only table there is. A second
  /// source table on the way to one named target is an error (`refused`) that ends the run: nothing is mixed.
  Route route(std::string_view source_table);
  /// What ctk_tables has: a name that is another source table's, or its index's, is not given again, and a source table
  /// keeps the name that it has.
  void know(const std::vector<coordination::TableRecord>& records);
  /// The name behind a `TableRecord::table`, if this run's changes may go there.
  std::optional<table::QualifiedName> own_table(const std::string& recorded) const;

 private:
  const table::QualifiedName& name_of(const std::string& source);
  std::optional<table::QualifiedName> in_schema(const std::string& recorded) const;
  bool is_taken(const std::string& name, const std::string& source) const;

  RouteRules rules_;
  std::string only_source_;
  std::map<std::string, std::string> recorded_;        ///< table → its source table, in our schema
  std::map<std::string, table::QualifiedName> given_;  ///< source table → its table, in this run
};

}  // namespace ctk::relay
