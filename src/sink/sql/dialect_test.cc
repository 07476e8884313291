#include "sink/sql/dialect.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sink/sql/bookkeeping.h"
#include "sink/sql/golden_testing.h"
#include "sink/sql/mysql_dialect.h"
#include "sink/sql/postgres_dialect.h"
#include "sink/sql/sql_positions.h"
#include "sink/sql/sql_registry.h"
#include "sink/sql/sql_schema.h"
#include "sink/sql/sqlite_dialect.h"

namespace ctk::sink::sql {
namespace {

using dynamodb::Type;
using table::ColumnType;

table::TableSpec spec_of(const Dialect& dialect, table::Layout layout) {
  table::TableSpec spec;
  spec.name = {std::string(dialect.traits().default_schema), "demo"};
  spec.source_table = "demo";
  spec.target = dialect.target();
  spec.options.layout = layout;
  if (layout == table::Layout::document) {
    spec.keys = {{"id", "id", Type::S, ColumnType::text}};
  } else {
    spec.keys = {{"b", "b", Type::B, ColumnType::binary},
                 {"it's \"?\"", "it's \"?\"", Type::S, ColumnType::text},
                 {"n", "n", Type::N, ColumnType::numeric}};
  }
  return spec;
}

std::string all_statements(const Dialect& dialect) {
  std::string out;
  auto add = [&](const std::string& title, const std::string& sql) { out += "-- " + title + "\n" + sql + ";\n\n"; };
  table::TableSpec columns = spec_of(dialect, table::Layout::columns);
  add("columns: table", dialect.create_table(columns));
  add("columns: view", dialect.create_view(columns));
  const std::string index = dialect.create_mark_index(columns);
  if (!index.empty()) add("columns: index of marks", index);
  add("columns: upsert", dialect.upsert(columns, 1));
  add("columns: upsert of two", dialect.upsert(columns, 2));
  add("columns: one row", dialect.bind("SELECT 1 WHERE " + dialect.key_condition(columns)));
  for (const ColumnDef& column : dialect.columns(columns)) {
    if (column.bookkeeping()) add("columns: add", dialect.add_column(columns, column));
  }
  table::TableSpec text = columns;
  text.keys.front().column_type = text.keys.back().column_type = ColumnType::text;
  const std::vector<ColumnDef> texts = dialect.columns(text);
  const std::vector<RetypedKey> changed = {{text.keys[0], texts[0]}, {text.keys[2], texts[2]}};
  for (const std::string& sql : dialect.retype_keys(text, changed)) add("columns: keys as text", sql);
  table::TableSpec document = spec_of(dialect, table::Layout::document);
  add("document: table", dialect.create_table(document));
  document.options.deletes = table::Deletes::soft;
  add("document, deletes=soft: upsert", dialect.upsert(document, 1));
  Bookkeeping at(dialect, columns.name.schema);
  for (const auto& [name, ddl] : bookkeeping_ddl(at)) add(name, ddl);
  std::vector<coordination::PositionMove> moves(1);
  moves[0].children.emplace_back();
  MoveStatements move(at, coordination::RelayName("r"), moves, 1, kNoTime);
  for (const Statement& each : move.statements) add("position", each.sql);
  add("epoch", check_epoch(at, "demo", 1).sql);
  if (dialect.has_definitions()) return out;
  add("nothing", dialect.upsert_nothing(columns));
  add("record", dialect.replace({at.tables, {"table", "epoch", "names"}, {"table"}, "VALUES (?, ?, ?)"}));
  const std::vector<std::string> same = {"shard", "change"};
  add("letter", dialect.update_if_same(
                    {at.dead_letters, {"id", "shard", "reason", "change"}, {"id"}, "VALUES (?, ?, ?, ?)"}, "reason", same));
  add("two rows", dialect.bind(dialect.key_in(columns, 2)));
  add("length", dialect.length_of(dialect.quote("change")));
  add("time", dialect.time_text(dialect.quote("cdc_time")) + dialect.first_rows(100));
  return out;
}

std::string file_name_of(const Dialect& dialect) {
  return dialect.target() == table::Target::postgres ? "postgres" : golden_name(dialect);
}

class Golden : public ::testing::TestWithParam<std::shared_ptr<Dialect>> {};

TEST_P(Golden, StatementsAreThoseOfTheFile) {
  const std::string path = fmt::format("{}/src/sink/sql/testdata/{}.sql", CTK_SOURCE_DIR, file_name_of(*GetParam()));
  std::string made = all_statements(*GetParam());
  if (std::getenv("CTK_WRITE_GOLDEN") != nullptr) std::ofstream(path) << made;
  std::ifstream file(path);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(made, golden.str()) << "if this is meant: CTK_WRITE_GOLDEN=1 writes the file anew";
}

INSTANTIATE_TEST_SUITE_P(Dialects, Golden,
                         ::testing::Values(std::shared_ptr<Dialect>(make_postgres_dialect()),
                                           std::shared_ptr<Dialect>(make_sqlite_dialect()),
                                           std::shared_ptr<Dialect>(make_mysql_dialect(table::Target::mysql)),
                                           std::shared_ptr<Dialect>(make_mysql_dialect(table::Target::mariadb))),
                         [](const auto& instance) { return file_name_of(*instance.param); });

INSTANTIATE_TEST_SUITE_P(Odbc, Golden, dialects_of_odbc(),
                         [](const auto& instance) { return file_name_of(*instance.param); });

/// Two cells each, and what the rest of a DELETE has: SQL Server takes 2,100 parameters, Oracle 1,000 in a list, SQLite
/// 32,766, PostgreSQL and MySQL 65,535.
TEST(Dialect, NamesNoMoreKeysInAStatementThanItsDatabaseTakes) {
  constexpr size_t kOthers = 10;
  EXPECT_LE(2 * dialect_of_odbc(table::OdbcDialect::sqlserver)->keys_per_statement() + kOthers, 2'100u);
  EXPECT_LE(dialect_of_odbc(table::OdbcDialect::oracle)->keys_per_statement(), 1'000u);
  EXPECT_LE(dialect_of_odbc(table::OdbcDialect::db2)->keys_per_statement(), 1'000u);
  EXPECT_LE(2 * make_sqlite_dialect()->keys_per_statement() + kOthers, 32'766u);
  EXPECT_LE(2 * make_postgres_dialect()->keys_per_statement() + kOthers, 65'535u);
  EXPECT_LE(2 * make_mysql_dialect(table::Target::mysql)->keys_per_statement() + kOthers, 65'535u);
}

TEST(Dialect, OfAMysqlWhoseRowsHaveNoNamesUsesNone) {
  const auto manners = std::make_shared<MysqlManners>();
  const auto dialect = make_mysql_dialect(table::Target::mysql, 2, manners);
  table::TableSpec spec;
  spec.name = {"test", "demo"};
  EXPECT_TRUE(dialect->upsert(spec, 2).contains(" AS `new` ON DUPLICATE KEY UPDATE `data` = IF("));
  manners->names_rows = false;
  const std::string without = dialect->upsert(spec, 2);
  EXPECT_FALSE(without.contains("`new`")) << without;
  EXPECT_TRUE(without.contains("CAST(VALUES(`cdc_version`) AS BINARY) > CAST(`test`.`demo`.`cdc_version` AS BINARY)"))
      << without;
}

TEST(Dialect, QuotesWhateverANameHolds) {
  auto dialect = make_postgres_dialect();
  EXPECT_EQ(dialect->quote("a\"b.c"), "\"a\"\"b.c\"");
  EXPECT_EQ(dialect->quote(table::QualifiedName{"s.t", "u"}), "\"s.t\".\"u\"");
  EXPECT_EQ(dialect->quote(table::QualifiedName{"", "u"}), "\"u\"");
}

TEST(Dialect, BindsOutsideOfQuotesOnly) {
  auto postgres = make_postgres_dialect();
  EXPECT_EQ(postgres->bind(R"(a = ? AND "b?" = '?' AND "it's" = ?)"), R"(a = $1 AND "b?" = '?' AND "it's" = $2)");
}

TEST(Dialect, LongNamesOfViewsAreMapped) {
  auto postgres = make_postgres_dialect();
  table::TableSpec spec = spec_of(*postgres, table::Layout::columns);
  EXPECT_EQ(postgres->view_name(spec).table, "demo_live");
  spec.name.table = std::string(60, 'x');
  EXPECT_LE(postgres->view_name(spec).table.size(), 63u);
  EXPECT_NE(postgres->view_name(spec).table, spec.name.table + "_live");
}

TEST(SchemaPlan, AddsOnlyBookkeeping) {
  auto postgres = make_postgres_dialect();
  table::TableSpec spec = spec_of(*postgres, table::Layout::document);
  Result<SchemaPlan> fresh = plan_schema(*postgres, spec, {});
  ASSERT_TRUE(fresh);
  EXPECT_TRUE(fresh->create);
  FoundTable found{{{"id", "text", true, false}, {"data", "jsonb", false, false}}, {{{"id"}, ""}}};
  Result<SchemaPlan> plan = plan_schema(*postgres, spec, found);
  ASSERT_TRUE(plan) << to_string(plan.error());
  EXPECT_FALSE(plan->create);
  EXPECT_EQ(plan->add.size(), 4u);
  found.columns.push_back({"generated", "integer", true, true});
  EXPECT_TRUE(plan_schema(*postgres, spec, found));
  found.keys.push_back({{"id"}, "folds"});  // a second key over the same column: ON CONFLICT goes by both
  EXPECT_FALSE(plan_schema(*postgres, spec, found));
  found.keys.pop_back();
  found.columns.push_back({"aux", "jsonb", false, false});  // jsonb refuses what aux is for
  EXPECT_FALSE(plan_schema(*postgres, spec, found));
}

}  // namespace
}  // namespace ctk::sink::sql
