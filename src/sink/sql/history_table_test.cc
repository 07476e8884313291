#include "sink/sql/history_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "dynamodb/order.h"
#include "sink/sql/golden_testing.h"
#include "sink/sql/mysql_dialect.h"
#include "sink/sql/postgres_dialect.h"
#include "sink/sql/sqlite_dialect.h"

namespace ctk::sink::sql {
namespace {

using dynamodb::Type;
using table::ColumnType;

Timestamp at(int second) { return from_micros(1'700'000'000'000'000 + second * 1'000'000L); }

std::string version(int second, int sequence) {
  return table::version_text(1,
                             dynamodb::order_text(dynamodb::VersionKind::kinesis, at(second), std::to_string(sequence), 0));
}

table::TableSpec spec_of(const Dialect& dialect, std::vector<table::KeyColumn> keys,
                         table::Layout layout = table::Layout::columns) {
  table::TableSpec spec;
  spec.name = {std::string(dialect.traits().default_schema), "demo"};
  spec.target = dialect.target();
  spec.keys = std::move(keys);
  spec.options.layout = layout;
  spec.options.history = "demo_history";
  return table::make_history_spec(spec).value();
}

const table::KeyColumn kText = {"it's \"?\"", "it's \"?\"", Type::S, ColumnType::text};
const table::KeyColumn kNumber = {"n", "n", Type::N, ColumnType::numeric};
const table::KeyColumn kOther = {"s", "s", Type::S, ColumnType::text};

/// Notes what is run, and answers each SELECT with the same rows, of which only the last is a key's newest.
class NotingDriver final : public Driver {
 public:
  explicit NotingDriver(std::vector<Cells> rows) : rows_(std::move(rows)) {}

  Status connect(Reach) override { return {}; }
  void disconnect() override {}
  Result<ResultSet> query(const Query&) override { return ResultSet{}; }
  bool in_transaction() const override { return true; }
  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    std::vector<Answer> answers;
    for (const Statement& each : statements) {
      noted.push_back(each.sql);
      Answer& answer = answers.emplace_back();
      const bool asks = each.sql.contains("SELECT") && !each.sql.contains("set_config");
      const bool places = each.sql.contains("w.place");  // all are of the first window
      const std::span rows = std::span(rows_).last(each.sql.contains("ORDER BY") ? 1 : rows_.size());
      answer.affected.assign(each.executions(), asks ? static_cast<int64_t>(rows.size()) : 1);
      for (size_t i = 0; asks && i < each.executions(); ++i) {
        for (const Cells& row : rows) {
          Cells& given = answer.rows.emplace_back(row);
          if (places) given.insert(given.begin(), "0");
        }
      }
    }
    return answers;
  }
  using Driver::run;

  std::vector<std::string> noted;

 private:
  std::vector<Cells> rows_;
};

/// A write that inserts two rows, ends one and removes one.
std::vector<std::string> statements_of_a_write(const Dialect& dialect, const table::TableSpec& spec) {
  NotingDriver driver(
      {{version(1, 5), format_iso8601(at(1)), std::nullopt}, {version(3, 90), format_iso8601(at(3)), std::nullopt}});
  table::Row first, second;
  first.keys = second.keys = {{.text = "a"}, {.kind = table::KeyCell::Kind::number, .text = "7"}};
  first.version = version(2, 20);
  first.time = at(2);
  second.version = version(3, 30);
  second.time = at(3);
  const HistoryOfRow key = {{{&second, "modify", false}, {&first, "insert", false}}};
  const HistoryTable table(dialect, spec);
  const SqlResult<bool> written = table.write(driver, 1, std::span(&key, 1));
  EXPECT_TRUE(written);
  return driver.noted;
}

class HistoryGolden : public ::testing::TestWithParam<std::shared_ptr<Dialect>> {};

TEST_P(HistoryGolden, StatementsAreThoseOfTheFile) {
  const Dialect& dialect = *GetParam();
  std::string made;
  const auto add = [&](const std::string& title, const std::string& sql) { made += "-- " + title + "\n" + sql + ";\n\n"; };
  add("a text and a number", dialect.create_history(spec_of(dialect, {kText, kNumber})));
  add("a text", dialect.create_history(spec_of(dialect, {kText})));
  add("two texts", dialect.create_history(spec_of(dialect, {kText, kOther})));
  const table::KeyColumn id = {"id", "id", Type::S, ColumnType::text};
  add("document", dialect.create_history(spec_of(dialect, {id}, table::Layout::document)));
  for (const std::string& sql : statements_of_a_write(dialect, spec_of(dialect, {kText, kNumber}))) add("a write", sql);
  const std::string name = golden_name(dialect);
  const std::string path = fmt::format("{}/src/sink/sql/testdata/history_{}.sql", CTK_SOURCE_DIR, name);
  if (std::getenv("CTK_WRITE_GOLDEN") != nullptr) std::ofstream(path) << made;
  std::ifstream file(path);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(made, golden.str()) << "if this is meant: CTK_WRITE_GOLDEN=1 writes the file anew";
}

INSTANTIATE_TEST_SUITE_P(Dialects, HistoryGolden,
                         ::testing::Values(std::shared_ptr<Dialect>(make_postgres_dialect()),
                                           std::shared_ptr<Dialect>(make_sqlite_dialect()),
                                           std::shared_ptr<Dialect>(make_mysql_dialect(table::Target::mysql)),
                                           std::shared_ptr<Dialect>(make_mysql_dialect(table::Target::mariadb))),
                         [](const auto& instance) { return golden_name(*instance.param); });

INSTANTIATE_TEST_SUITE_P(Odbc, HistoryGolden, dialects_of_odbc(),
                         [](const auto& instance) { return golden_name(*instance.param); });

TEST(HistoryTable, WritesNothingWhereAllIsThere) {
  const auto dialect = make_sqlite_dialect();
  NotingDriver driver({{version(1, 5), format_iso8601(at(1)), std::nullopt}});
  table::Row row;
  row.keys = {{.text = "a"}};
  row.version = version(1, 5);
  row.time = at(1);
  const HistoryOfRow key = {{{&row, "insert", false}}};
  const HistoryTable table(*dialect, spec_of(*dialect, {kText}));
  EXPECT_TRUE(table.write(driver, 1, std::span(&key, 1)));
  EXPECT_EQ(driver.noted.size(), 2u) << "what is newest, and what is around the event";
}

TEST(HistoryTable, ReadsTheNewestRowAloneWhereTheEventIsBehindIt) {
  const auto dialect = make_sqlite_dialect();
  NotingDriver driver({{version(1, 5), format_iso8601(at(1)), std::nullopt}});
  table::Row row;
  row.keys = {{.text = "a"}};
  row.version = version(2, 6);
  row.time = at(2);
  const HistoryOfRow key = {{{&row, "modify", false}}};
  const HistoryTable table(*dialect, spec_of(*dialect, {kText}));
  EXPECT_TRUE(table.write(driver, 1, std::span(&key, 1)));
  ASSERT_EQ(driver.noted.size(), 3u);
  EXPECT_TRUE(driver.noted[0].contains("ORDER BY"));
  EXPECT_TRUE(driver.noted[1].starts_with("INSERT"));
  EXPECT_TRUE(driver.noted[2].starts_with("UPDATE")) << "the row before ends";
}

}  // namespace
}  // namespace ctk::sink::sql
