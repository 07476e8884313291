// Several connections at once, with real threads.
#include <gtest/gtest.h>

#include "sink/conformance_test.h"
#include "sink/sql/sql_backends_test.h"
#include "sink/sql/sql_targets.h"
#include "sink/testing/postgres_server.h"

namespace ctk::sink::testing {
namespace {

TEST(PostgresThreads, BatchesThatMeetInTheSameRowsAllArrive) {
  DatabaseServer* server = shared_postgres_server();
  if (server == nullptr) GTEST_SKIP() << "no PostgreSQL here";
  SystemClock clock;
  ThreadLoop loop(clock);
  Random random(1);
  NullLog log;
  SinkEnvironment environment{
      loop, clock, random, log, nullptr, [&](const char* name) { return std::make_unique<ThreadExecutor>(loop, name); }};
  TargetOptions options = postgres_options(*server, "threads");
  options.connections = 3;
  std::unique_ptr<Database> sink = make_postgres_sink(options, environment);
  EXPECT_EQ(sink->bounds().connections, 3);

  auto first = put(1, text_key("0"), "{}");
  table::TableSpec spec =
      table::make_spec(options.kind, {"threads", "demo"}, "source", table::key_schema_of(*first), options.tables).value();
  coordination::TableRegistration registration;
  registration.table = spec.name.str();
  registration.source_table = "source";
  registration.incarnation = coordination::Incarnation("life");

  constexpr uint64_t kBatches = 30, kKeys = 200;
  uint64_t applied = 0, stale = 0, answers = 0;
  std::string failed;
  auto write_all = [&](const OpenTable& table) {
    for (uint64_t n = 0; n < kBatches; ++n) {
      auto batch = std::make_shared<Batch>();
      batch->tables.push_back({registration.table, 1, {}});
      for (uint64_t key = 0; key < kKeys; ++key) {
        // Each batch has the keys in another order.
        uint64_t k = (key * 7 + n * 31) % kKeys;
        FoldedChange folded;
        folded.changes = {put(n + 1, text_key(std::to_string(k)), R"({"n":{"N":")" + std::to_string(n) + R"("}})")};
        folded.rendered = table.renderer->render(*folded.changes[0], 1);
        batch->tables[0].changes.push_back(std::move(folded));
      }
      sink->apply(batch, [&](Result<BatchOutcome> outcome) {
        if (!outcome) failed = to_string(outcome.error());
        for (const ChangeOutcome& each : outcome ? outcome->tables[0] : std::vector<ChangeOutcome>{}) {
          (each.kind == ChangeOutcome::Kind::stale ? stale : applied) += 1;
        }
        if (++answers < kBatches) return;
        sink->close([&](Result<bool>) { loop.quit(); });
      });
    }
  };
  loop.post([&] {
    sink->open(spec, registration, [&](Result<OpenTable> table) {
      if (table) return write_all(*table);
      failed = to_string(table.error());
      loop.quit();
    });
  });
  loop.run();
  EXPECT_EQ(failed, "");
  EXPECT_EQ(applied + stale, kBatches * kKeys);
  EXPECT_GE(applied, kKeys);
}

}  // namespace
}  // namespace ctk::sink::testing
