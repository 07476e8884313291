// What `ctk check` is told of a CrateDB, of which it changes nothing.
#include <gtest/gtest.h>

#include "sink/cratedb/cratedb_backends_test.h"
#include "sink/target_check.h"

namespace ctk::sink::testing {
namespace {

class CrateCheck : public OnFakeCrateDb {
 protected:
  /// `table`: empty where it is not known yet.
  Result<TargetSight> look(const std::string& table) {
    TargetQuestion question;
    if (!table.empty()) question.spec = spec_of(table, *change);
    return await<TargetSight>([&](auto done) { sink->target_check().look(question, std::move(done)); });
  }
  Result<std::string> rights(const std::string& table) {
    Result<TargetSight> sight = look(table);
    if (!sight) return std::unexpected(sight.error());
    return sight->rights.value_or(fail(ErrorKind::internal, "it does not say"));
  }
  Result<std::string> writable(const std::string& table) {
    Result<TargetSight> sight = look(table);
    if (!sight) return std::unexpected(sight.error());
    return sight->writable;
  }
  void run(const std::string& sql) {
    const Result<ResultSet> done = query(sql);
    ASSERT_TRUE(done) << sql << ": " << to_string(done.error());
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

TEST_P(CrateCheck, ATableThatTakesNoWritesIsNamedAndTheHintMendsIt) {
  const std::string open = "no table is closed or blocked", schema = options.schema;
  ASSERT_EQ(writable("demo"), open);
  const std::pair<std::string, std::string> broken[] = {
      {"SET (\"blocks.write\" = true)", "blocks.write is set"},
      {"SET (\"blocks.read_only\" = true)", "blocks.read_only is set"},
      {"SET (\"blocks.read_only_allow_delete\" = true)",
       "blocks.read_only_allow_delete is set, as CrateDB does where a disk "
       "is full"},
      {"SET (\"blocks.read\" = true)", "blocks.read is set"},
      {"SET (\"blocks.metadata\" = true)", "blocks.metadata is set"},
      {"CLOSE", "it is closed"}};
  for (const auto& [alter, says] : broken) {
    run("ALTER TABLE \"" + schema + "\".\"demo\" " + alter);
    const Result<std::string> found = writable("demo");
    ASSERT_FALSE(found) << alter;
    EXPECT_EQ(found.error().message, "table " + schema + ".demo: " + says);
    EXPECT_EQ(writable("another"), open) << "it is not written then";
    const std::string& hint = found.error().hint;
    const size_t statement = hint.find("ALTER TABLE ");
    ASSERT_NE(statement, std::string::npos) << hint;
    run(hint.substr(statement));
    EXPECT_EQ(writable("demo"), open) << hint;
  }
}

TEST_P(CrateCheck, TablesOfOurOwnAreLookedAtToo) {
  run("ALTER TABLE \"" + options.schema + "\".\"ctk_tables\" SET (\"blocks.write\" = true)");
  for (const std::string table : {"", "another"}) {
    const Result<std::string> found = writable(table);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().message, "table " + options.schema + ".ctk_tables: blocks.write is set");
  }
}

INSTANTIATE_TEST_SUITE_P(CrateDb, CrateCheck, ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
