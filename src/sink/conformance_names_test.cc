// The cases of the conformance suite: names that somebody else has. Nothing that is not ours is written to, replaced,
// dropped.
#include <gmock/gmock.h>

#include "sink/conformance_test.h"
#include "sink/own_tables.h"

namespace ctk::sink::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

}  // namespace

void ConformanceOfNames::must(const std::string& sql) {
  const Result<ResultSet> result = query(sql);
  ASSERT_TRUE(result) << sql << ": " << to_string(result.error());
}

void ConformanceOfNames::make_table(const std::string& table) {
  must("CREATE TABLE " + quoted(table) + " (mine INTEGER PRIMARY KEY)");
  must("INSERT INTO " + quoted(table) + " (mine) VALUES (42)");
  backend->refresh(*sink, name(table));
}

std::string ConformanceOfNames::content(const std::string& from) {
  const Result<ResultSet> result = query("SELECT * FROM " + quoted(from));
  if (!result) return to_string(result.error());
  std::string text;
  for (const auto& row : result->rows) text += row.at(0).value_or("NULL") + ";";
  return text;
}

void ConformanceOfNames::load(const std::string& table, const std::string& image) {
  sink = backend->make_sink(options);
  const auto change = put(1, text_key("a"), image);
  open(*change, table);
  ASSERT_TRUE(opened) << table;
  apply(Changes{change});
  backend->refresh(*sink, name(table));
}

std::string ConformanceOfNames::item_of(const std::string& table) {
  open(*put(1, text_key("a"), "{}"), table);
  const auto stored = items();
  return stored.size() == 1 ? stored.at("a") : std::to_string(stored.size()) + " items";
}

TEST_P(ConformanceOfNames, TheViewIsMadeOnce) {
  load("demo", R"({"v":{"N":"1"}})");
  EXPECT_EQ(opened->view, name("demo_live").str());
  load("demo", R"({"v":{"N":"1"}})");
  EXPECT_EQ(opened->view, name("demo_live").str());
  EXPECT_EQ(count(quoted("demo_live")), 1);
  EXPECT_THAT(backend->log_lines(), IsEmpty());
}

TEST_P(ConformanceOfNames, ATableOfTheViewsNameStays) {
  make_place();
  make_table("demo_live");
  load("demo", R"({"v":{"N":"1"}})");
  EXPECT_EQ(opened->view, "");
  EXPECT_EQ(content("demo_live"), "42;");
  open(*put(1, text_key("a"), "{}"));
  EXPECT_THAT(backend->log_lines(), ElementsAre(HasSubstr("view=" + name("demo_live").str() + " found=a table")));
  EXPECT_EQ(item_of("demo"), R"({"v":1})");
}

TEST_P(ConformanceOfNames, AViewOfSomebodysStays) {
  make_place();
  make_table("theirs");
  must("CREATE VIEW " + quoted("demo_live") + " AS SELECT mine FROM " + quoted("theirs"));
  load("demo", R"({"v":{"N":"1"}})");
  EXPECT_EQ(opened->view, "");
  EXPECT_EQ(content("demo_live"), "42;");
  EXPECT_THAT(backend->log_lines(), ElementsAre(HasSubstr("found=a view with another definition")));
}

TEST_P(ConformanceOfNames, AViewOfOursThatSomebodyChangedStays) {
  load("demo", R"({"v":{"N":"1"}})");
  must("DROP VIEW " + quoted("demo_live"));
  must("CREATE VIEW " + quoted("demo_live") + " AS SELECT data, aux FROM " + quoted("demo"));
  load("demo", R"({"v":{"N":"2"}})");
  EXPECT_EQ(opened->view, "");
  EXPECT_EQ(query("SELECT * FROM " + quoted("demo_live"))->columns.size(), 2u);
}

TEST_P(ConformanceOfNames, ATableIsLoadedBesideOneThatHasItsViewsName) {
  load("shop_live", R"({"a":{"S":"live"}})");
  load("shop", R"({"a":{"S":"x"}})");
  EXPECT_EQ(opened->view, "");
  EXPECT_EQ(item_of("shop_live"), R"({"a":"live"})");
  EXPECT_EQ(item_of("shop"), R"({"a":"x"})");
  EXPECT_EQ(backend->log_lines().size(), 1u);
}

