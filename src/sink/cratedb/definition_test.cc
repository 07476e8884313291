#include "sink/cratedb/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sink/cratedb/columns.h"
#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"
#include "sink/cratedb/sweeper.h"
#include "sink/cratedb/tables.h"

namespace ctk::sink::cratedb {
namespace {

using dynamodb::Type;
using table::ColumnType;
using table::Layout;
using table::LearnedType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = LearnedType::Kind;

table::TableSpec spec_with(Layout layout) {
  table::TableSpec spec;
  spec.name = {"s", "t"};
  spec.target = table::Target::cratedb;
  spec.options.layout = layout;
  spec.keys = {{"device", "device", Type::S, ColumnType::text}, {"n", "n", Type::N, ColumnType::bigint}};
  return spec;
}

/// As a 6.4.3 answered for the ctk layout.
Definition ctk_definition(const std::vector<std::vector<std::string>>& more = {}) {
  Answer columns;
  columns.rows = {
      {R"("object")", R"("pk")", "[]", R"("strict")"},       {R"("text")", R"("pk")", R"(["device"])", R"("strict")"},
      {R"("bigint")", R"("pk")", R"(["n"])", R"("strict")"}, {R"("object")", R"("data")", "[]", R"("strict")"},
      {R"("object")", R"("aux")", "[]", R"("ignored")"},     {R"("text")", R"("cdc_version")", "[]", R"("strict")"}};
  columns.rows.insert(columns.rows.end(), more.begin(), more.end());
  Answer ddl;
  ddl.rows = {{R"("CREATE TABLE IF NOT EXISTS \"s\".\"t\" (\n   \"cdc_version\" TEXT,\n   PRIMARY KEY (\"pk\"['n'], )"
               R"(\"pk\"['device'])\n)\nCLUSTERED INTO 4 SHARDS")"}};
  return read_definition(columns, ddl);
}

TEST(Definition, FindsWhatIsMissing) {
  const auto missing = missing_own_columns(ctk_definition(), spec_with(Layout::ctk));
  ASSERT_TRUE(missing.has_value());
  EXPECT_THAT(*missing, ElementsAre("cdc_deleted", "cdc_time"));
}

TEST(Definition, RefusesAnotherLayoutKeyOrType) {
  const auto other_layout = missing_own_columns(ctk_definition(), spec_with(Layout::columns));
  ASSERT_FALSE(other_layout.has_value());
  EXPECT_EQ(other_layout.error().kind, ErrorKind::refused);
  EXPECT_THAT(other_layout.error().message, HasSubstr("its primary key is another"));

  table::TableSpec text_key = spec_with(Layout::ctk);
  text_key.keys[1].column_type = ColumnType::text;
  EXPECT_THAT(missing_own_columns(ctk_definition(), text_key).error().message, HasSubstr("its key column n is not text"));

  const auto other_type =
      missing_own_columns(ctk_definition({{R"("text")", R"("cdc_time")", "[]", R"("strict")"}}), spec_with(Layout::ctk));
  EXPECT_THAT(other_type.error().message, HasSubstr("its column cdc_time is not timestamp with time zone"));
}

TEST(Definition, IsMadeAgainForAKeyOfAnotherType) {
  Definition definition = ctk_definition();
  definition.ddl =
      "CREATE TABLE IF NOT EXISTS \"s\".\"t\" (\n   \"pk\" OBJECT(STRICT) AS (\n      \"device\" TEXT,\n      \"n\" "
      "BIGINT\n"
      "   ),\n   \"data\" OBJECT(STRICT) AS (\n      \"n\" BIGINT\n   )\n)";
  table::TableSpec spec = spec_with(Layout::ctk);
  spec.options.key_types["n"] = ColumnType::bigint;
  EXPECT_THAT(retype_keys(definition, spec), ::testing::IsEmpty());
  spec.keys[1].column_type = ColumnType::text;
  spec.options.key_types["n"] = ColumnType::text;
  EXPECT_THAT(
      retype_keys(definition, spec),
      ElementsAre(
          "CREATE TABLE IF NOT EXISTS \"s\".\"t_retyped\" (\n   \"pk\" OBJECT(STRICT) AS (\n      \"device\" TEXT,\n"
          "      \"n\" TEXT\n   ),\n   \"data\" OBJECT(STRICT) AS (\n      \"n\" BIGINT\n   )\n)",
          "REFRESH TABLE \"s\".\"t\"",
          "INSERT INTO \"s\".\"t_retyped\" (\"pk\", \"data\", \"aux\", \"cdc_version\") (SELECT {\"device\" = "
          "\"pk\"['device'], \"n\" = CAST(\"pk\"['n'] AS TEXT)}, \"data\", \"aux\", \"cdc_version\" FROM \"s\".\"t\")",
          "REFRESH TABLE \"s\".\"t_retyped\"",
          "ALTER CLUSTER SWAP TABLE \"s\".\"t_retyped\" TO \"s\".\"t\" WITH (drop_source = true)"));
  spec.options.key_types.clear();
  EXPECT_THAT(retype_keys(definition, spec), ::testing::IsEmpty()) << "nobody asked for it";
}

TEST(Definition, LearnsWhatDataHolds) {
  const auto types = learn(ctk_definition({{R"("double precision")", R"("data")", R"(["d"])", R"("strict")"},
                                           {R"("object")", R"("data")", R"(["o"])", R"("dynamic")"},
                                           {R"("text_array")", R"("data")", R"(["o","it's"])", R"("strict")"},
                                           {R"("object")", R"("data")", R"(["i"])", R"("ignored")"},
                                           {R"("object_array")", R"("data")", R"(["l"])", R"("ignored")"},
                                           {R"("object_array")", R"("data")", R"(["m"])", R"("dynamic")"},
                                           {R"("undefined")", R"("data")", R"(["u"])", R"("strict")"},
                                           {R"("timestamp with time zone")", R"("data")", R"(["t"])", R"("strict")"}}));
  EXPECT_EQ(types.column_count, 14u);
  EXPECT_FALSE(types.data_ignored);
  const std::map<table::Path, LearnedType> expected = {{{"d"}, {Kind::double_precision}},
                                                       {{"o"}, {Kind::object}},
                                                       {{"o", "it's"}, {Kind::text_array}},
                                                       {{"i"}, {Kind::unusable}},
                                                       {{"l"}, {Kind::object_array_ignored}},
                                                       {{"m"}, {Kind::unusable}},
                                                       {{"u"}, {Kind::unusable}},
                                                       {{"t"}, {Kind::unusable}}};
  EXPECT_EQ(types.paths, expected);
}

TEST(Columns, AddsOnlyWhatIsNewAndFits) {
  table::LearnedTypes types;
  types.paths = {{{"a"}, {Kind::text}}};
  types.column_count = 8;
  table::TableOptions options;
  options.max_columns = 10;
  const std::vector<table::NewColumn> wanted = {{{"a"}, {Kind::double_precision}},
                                                {{"o"}, {Kind::object}},
                                                {{"o", "x"}, {Kind::text}},
                                                {{"o"}, {Kind::object}},
                                                {{"b"}, {Kind::text}}};
  // The last finds no room.
  EXPECT_EQ(addable(types, options, wanted),
            (std::vector<table::NewColumn>{{{"o"}, {Kind::object}}, {{"o", "x"}, {Kind::text}}}));
  types.column_limit = 9;
  EXPECT_EQ(addable(types, options, wanted), (std::vector<table::NewColumn>{{{"o"}, {Kind::object}}}));
  options.create_table = false;
  EXPECT_TRUE(addable(types, options, wanted).empty());
}

TEST(Columns, HaveTheTypeThatWasWantedFirst) {
  const std::vector<table::NewColumn> wanted = {{{"n"}, {Kind::text}},
                                                {{"n"}, {Kind::double_precision}},
                                                {{"l"}, {Kind::object_array_ignored}},
                                                {{"l"}, {Kind::object}},
                                                {{"l", "k"}, {Kind::text}},
                                                {{"m"}, {Kind::object}},
                                                {{"m", "k"}, {Kind::text}},
                                                {{"m"}, {Kind::text}},
                                                {{"m", "k", "x"}, {Kind::text}}};
  EXPECT_EQ(addable({}, {}, wanted), (std::vector<table::NewColumn>{{{"l"}, {Kind::object_array_ignored}},
                                                                    {{"m"}, {Kind::object}},
                                                                    {{"m", "k"}, {Kind::text}},
                                                                    {{"n"}, {Kind::text}}}));
}

TEST(Columns, StandBelowObjectsOnly) {
  table::LearnedTypes types;
  types.paths = {{{"list"}, {Kind::object_array_ignored}},
                 {{"text"}, {Kind::text}},
                 {{"no"}, {Kind::unusable}},
                 {{"map"}, {Kind::object}}};
  const std::vector<table::NewColumn> wanted = {{{"list", "k"}, {Kind::text}},
                                                {{"text", "k"}, {Kind::text}},
                                                {{"no", "k"}, {Kind::text}},
                                                {{"unknown", "k"}, {Kind::text}},
                                                {{"map", "k"}, {Kind::text}}};
  EXPECT_EQ(addable(types, {}, wanted), (std::vector<table::NewColumn>{{{"map", "k"}, {Kind::text}}}));
}

TEST(Columns, OfOneStatementAreNoMoreThanTheServerReads) {
  std::vector<table::NewColumn> columns;
  for (int i = 0; i < 100; i++) columns.push_back({{std::string(4000, 'n') + std::to_string(i)}, {Kind::text}});
  const size_t most = columns_in_one_statement(columns);
  EXPECT_LT(most, 60u);
  columns.resize(most);
  EXPECT_LT(add_columns({"s", "t"}, columns).size(), 262'144u);
  EXPECT_EQ(columns_in_one_statement(columns), most);
}

TEST(Columns, AreRefusedByMaxColumnsOrByTheServer) {
  table::LearnedTypes types;
  types.column_count = 10;
  table::TableOptions options;
  options.max_columns = 11;
  EXPECT_FALSE(why_full(types, options));
  types.column_limit = 10;
  EXPECT_THAT(why_full(types, options).value_or(""), HasSubstr("mapping.total_fields.limit"));
  options.max_columns = 10;
  EXPECT_EQ(why_full(types, options), "max-columns");
  options.create_table = false;
  EXPECT_FALSE(why_full(types, options));
}

TEST(Definition, TellsHowManyColumnsTheServerTakes) {
  Definition definition = ctk_definition();
  EXPECT_EQ(learn(definition).column_limit, 999u);
  definition.ddl +=
      "\nWITH (\n   column_policy = 'strict',\n   \"mapping.total_fields.limit\" = 40,\n   number_of_replicas = '0'\n)";
  EXPECT_EQ(learn(definition).column_limit, 39u);
}

TEST(Definition, AnArrayOfObjectsWithColumnsOfItsOwnIsNotUsed) {
  const auto types = learn(ctk_definition({{R"("object_array")", R"("data")", R"(["a"])", R"("ignored")"},
                                           {R"("text")", R"("data")", R"(["a","k"])", R"("strict")"},
                                           {R"("object_array")", R"("data")", R"(["b"])", R"("ignored")"}}));
  EXPECT_EQ(types.paths.at({"a"}).kind, Kind::unusable);
  EXPECT_EQ(types.paths.at({"b"}).kind, Kind::object_array_ignored);
}

TEST(Columns, BlamesThePathThatTheServerNames) {
  table::LearnedTypes types;
  types.paths = {{{"n"}, {Kind::text}}, {{"o"}, {Kind::object}}, {{"o", "n"}, {Kind::text}}};
  EXPECT_THAT(blamed_paths(types, "SQLParseException[Cannot cast object element `n` with value `x` to type `bigint`]"),
              ElementsAre(table::Path{"n"}, table::Path{"o", "n"}));
  EXPECT_TRUE(blamed_paths(types, "SQLParseException[immense term]").empty());
}

TEST(RowArgs, FollowTheLayout) {
  table::Row row;
  row.keys = {{table::KeyCell::Kind::text, "d\"1", 0, 0}, {table::KeyCell::Kind::integer, "7", 7, 0}};
  row.data = R"({"a":1})";
  row.version = "00000001.1.x";
  row.time = from_micros(1'500'999);
  std::string args;
  append_row_args(args, spec_with(Layout::ctk), row);
  EXPECT_EQ(args, R"([{"device":"d\"1","n":7},{"a":1},null,"00000001.1.x",false,1500])");
  args.clear();
  row.data.reset();
  row.aux = R"({"b":{"N":"1E-100"}})";
  row.deleted = true;
  row.time = from_micros(-1);
  append_row_args(args, spec_with(Layout::columns), row);
  EXPECT_EQ(args, R"(["d\"1",7,null,{"b":{"N":"1E-100"}},"00000001.1.x",true,-1])");
}

TEST(RowArgs, KnowATypedKeyByItsCells) {
  const std::string key = R"({"device":{"S":"d"},"n":{"N":"7"}})";
  EXPECT_THAT(*key_cells(spec_with(Layout::ctk), key), ElementsAre(R"("d")", "7"));
  table::TableSpec text = spec_with(Layout::columns);
  text.keys[1].column_type = ColumnType::text;
  EXPECT_THAT(*key_cells(text, key), ElementsAre(R"("d")", R"("7")"));
  EXPECT_THAT(*key_cells(spec_with(Layout::document), key), ElementsAre(R"("{\"device\":\"d\",\"n\":7}")"));
  EXPECT_FALSE(key_cells(spec_with(Layout::ctk), R"({"other":{"S":"d"}})").has_value());
  EXPECT_FALSE(key_cells(spec_with(Layout::ctk), "").has_value());
}

TEST(RowArgs, SeeAKeyThatANumericCannotHold) {
  table::TableSpec spec = spec_with(Layout::columns);
  table::Row row;
  row.keys = {{table::KeyCell::Kind::text, "d", 0, 0}, {table::KeyCell::Kind::number, "1.5", 0, 0}};
  EXPECT_THAT(*key_problem(spec, row), HasSubstr("key-type.n=text"));
  row.keys[1].text = "-12345678901234567890123456789012345678";
  EXPECT_EQ(key_problem(spec, row), std::nullopt);
}

TEST(Sweeper, LeavesMarksWithAnOpenLowerLetter) {
  const std::vector<Mark> marks = {{{R"("a")"}, "00000001.1.5", "1", "1"},
                                   {{R"("b")"}, "00000001.1.5", "2", "1"},
                                   {{R"("c")"}, "00000001.1.5", "3", "1"}};
  const auto left = sweepable(marks, {{{R"("a")"}, "00000001.1.4"}, {{R"("b")"}, "00000001.1.6"}});
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].seq_no, "2");
  EXPECT_EQ(left[1].seq_no, "3");
}

TEST(Version, NeedsPerRowReasons) {
  EXPECT_TRUE(check_version("6.4.3"));
  EXPECT_TRUE(check_version("5.10.0"));
  EXPECT_FALSE(check_version("5.9.13"));
  EXPECT_FALSE(check_version("4.6.8"));
}

}  // namespace
}  // namespace ctk::sink::cratedb
