#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sink/conformance_test.h"
#include "sink/sql/sql_targets.h"

namespace ctk::sink::sql {
namespace {

/// What a small run prints: a registration, a table, one batch.
std::string printed(table::Target kind) {
  VirtualLoop loop(from_micros(1'700'000'000'000'000));
  Random random(1);
  NullLog log;
  SinkEnvironment environment{loop, loop,    random,
                              log,  nullptr, [&](const char*) { return std::make_unique<InlineExecutor>(loop); }};
  TargetOptions options;
  options.kind = kind;
  options.schema = kind == table::Target::postgres ? "public" : "";
  std::ostringstream out;
  std::unique_ptr<Sink> sink = kind == table::Target::postgres ? make_postgres_dry_run_sink(options, environment, out)
                                                               : make_sqlite_dry_run_sink(options, environment, out);

  auto change = testing::put(1, R"({"pk":{"S":"it's\n"}})", R"({"n":{"N":"1.50"}})");
  auto spec =
      table::make_spec(kind, {options.schema, "demo"}, "source", table::key_schema_of(*change), options.tables).value();
  coordination::TableRegistration registration;
  registration.table = spec.name.str();
  registration.source_table = "source";
  registration.incarnation = coordination::Incarnation("life");
  registration.kind = dynamodb::VersionKind::kinesis;
  int answers = 0;
  std::optional<OpenTable> opened;
  sink->connect([&](Result<bool> connected) { answers += connected ? 1 : 0; });
  sink->open(spec, registration, [&](Result<OpenTable> table) {
    answers += table ? 1 : 0;
    opened = *table;
  });
  loop.run_until_idle(std::chrono::seconds(1));
  auto batch = std::make_shared<Batch>();
  FoldedChange folded;
  folded.changes = {change};
  folded.rendered = opened->renderer->render(*change, 1);
  batch->tables.push_back({spec.name.str(), 1, {}});
  batch->tables[0].changes.push_back(std::move(folded));
  sink->apply(batch, [&](Result<BatchOutcome> outcome) { answers += outcome ? 1 : 0; });
  loop.run_until_idle(std::chrono::seconds(1));
  EXPECT_EQ(answers, 3);
  return out.str();
}

void expect_file(const std::string& made, const std::string& name) {
  std::string path = std::string(CTK_SOURCE_DIR) + "/src/sink/sql/testdata/" + name;
  if (std::getenv("CTK_WRITE_GOLDEN") != nullptr) std::ofstream(path) << made;
  std::ifstream file(path);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(made, golden.str());
}

TEST(DryRun, PrintsWhatPostgresWouldRun) { expect_file(printed(table::Target::postgres), "dry_run_postgres.sql"); }
TEST(DryRun, PrintsWhatSqliteWouldRun) { expect_file(printed(table::Target::sqlite), "dry_run_sqlite.sql"); }

}  // namespace
}  // namespace ctk::sink::sql
