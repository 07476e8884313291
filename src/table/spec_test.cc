#include "table/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "table/names.h"
#include "table/paths.h"

namespace ctk::table {
namespace {

using dynamodb::Type;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Pair;
using namespace std::string_literals;

TEST(Paths, ListsAreSplitAtCommasAndDots) {
  EXPECT_THAT(*parse_path_list("a"), ElementsAre("a"));
  EXPECT_THAT(*parse_path_list("a.b,c d"), ElementsAre("a.b", "c d"));
  EXPECT_THAT(*parse_path_list(R"("a.b"."c,d",aws:x=1)"), ElementsAre(R"("a.b"."c,d")", R"("aws:x=1")"));
  EXPECT_THAT(*parse_path_list(R"("","say ""hi""")"), ElementsAre(R"("")", R"("say ""hi""")"));
}

TEST(Paths, RenamesHaveAPathAndAName) {
  EXPECT_THAT(*parse_rename_list(R"(a.b:c,"x:y":"p.q")"), ElementsAre(Pair("a.b", "c"), Pair(R"("x:y")", "p.q")));
}

TEST(Paths, MalformedOnesAreUsageErrorsThatQuoteTheText) {
  for (const char* text : {"", "a,", ",a", "a..b", "a.", "\"a", "\"a\"b", "a\"b\""}) {
    const auto paths = parse_path_list(text);
    ASSERT_FALSE(paths) << text;
    EXPECT_EQ(paths.error().kind, ErrorKind::usage);
    EXPECT_THAT(paths.error().message, HasSubstr("`"s + text + "`"));
  }
  for (const char* text : {"", "a", "a:", ":a", "a:b.c", "a:b:c", "a=b", "a:b,"}) {
    EXPECT_FALSE(parse_rename_list(text)) << text;
  }
}

RC_GTEST_PROP(PathsProperty, TextAndPathAreOneAnother, (std::vector<std::string> names, const std::string& first)) {
  names.insert(names.begin(), first);
  const Path path(names.begin(), names.end());
  RC_ASSERT(parse_path(path_text(path)).value() == path);
  RC_ASSERT(parse_path_list(path_text(path)).value() == std::vector<std::string>{path_text(path)});
}

TEST(ColumnTypes, AreReadByName) {
  EXPECT_EQ(parse_column_type("double"), ColumnType::double_precision);
  EXPECT_EQ(parse_column_type("text"), ColumnType::text);
  EXPECT_THAT(parse_column_type("float").error().hint, HasSubstr("text, bigint, double, boolean, numeric, binary"));
}

struct NameCase {
  Target target;
  std::string attribute;
  std::string column;
};

// The suffix is what `printf %s NAME | sha256sum | cut -c1-8` prints.
TEST(ColumnNames, AreLeftAloneOrSuffixed) {
  const std::vector<NameCase> cases = {
      {Target::cratedb, "device", "device"},       {Target::cratedb, "a.b", "a_b_2e7336dc"},
      {Target::cratedb, "a[0]", "a_0]_a2b5a4b9"},  {Target::cratedb, "Data", "Data"},
      {Target::cratedb, "_id", "_id_b6f7460b"},    {Target::cratedb, "_x", "_x"},
      {Target::cratedb, "data", "data_3a6eb079"},  {Target::cratedb, "pk", "pk"},
      {Target::cratedb, "", "_e3b0c442"},          {Target::postgres, "a.b", "a.b"},
      {Target::postgres, "Data", "Data"},          {Target::postgres, "cdc_time", "cdc_time_c57f29d5"},
      {Target::postgres, "ctid", "ctid_a6768917"}, {Target::postgres, "a\0b"s, "a_b_59b271ae"},
      {Target::postgres, "select", "select"},      {Target::sqlite, "Data", "Data_cec3a9b8"},
      {Target::sqlite, "Device", "Device"},        {Target::sqlite, "a.b", "a.b"},
      {Target::sqlite, "", "_e3b0c442"},           {Target::ndjson, "data", "data"},
  };
  for (const NameCase& one : cases) {
    EXPECT_EQ(map_column_name(one.target, one.attribute), one.column) << one.attribute;
  }
}

TEST(ColumnNames, OfTheNumberOfARowAreSqlitesOwn) {
  for (const char* name : {"rowid", "ROWID", "_rowid_", "oid"}) EXPECT_NE(map_column_name(Target::sqlite, name), name);
  EXPECT_EQ(map_column_name(Target::postgres, "rowid"), "rowid");
}

TEST(ColumnNames, ThatPostgresWouldCutKeepWholeCharacters) {
  EXPECT_EQ(map_column_name(Target::postgres, std::string(63, 'a')), std::string(63, 'a'));
  const std::string longer = map_column_name(Target::postgres, std::string(64, 'a'));
  EXPECT_THAT(longer, MatchesRegex("a{54}_[0-9a-f]{8}"));
  std::string umlauts;
  for (int i = 0; i < 40; ++i) umlauts += "ü";
  const std::string cut = map_column_name(Target::postgres, umlauts);
  EXPECT_LE(cut.size(), 63U);
  EXPECT_EQ(cut.substr(0, 54), umlauts.substr(0, 54));
  EXPECT_EQ(map_column_name(Target::postgres, "x" + umlauts).substr(0, 53), "x" + umlauts.substr(0, 52));
}

TEST(TableNames, AreLeftAloneOrSuffixed) {
  EXPECT_EQ(map_table_name(Target::cratedb, "Orders-2024_x"), "Orders-2024_x");
  EXPECT_THAT(map_table_name(Target::cratedb, "prod.orders"), MatchesRegex("prod_orders_[0-9a-f]{8}"));
  EXPECT_EQ(map_table_name(Target::postgres, "prod.orders"), "prod.orders");
  EXPECT_THAT(map_table_name(Target::postgres, std::string(59, 't')), MatchesRegex("t{49}_[0-9a-f]{8}"));
  EXPECT_EQ(map_table_name(Target::postgres, std::string(58, 't')).size(), 58U) << "room for _live";
  EXPECT_THAT(map_table_name(Target::cratedb, std::string(255, 't')), MatchesRegex("t{171}_[0-9a-f]{8}"));
  EXPECT_THAT(map_table_name(Target::sqlite, "CTK_tables"), MatchesRegex("CTK_tables_[0-9a-f]{8}"));
  EXPECT_EQ(map_table_name(Target::postgres, "CTK_tables"), "CTK_tables");
  EXPECT_THAT(map_table_name(Target::sqlite, "sqlite_demo"), MatchesRegex("_sqlite_demo_[0-9a-f]{8}"));
  EXPECT_TRUE(is_own_table_name(Target::sqlite, "CTK_Positions"));
  EXPECT_FALSE(is_own_table_name(Target::postgres, "CTK_Positions"));
  EXPECT_TRUE(is_own_table_name(Target::cratedb, "ctk_dead_letters"));
  EXPECT_FALSE(is_own_table_name(Target::cratedb, "_all"));
  EXPECT_THAT(map_table_name(Target::cratedb, "_all"), MatchesRegex("_all_[0-9a-f]{8}"));
}

// What a target is given it takes as it stands, and different names stay different.
RC_GTEST_PROP(ColumnNamesProperty, FitTheTarget, (const std::string& name, const std::string& other)) {
  for (const Target target : {Target::cratedb, Target::postgres, Target::sqlite}) {
    const std::string column = map_column_name(target, name);
    RC_ASSERT(!column.empty());
    RC_ASSERT(map_column_name(target, column) == column);
    if (target == Target::postgres) RC_ASSERT(column.size() <= 63U);
    if (target == Target::cratedb) RC_ASSERT(is_crate_member_name(column));
    RC_ASSERT((column == map_column_name(target, other)) == (name == other));
  }
}

KeySchema two_keys() { return {{{"device", Type::S}, {"ts", Type::N}}}; }

Result<TableSpec> spec_with(Target target, const TableOptions& options, const KeySchema& keys = two_keys()) {
  return make_spec(target, {"", "demo"}, "demo", keys, options);
}

TEST(MakeSpec, KeyColumnsFollowTypeAndTarget) {
  const KeySchema keys = {{{"b", Type::B}, {"n", Type::N}}};
  const auto types = [&](Target target) {
    const TableSpec spec = *spec_with(target, {}, keys);
    return std::pair(spec.keys[0].column_type, spec.keys[1].column_type);
  };
  EXPECT_EQ(types(Target::cratedb), std::pair(ColumnType::text, ColumnType::bigint));
  EXPECT_EQ(types(Target::postgres), std::pair(ColumnType::binary, ColumnType::numeric));
  EXPECT_EQ(types(Target::sqlite), std::pair(ColumnType::binary, ColumnType::untyped));
  EXPECT_EQ(types(Target::ndjson), std::pair(ColumnType::text, ColumnType::numeric));
}

TEST(MakeSpec, RemembersNamesThatDiffer) {
  const KeySchema keys = {{{"data", Type::S}, {"x", Type::S}}};
  TableSpec spec = *spec_with(Target::sqlite, {}, keys);
  EXPECT_EQ(spec.keys[0].column, "data_3a6eb079");
  EXPECT_EQ(spec.keys[1].column, "x");
  EXPECT_THAT(spec.names, ElementsAre(Pair("data", "data_3a6eb079")));
  EXPECT_THAT(spec.source_keys, ElementsAre("data", "x"));

  TableOptions ctk;
  ctk.layout = Layout::ctk;
  spec = *spec_with(Target::cratedb, ctk, keys);
  EXPECT_EQ(spec.keys[0].column, "data") << "inside pk nothing of ours is met";
  EXPECT_TRUE(spec.names.empty());
}

TEST(MakeSpec, TwoKeysThatSqliteWouldFoldAreBothSuffixed) {
  const KeySchema keys = {{{"ID", Type::S}, {"id", Type::S}}};
  const TableSpec spec = *spec_with(Target::sqlite, {}, keys);
  EXPECT_THAT(spec.keys[0].column, MatchesRegex("ID_[0-9a-f]{8}"));
  EXPECT_THAT(spec.keys[1].column, MatchesRegex("id_[0-9a-f]{8}"));
  EXPECT_FALSE(same_column(Target::sqlite, spec.keys[0].column, spec.keys[1].column));
  EXPECT_EQ(spec_with(Target::postgres, {}, keys)->keys[0].column, "ID");
}

TEST(MakeSpec, ANameThatLooksLikeAnothersSuffixIsToldApart) {
  const KeySchema keys = {{{"data", Type::S}, {"data_3a6eb079", Type::S}}};
  const TableSpec spec = *spec_with(Target::postgres, {}, keys);
  EXPECT_NE(spec.keys[0].column, spec.keys[1].column);
}

TEST(MakeSpec, DocumentHasOneColumn) {
  TableOptions options;
  options.layout = Layout::document;
  const TableSpec spec = *spec_with(Target::postgres, options);
  ASSERT_EQ(spec.keys.size(), 1U);
  EXPECT_EQ(spec.keys[0].column, "id");
  EXPECT_EQ(spec.keys[0].column_type, ColumnType::text);
  EXPECT_THAT(spec.source_keys, ElementsAre("device", "ts"));
}

TEST(MakeSpec, KeyTypesAreHonoured) {
  TableOptions options;
  options.key_types = {{"ts", ColumnType::text}};
  EXPECT_EQ(spec_with(Target::cratedb, options)->keys[1].column_type, ColumnType::text);
  options.key_types = {{"ts", ColumnType::numeric}};
  EXPECT_EQ(spec_with(Target::sqlite, options)->keys[1].column_type, ColumnType::untyped);
  EXPECT_EQ(spec_with(Target::postgres, options)->keys[1].column_type, ColumnType::numeric);
}

TEST(MakeSpec, RenamesKeyColumnsToo) {
  TableOptions options;
  options.rename = {{"device", "ts"}, {"ts", "device"}};
  const TableSpec spec = *spec_with(Target::postgres, options);
  EXPECT_EQ(spec.keys[0].column, "ts");
  EXPECT_EQ(spec.keys[1].column, "device");
}

TEST(MakeSpec, TypedJsonMakesNoColumnsOnCrate) {
  TableOptions options;
  options.encoding = Encoding::dynamodb;
  EXPECT_FALSE(spec_with(Target::cratedb, options)->options.typed);
  EXPECT_TRUE(spec_with(Target::postgres, options)->options.typed);
}

struct UsageCase {
  const char* words;
  Target target = Target::cratedb;
  void (*change)(TableOptions&);
};

TEST(MakeSpec, RefusesOptionsThatCannotBe) {
  const std::vector<UsageCase> cases = {
      {"layout=ctk exists on CrateDB only", Target::sqlite, [](TableOptions& o) { o.layout = Layout::ctk; }},
      {"key-type.foo=text names no key", Target::cratedb, [](TableOptions& o) { o.key_types["foo"] = ColumnType::text; }},
      {"a key of type S can be text, bigint here", Target::cratedb,
       [](TableOptions& o) { o.key_types["device"] = ColumnType::boolean; }},
      {"a key of type N can be text, bigint, double here", Target::cratedb,
       [](TableOptions& o) { o.key_types["ts"] = ColumnType::numeric; }},
      {"layout=document has no key columns", Target::postgres,
       [](TableOptions& o) {
         o.layout = Layout::document;
         o.key_types["ts"] = ColumnType::text;
       }},
      {"exclude=ts: keys cannot be excluded", Target::sqlite, [](TableOptions& o) { o.exclude = {"a.b", "ts"}; }},
      {"`a..b`", Target::sqlite, [](TableOptions& o) { o.include = {"a..b"}; }},
      {"a is renamed twice", Target::sqlite, [](TableOptions& o) { o.rename = {{"a", "b"}, {"a", "c"}}; }},
      {"two attributes would become x.c", Target::sqlite, [](TableOptions& o) { o.rename = {{"x.a", "c"}, {"x.b", "c"}}; }},
      {"device is a key", Target::sqlite, [](TableOptions& o) { o.rename = {{"a", "device"}}; }},
      {"type.a=numeric", Target::cratedb, [](TableOptions& o) { o.path_types["a"] = ColumnType::numeric; }},
      {"on CrateDB only", Target::postgres, [](TableOptions& o) { o.path_types["a"] = ColumnType::text; }},
      {"type.ts=text names a key", Target::cratedb, [](TableOptions& o) { o.path_types["ts"] = ColumnType::text; }},
      {"typed=false", Target::cratedb,
       [](TableOptions& o) {
         o.typed = false;
         o.path_types["a"] = ColumnType::text;
       }},
  };
  for (const UsageCase& one : cases) {
    TableOptions options;
    one.change(options);
    const auto spec = spec_with(one.target, options);
    ASSERT_FALSE(spec) << one.words;
    EXPECT_EQ(spec.error().kind, ErrorKind::usage);
    EXPECT_THAT(spec.error().message, HasSubstr(one.words));
  }
}

TEST(MakeSpec, NeedsAKey) { EXPECT_EQ(spec_with(Target::sqlite, {}, KeySchema{}).error().kind, ErrorKind::refused); }

TEST(Form, IsTakenOverAsItWasWritten) {
  for (const Layout layout : {Layout::ctk, Layout::columns, Layout::document}) {
    for (const Encoding encoding : {Encoding::plain, Encoding::dynamodb}) {
      TableOptions written, taken;
      written.layout = layout;
      written.encoding = encoding;
      take_form(taken, form_of(written));
      EXPECT_EQ(taken.layout, layout);
      EXPECT_EQ(taken.encoding, encoding);
    }
  }
  TableOptions untouched;
  untouched.layout = Layout::document;
  for (const char* unknown : {"", "layout=rows"}) {
    take_form(untouched, unknown);
    EXPECT_EQ(untouched.layout, Layout::document);
  }
}

}  // namespace
}  // namespace ctk::table