TEST_P(ConformanceOfNames, AViewGivesWayToATableOfItsName) {
  load("shop", R"({"a":{"S":"x"}})");
  EXPECT_EQ(opened->view, name("shop_live").str());
  load("shop_live", R"({"a":{"S":"live"}})");
  EXPECT_EQ(opened->view, name("shop_live_live").str());
  EXPECT_THAT(backend->log_lines(), ElementsAre(HasSubstr("view_of=" + name("shop").str())));
  EXPECT_EQ(item_of("shop_live"), R"({"a":"live"})");
  EXPECT_EQ(item_of("shop"), R"({"a":"x"})");
  EXPECT_EQ(opened->view, "");
}

TEST_P(ConformanceOfNames, TheViewOfATableThatWasDroppedIsTheNewOnes) {
  load("shop", R"({"n":{"N":"1"}})");
  must("DROP TABLE " + quoted("shop") + (options.kind->product == table::Target::postgres->product ? " CASCADE" : ""));
  sink = backend->make_sink(options);
  const auto change = put(2, text_key("a"), R"({"n":{"N":"2"}})");
  const table::TableSpec spec = spec_of("shop", *change);
  coordination::TableRegistration again = registration_of(spec);
  again.reset = true;
  opened = await<OpenTable>([&](auto done) { sink->open(spec, again, std::move(done)); }).value();
  EXPECT_EQ(opened->view, name("shop_live").str());
  EXPECT_TRUE(backend->log_lines().empty());
  apply(Changes{change});
  backend->refresh(*sink, name("shop"));
  EXPECT_EQ(count(quoted("shop_live")), 1);
}

TEST_P(ConformanceOfNames, ASomebodysViewOfTheTablesNameIsAnError) {
  make_place();
  make_table("theirs");
  must("CREATE VIEW " + quoted("demo") + " AS SELECT mine FROM " + quoted("theirs"));
  const Result<OpenTable> refused = open(*sink, "demo", *put(1, text_key("a"), "{}"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_THAT(to_string(refused.error()), HasSubstr(name("demo").str() + " is a view, and not a table"));
  EXPECT_EQ(content("demo"), "42;");
  EXPECT_FALSE(record_of(*sink, "demo"));
}

TEST_P(ConformanceOfNames, AViewOfOursIsNoTableWhereNothingMayBeMade) {
  load("shop", R"({"a":{"S":"x"}})");
  options.tables.create_table = false;
  sink = backend->make_sink(options);
  EXPECT_FALSE(open(*sink, "shop_live", *put(1, text_key("a"), "{}")));
  EXPECT_EQ(count(quoted("shop_live")), 1);
}

TEST_P(ConformanceOfNames, OurOwnTablesNamesMayBeTakenByATable) {
  for (const std::string_view own : kOwnTables) {
    const std::string table(own);
    make_place();
    sink = backend->make_sink(options);
    must("DROP TABLE " + quoted(table));
    make_table(table);
    const Result<OpenTable> refused = open(*sink, "demo", *put(1, text_key("a"), "{}"));
    ASSERT_FALSE(refused) << table;
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
    EXPECT_THAT(to_string(refused.error()), HasSubstr(name(table).str() + " is not ctk's own: it has no column"));
    EXPECT_EQ(content(table), "42;");
    EXPECT_FALSE(query("SELECT * FROM " + quoted("demo")));
    must("DROP TABLE " + quoted(table));
    sink = backend->make_sink(options);
  }
}

TEST_P(ConformanceOfNames, OurOwnTablesNamesMayBeTakenByAView) {
  make_place();
  make_table("theirs");
  must("DROP TABLE " + quoted("ctk_tables"));
  must("CREATE VIEW " + quoted("ctk_tables") + " AS SELECT mine FROM " + quoted("theirs"));
  sink = backend->make_sink(options);
  using Records = std::vector<coordination::TableRecord>;
  const Result<Records> records = await<Records>([&](auto done) { sink->records(std::move(done)); });
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().kind, ErrorKind::refused);
  EXPECT_THAT(to_string(records.error()), HasSubstr(name("ctk_tables").str() + " is not ctk's own: it is a view"));
  EXPECT_FALSE(open(*sink, "demo", *put(1, text_key("a"), "{}")));
  EXPECT_EQ(content("ctk_tables"), "42;");
}

}  // namespace ctk::sink::testing
