// Databases that are reached through ODBC only, and whose catalogue the driver is asked for (ODBC's own functions), since
// each has another one. One row a statement; texts are JSON.
#pragma once

#include <memory>

#include "sink/sql/dialect.h"

namespace ctk::sink::sql {

// What stands in the place of a statement there: the driver answers it as dialect.h says. Parameters schema, name.
inline constexpr std::string_view kCatalogue = "catalogue: ";
inline constexpr std::string_view kRelationQuestion = "catalogue: relation";
inline constexpr std::string_view kColumnsQuestion = "catalogue: columns";
inline constexpr std::string_view kKeysQuestion = "catalogue: keys";
inline constexpr std::string_view kProductQuestion = "catalogue: product";

/// A statement of several steps, one behind the other, each with the same parameters; they are numbered there.
inline constexpr std::string_view kNextStep = ";\n";

class CatalogueDialect : public Dialect {
 public:
  using Dialect::Dialect;

  size_t rows_per_insert() const override { return 1; }
  std::string placeholder(size_t) const override { return "?"; }
  std::string bytewise(const std::string& column) const override { return column; }
  std::string begin() const override { return "BEGIN"; }
  std::string is_true(const std::string& column) const override { return column + " = 1"; }
  std::string is_not_true(const std::string& column) const override {
    return "(" + column + " IS NULL OR " + column + " = 0)";
  }
  std::string true_value() const override { return "1"; }

  std::string create_table_words() const override { return "CREATE TABLE "; }
  std::string create_mark_index(const table::TableSpec& spec) const override;
  std::string key_in(const table::TableSpec& spec, size_t rows) const override;
  /// SQL Server takes 2,100 parameters, Oracle a list of 1,000; Db2 finds what is much longer too complex, and of others
  /// nothing is known.
  size_t keys_per_statement() const override { return 1'000; }
  KeyRange key_range() const override { return KeyRange::written_out; }

  std::string describe_relation() const override { return std::string(kRelationQuestion); }
  bool has_definitions() const override { return false; }
  std::string describe_columns() const override { return std::string(kColumnsQuestion); }
  std::string describe_keys() const override { return std::string(kKeysQuestion); }
  std::string version() const override { return std::string(kProductQuestion); }
  std::string table_size() const override { return ""; }
  /// By families of types: drivers name them in their own ways.
  bool fits(const ColumnDef& wanted, const FoundColumn& found) const override;

 protected:
  std::vector<std::string> column_names(const table::TableSpec& spec) const;
};

/// MERGE … WITH (HOLDLOCK).
std::unique_ptr<Dialect> make_sqlserver_dialect(table::Target target);
/// MERGE.
std::unique_ptr<Dialect> make_oracle_dialect(table::Target target);
std::unique_ptr<Dialect> make_db2_dialect(table::Target target);
std::unique_ptr<Dialect> make_snowflake_dialect(table::Target target);
/// INSERT … ON CONFLICT.
std::unique_ptr<Dialect> make_duckdb_dialect(table::Target target);
/// A guarded UPDATE, and then an INSERT of what is not there.
std::unique_ptr<Dialect> make_generic_dialect(table::Target target);

}  // namespace ctk::sink::sql
