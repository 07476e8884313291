// Names that something else has in the SQL databases: what the conformance suite cannot say for all targets.
#include <gmock/gmock.h>

#include "sink/conformance_test.h"
#include "sink/sql/sql_backends_test.h"

namespace ctk::sink::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Occupant {
  std::string kind;  ///< as it is said
  std::string ddl;   ///< with NAME where the name stands
};

class NamesOfPostgres : public ConformanceOfNames {
 protected:
  void occupy(const Occupant& occupant, const std::string& table) {
    std::string ddl = occupant.ddl;
    for (size_t at = ddl.find("NAME"); at != std::string::npos; at = ddl.find("NAME")) ddl.replace(at, 4, quoted(table));
    must(ddl);
  }
};

const std::vector<Occupant> kPostgresOccupants = {
    {"a materialized view", "CREATE MATERIALIZED VIEW NAME AS SELECT 42 AS mine"},
    {"a sequence", "CREATE SEQUENCE NAME"},
    {"a type", "CREATE TYPE NAME AS ENUM ('x')"},
    {"a type", "CREATE TYPE NAME AS (mine integer)"},
    {"a type", "CREATE DOMAIN NAME AS text"},
    {"a table", "CREATE TABLE NAME (mine integer) PARTITION BY RANGE (mine)"},
    {"a foreign table",
     "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE NAME (mine integer) "
     "SERVER s"},
};

TEST_P(NamesOfPostgres, WhateverHasTheViewsNameStays) {
  make_place();
  for (size_t i = 0; i < kPostgresOccupants.size(); i++) {
    const std::string table = "t" + std::to_string(i);
    occupy(kPostgresOccupants[i], table + "_live");
    load(table, R"({"v":{"N":"1"}})");
    EXPECT_EQ(opened->view, "") << kPostgresOccupants[i].ddl;
    ASSERT_EQ(backend->log_lines().size(), i + 1) << kPostgresOccupants[i].ddl;
    EXPECT_THAT(backend->log_lines().back(), HasSubstr("found=" + kPostgresOccupants[i].kind));
  }
  must("DROP FOREIGN DATA WRAPPER w CASCADE");
}

TEST_P(NamesOfPostgres, WhateverHasATablesNameIsAnError) {
  make_place();
  int i = 0;
  for (const Occupant& occupant : kPostgresOccupants) {
    const std::string table = "t" + std::to_string(i++);
    occupy(occupant, table);
    const Result<OpenTable> refused = open(*sink, table, *put(1, text_key("a"), "{}"));
    ASSERT_FALSE(refused) << occupant.ddl;
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
    if (occupant.kind == "a table") continue;  // refused for its columns
    EXPECT_THAT(to_string(refused.error()), HasSubstr("is " + occupant.kind + ", and not a table"));
  }
  must("CREATE INDEX some_index ON " + quoted("earlier") + " (data)");
  EXPECT_FALSE(open(*sink, "some_index", *put(1, text_key("a"), "{}")));
  must("DROP FOREIGN DATA WRAPPER w CASCADE");
}

