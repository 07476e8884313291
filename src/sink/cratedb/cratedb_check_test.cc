// What `ctk check` is told of a CrateDB, of which it changes nothing.
#include <gtest/gtest.h>

#include "sink/cratedb/cratedb_backends_test.h"
#include "sink/target_check.h"

namespace ctk::sink::testing {
namespace {

class CrateCheck : public OnFakeCrateDb {
 protected:
  /// `table`: empty where it is not known yet.
  Result<std::string> rights(const std::string& table) {
    TargetQuestion question;
    if (!table.empty()) question.spec = spec_of(table, *change);
    Result<TargetSight> sight =
        await<TargetSight>([&](auto done) { sink->target_check().look(question, std::move(done)); });
    if (!sight) return std::unexpected(sight.error());
    return sight->rights.value_or(fail(ErrorKind::internal, "it does not say"));
  }

  std::set<std::string>& lacking() { return server().engine().store().lacking; }
};

TEST_P(CrateCheck, AUserWithAllRightsMayRun) {
  for (const std::string table : {"", "demo", "another"}) EXPECT_EQ(rights(table), "all that a run needs") << table;
}

TEST_P(CrateCheck, RightsThatAreLackingAreNamed) {
  lacking() = {"DML", "DQL"};
  const Result<std::string> found = rights("demo");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::denied);
  EXPECT_EQ(found.error().message, "the user relay lacks rights on the schema " + options.schema + ": DML, DQL");
  EXPECT_EQ(found.error().hint, "GRANT DML, DQL ON SCHEMA \"" + options.schema + "\" TO \"relay\"");
  EXPECT_FALSE(rights("")) << "the tables of our own are written whatever the table is";
}

TEST_P(CrateCheck, WhoHasNothingToMakeNeedsNoDdl) {
  lacking() = {"DDL"};
  EXPECT_TRUE(rights("demo"));
  EXPECT_FALSE(rights("another"));
  EXPECT_FALSE(rights(""));
}

INSTANTIATE_TEST_SUITE_P(CrateDb, CrateCheck, ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
