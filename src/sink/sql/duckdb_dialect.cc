// DuckDB.
#include <fmt/format.h>

#include "sink/sql/catalogue_dialect.h"
#include "sink/sql/conflict_dialect.h"

namespace ctk::sink::sql {
namespace {

using table::ColumnType;

class DuckdbDialect final : public ConflictDialect {
 public:
  explicit DuckdbDialect(table::Target target) : ConflictDialect(target), common_(make_generic_dialect(target)) {}

  size_t rows_per_insert() const override { return 1; }
  std::string placeholder(size_t) const override { return "?"; }
  std::string bytewise(const std::string& column) const override { return column; }
  const ColumnTypes& types() const override {
    static const ColumnTypes kTypes = {.text = "VARCHAR",
                                       .integer = "BIGINT",
                                       .time = "TIMESTAMP",
                                       .boolean = "BOOLEAN",
                                       .data = "VARCHAR",
                                       .aux = "VARCHAR",
                                       .bytewise = "",
                                       .own_key = "VARCHAR",
                                       .table_name = "VARCHAR COLLATE NOCASE"};
    return kTypes;
  }
  std::string time_text(const std::string& column) const override {
    return "strftime(" + column + ", '%Y-%m-%dT%H:%M:%S.%fZ')";
  }
  std::string begin() const override { return "BEGIN"; }
  KeyRange key_range() const override { return KeyRange::written_out; }

  std::string create_mark_index(const table::TableSpec& spec) const override { return common_->create_mark_index(spec); }
  std::string describe_relation() const override { return common_->describe_relation(); }
  bool has_definitions() const override { return false; }
  std::string describe_columns() const override { return common_->describe_columns(); }
  std::string describe_keys() const override { return common_->describe_keys(); }
  std::string version() const override { return common_->version(); }
  std::string table_size() const override { return ""; }
  bool fits(const ColumnDef& wanted, const FoundColumn& found) const override { return common_->fits(wanted, found); }

 protected:
  std::string key_type(ColumnType type, size_t, size_t) const override {
    return type == ColumnType::bigint ? "BIGINT" : "VARCHAR";
  }

 private:
  std::unique_ptr<Dialect> common_;  ///< whose catalogue it has
};

}  // namespace

std::unique_ptr<Dialect> make_duckdb_dialect(table::Target target) { return std::make_unique<DuckdbDialect>(target); }

}  // namespace ctk::sink::sql
