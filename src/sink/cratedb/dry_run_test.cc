#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "sink/conformance_test.h"
#include "sink/cratedb/cratedb_sink.h"

namespace ctk::sink {
namespace {

using ::testing::HasSubstr;

TEST(CrateDryRun, PrintsDdlThenColumnsThenRows) {
  VirtualLoop loop(from_micros(0));
  Random random(1);
  NullLog log;
  std::ostringstream out;
  TargetOptions options;
  options.schema = "testdrive";
  options.tables.layout = table::Layout::ctk;
  auto sink = make_cratedb_dry_run_sink(options, {loop, loop, random, log, nullptr, nullptr}, out);

  const auto change = testing::put(1, testing::text_key("a"), R"({"n":{"N":"1.5"},"mixed":{"L":[{"N":"1"},{"S":"x"}]}})");
  const auto spec = table::make_spec(table::Target::cratedb, {"testdrive", "demo"}, "source", table::key_schema_of(*change),
                                     options.tables);
  coordination::TableRegistration registration;
  registration.table = "testdrive.demo";
  std::optional<OpenTable> table;
  sink->open(*spec, registration, [&](Result<OpenTable> result) { table = std::move(*result); });
  loop.run_until_idle(std::chrono::hours(1));
  ASSERT_TRUE(table.has_value());

  auto batch = std::make_shared<Batch>();
  batch->tables.push_back({registration.table, 1, {}});
  batch->tables[0].changes.push_back({{change}, table->renderer->render(*change, 1)});
  std::optional<BatchOutcome> outcome;
  sink->apply(batch, [&](Result<BatchOutcome> result) { outcome = std::move(*result); });
  loop.run_until_idle(std::chrono::hours(1));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->tables[0][0].kind, ChangeOutcome::Kind::applied);
  EXPECT_EQ(outcome->renderers.size(), 1u);

  const std::string text = out.str();
  const size_t ddl = text.find("CREATE TABLE IF NOT EXISTS \"testdrive\".\"demo\"");
  const size_t alter = text.find("ADD COLUMN \"data\"['n'] DOUBLE PRECISION;\n");
  const size_t insert = text.find("INSERT INTO \"testdrive\".\"demo\"");
  ASSERT_NE(insert, std::string::npos) << text;
  EXPECT_LT(ddl, alter) << text;
  EXPECT_LT(alter, insert) << text;
  EXPECT_THAT(text.substr(insert),
              HasSubstr(R"(-- [{"pk":"a"},{"n":1.5},{"mixed":{"L":[{"N":"1"},{"S":"x"}]}},"00000001.)"));
}

}  // namespace
}  // namespace ctk::sink