TEST_P(NamesOfPostgres, AViewThatOthersStandOnDoesNotGiveWay) {
  load("shop", R"({"a":{"S":"x"}})");
  must("CREATE VIEW " + quoted("theirs") + " AS SELECT pk FROM " + quoted("shop_live"));
  const Result<OpenTable> refused = open(*sink, "shop_live", *put(1, text_key("a"), "{}"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_string(refused.error()), HasSubstr("depend"));
  EXPECT_EQ(content("theirs"), "a;");
}

TEST_P(NamesOfPostgres, AViewOfTheSameWordsOverAnotherSchemasTableIsNotOurs) {
  load("demo", R"({"v":{"N":"1"}})");
  must("DROP VIEW " + quoted("demo_live"));
  const std::string other = "\"" + options.schema + " too\"";
  must("CREATE SCHEMA " + other);
  must("CREATE TABLE " + other + ".demo (LIKE " + quoted("demo") + ")");
  must("CREATE VIEW " + quoted("demo_live") + " AS SELECT pk, data, aux FROM " + other +
       ".demo WHERE cdc_deleted IS NOT TRUE");
  load("demo", R"({"v":{"N":"1"}})");
  EXPECT_EQ(opened->view, "");
  EXPECT_THAT(backend->log_lines(), ElementsAre(HasSubstr("a view with another definition")));
}

TEST_P(NamesOfPostgres, AVeryLongNameHasItsViewToo) {
  const std::string longest(58, 't');
  load(longest, R"({"v":{"N":"1"}})");
  const std::string longer(63, 'u');
  load(longer, R"({"v":{"N":"1"}})");
  const std::string view = opened->view;
  EXPECT_NE(view, "");
  load(longer, R"({"v":{"N":"1"}})");
  EXPECT_EQ(opened->view, view);
  EXPECT_THAT(backend->log_lines(), IsEmpty());
}

TEST_P(NamesOfPostgres, AViewThatMayNotBeMadeNamesItsOption) {
  load("demo", R"({"v":{"N":"1"}})");
  must("DROP VIEW " + quoted("demo_live"));
  must("CREATE ROLE viewless LOGIN PASSWORD 'secret'");
  must("GRANT USAGE ON SCHEMA \"" + options.schema + "\" TO viewless");
  must("GRANT ALL ON ALL TABLES IN SCHEMA \"" + options.schema + "\" TO viewless");
  options.url.user = "viewless";
  const auto limited = backend->make_sink(options);
  const Result<OpenTable> denied = open(*limited, "demo", *put(1, text_key("a"), "{}"));
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind, ErrorKind::denied) << to_string(denied.error());
  EXPECT_THAT(to_string(denied.error()), HasSubstr("live-view=false"));
  options.tables.live_view = false;
  const auto without = backend->make_sink(options);
  EXPECT_TRUE(open(*without, "demo", *put(1, text_key("a"), "{}")));
}

INSTANTIATE_TEST_SUITE_P(Sql, NamesOfPostgres, ::testing::Values(BackendMaker{"postgres", make_postgres_backend}),
                         [](const auto& instance) { return instance.param.name; });

class NamesOfSqlite : public ConformanceOfNames {};

TEST_P(NamesOfSqlite, AnIndexHasTheViewsNameOrTheTables) {
  make_place();
  must("CREATE INDEX Demo_LIVE ON earlier (data)");
  load("demo", R"({"v":{"N":"1"}})");
  EXPECT_EQ(opened->view, "");
  EXPECT_THAT(backend->log_lines(), ElementsAre(HasSubstr("found=an index")));
  const Result<OpenTable> refused = open(*sink, "demo_live", *put(1, text_key("a"), "{}"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_string(refused.error()), HasSubstr("is an index, and not a table"));
}

TEST_P(NamesOfSqlite, ATableHasTheNameOfTheIndexOfMarks) {
  make_place();
  make_table("demo_cdc_deleted_idx");
  load("demo", R"({"v":{"N":"1"}})");
  EXPECT_EQ(item_of("demo"), R"({"v":1})");
  EXPECT_EQ(content("demo_cdc_deleted_idx"), "42;");
}

TEST_P(NamesOfSqlite, CapitalsDoNotHideANeighbour) {
  load("SHOP", R"({"a":{"S":"x"}})");
  load("shop_live", R"({"a":{"S":"live"}})");
  EXPECT_EQ(item_of("shop_live"), R"({"a":"live"})");
  EXPECT_EQ(item_of("SHOP"), R"({"a":"x"})");
  EXPECT_EQ(opened->view, "");
  make_table("Other_Live");
  load("other", R"({"a":{"S":"x"}})");
  EXPECT_EQ(opened->view, "");
  EXPECT_EQ(content("other_live"), "42;");
  EXPECT_THAT(backend->log_lines(), Each(HasSubstr("view")));
}

TEST_P(NamesOfSqlite, AViewWhoseTableIsGoneGivesWayToATableOrIsSaid) {
  load("shop", R"({"a":{"S":"x"}})");
  must("DROP TABLE shop");
  load("shop_live", R"({"a":{"S":"live"}})");
  EXPECT_EQ(item_of("shop_live"), R"({"a":"live"})");
  must("CREATE TABLE gone (x); CREATE VIEW theirs AS SELECT x FROM gone; DROP TABLE gone");
  const Result<OpenTable> refused = open(*sink, "theirs", *put(1, text_key("a"), "{}"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_string(refused.error()), HasSubstr("theirs is a view, and not a table"));
}

INSTANTIATE_TEST_SUITE_P(Sql, NamesOfSqlite, ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
