#include "sink/live_view.h"

#include <gtest/gtest.h>

namespace ctk::sink {
namespace {

const std::string kOurs = R"(SELECT "pk", "data", "aux" FROM "s"."demo" WHERE "cdc_deleted" IS NOT TRUE)";

Standing view(const std::string& sql) { return {"a view", read_selection(sql)}; }

TEST(Selections, AreReadAsDatabasesGiveThemBack) {
  const auto ours = read_selection(kOurs);
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->columns, (std::vector<std::string>{"pk", "data", "aux"}));
  EXPECT_EQ(ours->from, (table::QualifiedName{"s", "demo"}));
  // PostgreSQL, SQLite, CrateDB.
  EXPECT_EQ(read_selection(
                " SELECT demo.pk,\n    demo.data,\n    demo.aux\n   FROM s.demo\n  WHERE demo.cdc_deleted IS NOT TRUE;"),
            ours);
  EXPECT_EQ(read_selection("CREATE VIEW \"demo_live\" AS\n  " + kOurs), ours);
  EXPECT_EQ(
      read_selection("SELECT\n \"pk\"\n, \"data\"\n, \"aux\"\nFROM \"s\".\"demo\"\nWHERE (\"cdc_deleted\" IS NOT TRUE)\n"),
      ours);
  // MySQL.
  EXPECT_EQ(read_selection("select `s`.`demo`.`pk` AS `pk`,`s`.`demo`.`data` AS `data`,`s`.`demo`.`aux` AS `aux` from "
                           "`s`.`demo` where `s`.`demo`.`cdc_deleted` is not true"),
            ours);
}

TEST(Selections, HaveNamesOfAnyLetters) {
  const auto read = read_selection("SELECT größe FROM s.größen WHERE cdc_deleted IS NOT TRUE");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->columns, std::vector<std::string>{"größe"});
  EXPECT_EQ(read->from, (table::QualifiedName{"s", "größen"}));
}

TEST(Selections, OfOtherViewsAreOthers) {
  const auto ours = read_selection(kOurs);
  for (const char* other : {
           R"(SELECT "pk", "data" FROM "s"."demo" WHERE "cdc_deleted" IS NOT TRUE)",
           R"(SELECT "pk", "data", "aux" FROM "s"."other" WHERE "cdc_deleted" IS NOT TRUE)",
           R"(SELECT "pk", "data", "aux" FROM "z"."demo" WHERE "cdc_deleted" IS NOT TRUE)",
           R"(SELECT "pk", "data", "aux" FROM "s"."demo" WHERE "cdc_deleted" IS NOT TRUE AND "pk" > 'a')",
           R"(SELECT "pk", "data", "aux" FROM "s"."demo" WHERE 'cdc_deleted' IS NOT TRUE)",
           R"(SELECT "pk", "data", "aux" FROM "s"."demo")",
           R"(SELECT "pk" AS k, "data", "aux" FROM "s"."demo" WHERE "cdc_deleted" IS NOT TRUE)",
           R"(SELECT "pk" AS, "data", "aux" FROM "s"."demo" WHERE "cdc_deleted" IS NOT TRUE)",
           R"(SELECT upper("pk"), "data", "aux" FROM "s"."demo" WHERE "cdc_deleted" IS NOT TRUE)",
           R"(SELECT * FROM "s"."demo" WHERE "cdc_deleted" IS NOT TRUE)",
           R"(SELECT "pk", "data", "aux" FROM "s"."demo" JOIN x ON true WHERE "cdc_deleted" IS NOT TRUE)",
           R"(WITH x AS (SELECT 1) SELECT "pk", "data", "aux" FROM "s"."demo" WHERE "cdc_deleted" IS NOT TRUE)",
           R"(CREATE VIEW v ("a", "b", "c") AS SELECT "pk", "data", "aux" FROM "s"."demo" WHERE "cdc_deleted" IS NOT TRUE)",
           "CREATE TABLE demo (a)",
           "SELECT a. ",
           "SELECT 'unended",
           "",
       }) {
    EXPECT_NE(read_selection(other), ours) << other;
  }
}

TEST(Standings, TellViewsOfOursWhateverTheirTable) {
  const Selection ours = *read_selection(kOurs);
  EXPECT_TRUE(view(R"(SELECT "a", "b", "data", "aux" FROM "s"."x" WHERE "cdc_deleted" IS NOT TRUE)").is_like(ours));
  EXPECT_FALSE(view(R"(SELECT "data", "aux" FROM "s"."x" WHERE "cdc_deleted" IS NOT TRUE)").is_like(ours));
  EXPECT_FALSE(view(R"(SELECT "a", "aux", "data" FROM "s"."x" WHERE "cdc_deleted" IS NOT TRUE)").is_like(ours));
  EXPECT_FALSE(view(R"(SELECT "a", "data", "aux" FROM "s"."x" WHERE "cdc_deleted" IS TRUE)").is_like(ours));
  EXPECT_FALSE((Standing{"a table", std::nullopt}).is_like(ours));
}

}  // namespace
}  // namespace ctk::sink
