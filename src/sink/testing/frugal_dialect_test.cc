#include <fmt/format.h>

#include "sink/sql/conflict_dialect.h"
#include "sink/sql/sqlite_dialect.h"
#include "sink/testing/frugal_database.h"
#include "table/target_parts.h"

namespace ctk::sink::testing {
namespace {

using table::ColumnType;

constexpr ColumnType kNumbers[] = {ColumnType::text, ColumnType::bigint, ColumnType::double_precision};

class FrugalDialect final : public sql::ConflictDialect {
 public:
  FrugalDialect() : ConflictDialect(table::Target(kFrugalTraits)) {}

  size_t rows_per_insert() const override { return 8; }
  std::string placeholder(size_t) const override { return "?"; }
  std::string bytewise(const std::string& column) const override { return column + " COLLATE BINARY"; }
  const sql::ColumnTypes& types() const override {
    static const sql::ColumnTypes kTypes = {.text = "VARCHAR",
                                            .integer = "BIGINT",
                                            .time = "VARCHAR",
                                            .boolean = "BOOLEAN",
                                            .data = "CLOB",
                                            .aux = "CLOB",
                                            .bytewise = " COLLATE BINARY",
                                            .own_key = "VARCHAR(255) COLLATE BINARY",
                                            .table_name = "VARCHAR(255) COLLATE NOCASE"};
    return kTypes;
  }
  std::string time_text(const std::string& column) const override { return column; }

  std::string begin() const override { return "BEGIN IMMEDIATE"; }
  std::string lock_name() const override { return "SELECT get_lock(?)"; }
  std::string release_names() const override { return "SELECT release_all_locks()"; }

  std::string create_mark_index(const table::TableSpec& spec) const override {
    return fmt::format("CREATE INDEX {} ON {} ({})", quote(mark_index_name(spec)), quote(spec.name), quote("cdc_deleted"));
  }
  std::string key_in(const table::TableSpec& spec, size_t rows) const override {
    if (spec.keys.size() == 1) return Dialect::key_in(spec, rows);
    std::vector<std::string> keys;
    for (const table::KeyColumn& key : spec.keys) keys.push_back(key.column);
    return fmt::format("({}) IN (VALUES {})", quote_list(keys), tuples(keys.size(), rows));
  }

  std::string describe_relation() const override { return keeper_->describe_relation(); }
  std::string describe_columns() const override { return keeper_->describe_columns(); }
  std::string describe_keys() const override { return keeper_->describe_keys(); }
  std::string may_suppress_rows() const override { return keeper_->may_suppress_rows(); }
  std::string version() const override { return keeper_->version(); }
  std::string table_size() const override { return keeper_->table_size(); }
  bool fits(const sql::ColumnDef& wanted, const sql::FoundColumn& found) const override {
    return keeper_->fits(wanted, found);
  }

 protected:
  std::string key_type(ColumnType type, size_t /*place*/, size_t /*keys*/) const override {
    switch (type) {
      case ColumnType::bigint: return "BIGINT";
      case ColumnType::double_precision: return "DOUBLE";
      case ColumnType::binary: return "BLOB";
      case ColumnType::boolean: return "BOOLEAN";
      case ColumnType::text:
      case ColumnType::numeric:
      case ColumnType::untyped: return "VARCHAR";
    }
    return "VARCHAR";
  }

 private:
  std::unique_ptr<sql::Dialect> keeper_ = sql::make_sqlite_dialect();  ///< whose catalogue it is
};

}  // namespace

constinit const table::TargetTraits kFrugalTraits = {
    .product = "Frugal SQL",
    .columns = {.refused = table::kNul, .taken = table::kOwnColumns, .folds_case = true},
    .tables = {.refused = table::kNul, .taken = table::kOwnTables, .taken_prefix = "sqlite_", .folds_case = true},
    .quote = '`',
    .keys = {.number = ColumnType::text, .numbers = kNumbers, .binaries = table::kTextOrBinary},
    .transactions = true,
    .savepoints = true,
    .concurrent_writers = true,
    .row_names = table::RowNames::key,
    .stale_rows = table::StaleRows::looked_up,
};

std::unique_ptr<sql::Dialect> make_frugal_dialect() { return std::make_unique<FrugalDialect>(); }

}  // namespace ctk::sink::testing
