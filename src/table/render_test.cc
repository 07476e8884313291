#include "table/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/change_testing.h"

namespace ctk::table {
namespace {

using dynamodb::Type;
using testing::change_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::insert_of;
using Kind = LearnedType::Kind;

TableSpec spec_of(Target target, const TableOptions& options = {}, const KeySchema& keys = {{{"id", Type::S}}}) {
  return make_spec(target, {"", "demo"}, "demo", keys, options).value();
}

Row row_of(const Rendered& rendered) {
  if (const auto* refused = std::get_if<Refused>(&rendered)) ADD_FAILURE() << refused->reason;
  return std::get<Row>(rendered);
}

std::vector<NewColumn> columns_of(const Rendered& rendered) { return std::get<NeedsColumns>(rendered).columns; }

LearnedTypes learned(const std::map<Path, Kind>& paths) {
  LearnedTypes types;
  for (const auto& [path, kind] : paths) types.paths[path] = {kind};
  types.column_count = types.paths.size();
  return types;
}

TEST(Render, ARowHasKeysContentVersionAndTime) {
  const Row row = row_of(Renderer(spec_of(Target::sqlite)).render(insert_of(R"({"a":{"N":"1.50"},"id":{"S":"1"}})"), 7));
  ASSERT_EQ(row.keys.size(), 1U);
  EXPECT_EQ(row.keys[0].text, "1");
  EXPECT_EQ(row.data, R"({"a":1.50})");
  EXPECT_FALSE(row.aux);
  EXPECT_EQ(row.version.substr(0, 28), "00000007.1.01720740233012995");
  EXPECT_EQ(row.time, from_micros(1720740233012995));
  EXPECT_FALSE(row.deleted);
  EXPECT_GT(row.bytes(), row.data->size() + row.version.size());
}

TEST(Render, ADocumentHoldsTheWholeItemUnderItsId) {
  TableOptions options;
  options.layout = Layout::document;
  const KeySchema keys = {{{"id", Type::S}, {"n", Type::N}}};
  const Row row = row_of(
      Renderer(spec_of(Target::postgres, options, keys))
          .render(insert_of(R"({"id":{"S":"1"},"n":{"N":"1.0"},"x":{"BOOL":true}})", R"({"n":{"N":"1.0"},"id":{"S":"1"}})"),
                  1));
  EXPECT_EQ(row.keys[0].text, R"({"id":"1","n":1})");
  EXPECT_EQ(row.data, R"({"id":"1","n":1.0,"x":true})");
}

TEST(Render, AMarkHasNoContentAndAsksForNothing) {
  const dynamodb::Change change = change_of({"REMOVE", R"({"id":{"S":"1"}})", "", R"({"id":{"S":"1"},"new":{"S":"x"}})"});
  const Row row = row_of(Renderer(spec_of(Target::cratedb)).render(change, 1));
  EXPECT_TRUE(row.deleted);
  EXPECT_FALSE(row.data);
  EXPECT_FALSE(row.aux);

  TableOptions soft;
  soft.deletes = Deletes::soft;
  const Row kept = row_of(Renderer(spec_of(Target::cratedb, soft)).render(change, 1));
  EXPECT_TRUE(kept.deleted);
  EXPECT_EQ(kept.data, "{}");
  EXPECT_EQ(kept.aux, R"({"new":{"S":"x"}})");
  EXPECT_EQ(row_of(Renderer(spec_of(Target::sqlite, soft)).render(change, 1)).data, R"({"new":"x"})");

  const dynamodb::Change bare = change_of({"REMOVE", R"({"id":{"S":"1"}})", "", ""});
  EXPECT_FALSE(row_of(Renderer(spec_of(Target::sqlite, soft)).render(bare, 1)).data);
}

TEST(Render, OverAnEarlierOneItIsAsItWouldBeAlone) {
  TableOptions document;
  document.layout = Layout::document;
  const KeySchema keys = {{{"id", Type::S}, {"n", Type::N}}};
  const std::string long_key = R"({"id":{"S":"0b7e5f3a-7d56-4a6f-9d53-6d3c2f1d9f10"},"n":{"N":"1E3"}})";
  std::vector<dynamodb::Change> changes;
  changes.push_back(insert_of(R"({"id":{"S":"1"},"n":{"N":"2"},"x":{"S":"long enough to be allocated"}})",
                              R"({"id":{"S":"1"},"n":{"N":"2"}})"));
  changes.push_back(change_of({"REMOVE", R"({"id":{"S":"1"},"n":{"N":"2"}})", "", ""}));
  changes.push_back(insert_of(long_key, long_key));
  changes.push_back(insert_of(R"({"id":{"S":"1"}})", R"({"id":{"S":"1"}})"));  // refused
  changes.push_back(insert_of(R"({"id":{"S":"\u0000"},"n":{"N":"9"},"y":{"S":"\u0000"}})",
                              R"({"id":{"S":"1"},"n":{"N":"9"}})"));  // some targets keep it in aux
  for (const Renderer& renderer :
       {Renderer(spec_of(Target::sqlite, {}, keys)), Renderer(spec_of(Target::postgres, {}, keys)),
        Renderer(spec_of(Target::cratedb, {}, keys)), Renderer(spec_of(Target::mysql, document, keys))}) {
    for (const dynamodb::Change& before : changes) {
      for (const dynamodb::Change& change : changes) {
        Rendered rendered = renderer.render(before, 7);
        renderer.render_over(rendered, change, 12);
        const Rendered alone = renderer.render(change, 12);
        ASSERT_EQ(rendered.index(), alone.index());
        const Row* row = std::get_if<Row>(&alone);
        EXPECT_TRUE(row == nullptr || std::get<Row>(rendered) == *row);
      }
    }
  }
}

TEST(Render, OverAnEarlierOneItTakesItsMemory) {
  const Renderer renderer(spec_of(Target::sqlite));
  const dynamodb::Change change = insert_of(R"({"id":{"S":"1"},"x":{"S":"long enough to be allocated"}})");
  Rendered rendered = renderer.render(change, 1);
  const Row& row = std::get<Row>(rendered);
  const void* const before[] = {row.keys.data(), row.data->data(), row.version.data()};
  renderer.render_over(rendered, change_of({"REMOVE", R"({"id":{"S":"1"}})", "", ""}), 1);
  EXPECT_FALSE(row.data);
  renderer.render_over(rendered, change, 1);
  EXPECT_THAT(before, ElementsAre(row.keys.data(), row.data->data(), row.version.data()));
}

TEST(Render, CrateIsAskedForAllColumnsAtOnceParentsFirst) {
  const dynamodb::Change change = insert_of(
      R"({"id":{"S":"1"},"m":{"M":{"x":{"N":"1"},"y":{"M":{}}}},"t":{"S":"a"},"nothing":{"NULL":true},"a.b":{"S":"c"}})");
  LearnedTypes types = learned({{{"t"}, Kind::text}});
  const std::vector<NewColumn> columns = columns_of(Renderer(spec_of(Target::cratedb), types).render(change, 1));
  EXPECT_THAT(columns, ElementsAre(NewColumn{{"m"}, {Kind::object}}, NewColumn{{"m", "x"}, {Kind::double_precision}},
                                   NewColumn{{"m", "y"}, {Kind::object}}));
  for (const NewColumn& column : columns) types.paths[column.path] = column.type;
  const Row row = row_of(Renderer(spec_of(Target::cratedb), types).render(change, 1));
  EXPECT_EQ(row.data, R"({"m":{"x":1,"y":{}},"t":"a"})");
  EXPECT_EQ(row.aux, R"({"nothing":{"NULL":true},"a.b":{"S":"c"}})");
}

TEST(Render, AFullTableTakesNewPathsIntoAux) {
  TableOptions options;
  options.max_columns = 2;
  LearnedTypes types = learned({{{"t"}, Kind::text}});
  const dynamodb::Change change = insert_of(R"({"id":{"S":"1"},"m":{"M":{"x":{"N":"1"}}},"u":{"S":"b"},"t":{"S":"a"}})");
  EXPECT_THAT(columns_of(Renderer(spec_of(Target::cratedb, options), types).render(change, 1)),
              ElementsAre(NewColumn{{"m"}, {Kind::object}}));
  types = learned({{{"t"}, Kind::text}, {{"m"}, Kind::object}});
  const Row row = row_of(Renderer(spec_of(Target::cratedb, options), types).render(change, 1));
  EXPECT_EQ(row.data, R"({"m":{},"t":"a"})");
  EXPECT_EQ(row.aux, R"({"m":{"M":{"x":{"N":"1"}}},"u":{"S":"b"}})");
}

TEST(Render, WhatDoesNotFitItsColumnStandsInAux) {
  const LearnedTypes types = learned({{{"n"}, Kind::double_precision},
                                      {{"m"}, Kind::object},
                                      {{"m", "s"}, Kind::text},
                                      {{"dead"}, Kind::unusable},
                                      {{"t"}, Kind::text}});
  const dynamodb::Change change =
      insert_of(R"({"id":{"S":"1"},"n":{"S":"22"},"m":{"M":{"s":{"N":"7"}}},"dead":{"S":"x"},"t":{"M":{"a":{"S":"b"}}}})");
  const Row row = row_of(Renderer(spec_of(Target::cratedb), types).render(change, 1));
  EXPECT_EQ(row.data, R"({"m":{}})");
  EXPECT_EQ(row.aux, R"({"n":{"S":"22"},"m":{"M":{"s":{"N":"7"}}},"dead":{"S":"x"},"t":{"M":{"a":{"S":"b"}}}})");
}

TEST(Render, IntoAuxGoesWhatTheTargetRefusedAfterAll) {
  const LearnedTypes types = learned({{{"t"}, Kind::text}, {{"m"}, Kind::object}, {{"m", "s"}, Kind::text}});
  const dynamodb::Change change = insert_of(R"({"id":{"S":"1"},"t":{"S":"a"},"m":{"M":{"s":{"S":"b"},"t":{"S":"c"}}}})");
  const Renderer renderer(spec_of(Target::cratedb), types);
  EXPECT_EQ(row_of(renderer.render_into_aux(change, 1, {})).aux, R"({"m":{"M":{"t":{"S":"c"}}}})");
  const Row row = row_of(renderer.render_into_aux(change, 1, {{"m", "s"}}));
  EXPECT_EQ(row.data, R"({"t":"a","m":{}})");
  EXPECT_EQ(row.aux, R"({"m":{"M":{"s":{"S":"b"},"t":{"S":"c"}}}})");
  const Row all = row_of(Renderer(spec_of(Target::postgres)).render_into_aux(change, 1, {{}}));
  EXPECT_EQ(all.data, "{}");
  EXPECT_EQ(all.aux, R"({"t":{"S":"a"},"m":{"M":{"s":{"S":"b"},"t":{"S":"c"}}}})");
}

TEST(Render, PathsDeeperThanCrateTakesStandInAux) {
  std::string item = R"({"a":{"S":"x"}})";
  for (int i = 0; i < 110; ++i) item = R"({"a":{"M":)" + item + "}}";
  const auto columns = columns_of(Renderer(spec_of(Target::cratedb)).render(insert_of(item), 1));
  EXPECT_EQ(columns.size(), 98U);
}

TEST(Render, AJsonbWithoutNulAndOnlyThat) {
  const Renderer renderer(spec_of(Target::postgres));
  const Row row = row_of(renderer.render(
      insert_of(
          R"({"id":{"S":"1"},"ok":{"S":"\\u0000"},"s":{"S":"a\u0000b"},"m":{"M":{"k\u0000":{"N":"1"},"x":{"N":"2"}}},)"
          R"("l":{"L":[{"N":"1"},{"M":{"\u0000":{"N":"1"}}}]}})"),
      1));
  EXPECT_EQ(row.data, R"({"ok":"\\u0000","m":{"x":2}})");
  EXPECT_EQ(row.aux, R"({"s":{"S":"a\u0000b"},"m":{"M":{"k\u0000":{"N":"1"}}},)"
                     R"("l":{"L":[{"N":"1"},{"M":{"\u0000":{"N":"1"}}}]}})");
}

TEST(Render, ANumberThatJsonbRefusesStandsInAux) {
  const dynamodb::Change change = insert_of(
      R"({"id":{"S":"1"},"big":{"N":"1E+20000"},"small":{"N":"1e-16001"},"l":{"L":[{"M":{"n":{"N":"-1E200000"}}}]},)"
      R"("s":{"NS":["1","1E99999"]},"ok":{"N":"9.9E+125"}})");
  const Row row = row_of(Renderer(spec_of(Target::postgres)).render(change, 1));
  EXPECT_EQ(row.data, R"({"ok":9.9E+125})");
  EXPECT_THAT(*row.aux, HasSubstr(R"("l":{"L":[{"M":{"n":{"N":"-1E200000"}}}]})"));
  EXPECT_FALSE(row_of(Renderer(spec_of(Target::sqlite)).render(change, 1)).aux);
  TableOptions typed;
  typed.encoding = Encoding::dynamodb;
  EXPECT_FALSE(row_of(Renderer(spec_of(Target::postgres, typed)).render(change, 1)).aux) << "there it is a string";
}

TEST(Render, IncludesExcludesAndRenames) {
  TableOptions options;
  options.include = {"a", "m.x", "m.y", "s.t"};
  options.exclude = {"m.y.z"};
  options.rename = {{"a", "b"}, {"m.x", "dotted.name"}};
  const dynamodb::Change change =
      insert_of(R"({"id":{"S":"1"},"a":{"N":"1"},"b":{"N":"2"},"s":{"S":"no map"},)"
                R"("m":{"M":{"x":{"S":"x"},"y":{"M":{"z":{"N":"3"},"w":{"N":"4"}}},"q":{"N":"5"}}}})");
  EXPECT_EQ(row_of(Renderer(spec_of(Target::sqlite, options)).render(change, 1)).data,
            R"({"b":1,"m":{"dotted.name":"x","y":{"w":4}}})");
  options.encoding = Encoding::dynamodb;
  EXPECT_EQ(row_of(Renderer(spec_of(Target::sqlite, options)).render(change, 1)).data,
            R"({"b":{"N":"1"},"m":{"M":{"dotted.name":{"S":"x"},"y":{"M":{"w":{"N":"4"}}}}}})");
  options.encoding = Encoding::plain;
  EXPECT_EQ(row_of(Renderer(spec_of(Target::cratedb, options)).render_into_aux(change, 1, {{}})).aux,
            R"({"b":{"N":"1"},"m":{"M":{"dotted.name":{"S":"x"},"y":{"M":{"w":{"N":"4"}}}}}})");
  options.layout = Layout::document;
  EXPECT_EQ(row_of(Renderer(spec_of(Target::sqlite, options)).render(change, 1)).data,
            R"({"id":"1","b":1,"m":{"dotted.name":"x","y":{"w":4}}})");
}

TEST(Render, ARenameThatMeetsAnotherAttributeLosesNothing) {
  TableOptions options;
  options.rename = {{"m.a", "b"}};
  const Rendered rendered = Renderer(spec_of(Target::sqlite, options))
                                .render(insert_of(R"({"id":{"S":"1"},"m":{"M":{"a":{"N":"1"},"b":{"N":"2"}}}})"), 1);
  const auto* refused = std::get_if<Refused>(&rendered);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->reason, "rename gives two attributes the name m.b");
  EXPECT_FALSE(refused->because_of_key);
}

/// The first key cell of an item whose key `k` is this value, or the reason.
std::variant<KeyCell, std::string> key_of(Target target, Type type, const std::string& typed,
                                          std::optional<ColumnType> column = {}) {
  TableOptions options;
  if (column) options.key_types["k"] = *column;
  const std::string item = R"({"k":)" + typed + "}";
  const Rendered rendered = Renderer(spec_of(target, options, {{{"k", type}}})).render(insert_of(item, item), 1);
  if (const auto* refused = std::get_if<Refused>(&rendered)) {
    EXPECT_TRUE(refused->because_of_key);
    return refused->reason;
  }
  return std::get<Row>(rendered).keys.at(0);
}

KeyCell number_key(Target target, const std::string& digits, std::optional<ColumnType> column = {}) {
  return std::get<KeyCell>(key_of(target, Type::N, R"({"N":")" + digits + R"("})", column));
}

std::string refused_number(Target target, const std::string& digits, std::optional<ColumnType> column = {}) {
  return std::get<std::string>(key_of(target, Type::N, R"({"N":")" + digits + R"("})", column));
}

TEST(Keys, SqliteTakesTheFirstFormThatHoldsANumber) {
  EXPECT_EQ(number_key(Target::sqlite, "1.0"), (KeyCell{KeyCell::Kind::integer, "1", 1, 0}));
  EXPECT_EQ(number_key(Target::sqlite, "9223372036854775807").integer, INT64_MAX);
  EXPECT_EQ(number_key(Target::sqlite, "1.5"), (KeyCell{KeyCell::Kind::real, "1.5", 0, 1.5}));
  EXPECT_EQ(number_key(Target::sqlite, "1E+20").kind, KeyCell::Kind::real);
  EXPECT_EQ(number_key(Target::sqlite, "12345678901234567890123.40"),
            (KeyCell{KeyCell::Kind::number, "12345678901234567890123.4", 0, 0}));
}

TEST(Keys, PostgresTakesCanonicalDigits) {
  EXPECT_EQ(number_key(Target::postgres, "1.50"), (KeyCell{KeyCell::Kind::number, "1.5", 0, 0}));
  EXPECT_EQ(number_key(Target::postgres, "1.50", ColumnType::text), (KeyCell{KeyCell::Kind::text, "1.5", 0, 0}));
  EXPECT_THAT(refused_number(Target::postgres, "1E20000"), HasSubstr("NUMERIC cannot hold exactly"));
  EXPECT_EQ(number_key(Target::postgres, "1E-130").kind, KeyCell::Kind::number);
}

TEST(Keys, CrateNamesTheOptionThatWouldHoldANumber) {
  EXPECT_EQ(number_key(Target::cratedb, "7").integer, 7);
  EXPECT_EQ(number_key(Target::cratedb, "9223372036854775806").kind, KeyCell::Kind::integer);
  EXPECT_EQ(number_key(Target::cratedb, "-9223372036854775807").kind, KeyCell::Kind::integer);
  for (const char* digits : {"1.5", "9223372036854775807", "-9223372036854775808", "1E+20"}) {
    EXPECT_EQ(refused_number(Target::cratedb, digits).substr(0, 26),
              "key attribute `k` holds " + std::string(digits).substr(0, 2));
    EXPECT_THAT(refused_number(Target::cratedb, digits), HasSubstr("key-type.k=text would"));
    EXPECT_EQ(number_key(Target::cratedb, digits, ColumnType::text).kind, KeyCell::Kind::text);
  }
  EXPECT_EQ(number_key(Target::cratedb, "1.5", ColumnType::double_precision).real, 1.5);
  EXPECT_THAT(refused_number(Target::cratedb, "9007199254740993", ColumnType::double_precision),
              HasSubstr("key-type.k=text"));
}

TEST(Keys, TextInABigintIsSpelledAsTheNumberIs) {
  const auto key = [](const std::string& text) {
    return key_of(Target::postgres, Type::S, R"({"S":")" + text + R"("})", ColumnType::bigint);
  };
  EXPECT_EQ(std::get<KeyCell>(key("-7")).integer, -7);
  for (const char* text : {"07", "7.0", "", "x", "+7", "-0"}) {
    EXPECT_THAT(std::get<std::string>(key(text)), HasSubstr("key-type.k=text would")) << text;
  }
}

TEST(Keys, BinaryIsBytesOrBase64) {
  EXPECT_EQ(std::get<KeyCell>(key_of(Target::postgres, Type::B, R"({"B":"AP8="})")),
            (KeyCell{KeyCell::Kind::binary, std::string("\0\xff", 2), 0, 0}));
  EXPECT_EQ(std::get<KeyCell>(key_of(Target::cratedb, Type::B, R"({"B":"AP8="})")),
            (KeyCell{KeyCell::Kind::text, "AP8=", 0, 0}));
}

TEST(Keys, AreRefusedWhereTheDatabaseCannotIndexThem) {
  const auto text = [](Target target, size_t size) {
    return key_of(target, Type::S, R"({"S":")" + std::string(size, 'x') + R"("})");
  };
  EXPECT_EQ(text(Target::postgres, 2'692).index(), 0U);
  EXPECT_THAT(std::get<std::string>(text(Target::postgres, 2'693)), HasSubstr("2,704 bytes"));
  EXPECT_EQ(text(Target::cratedb, 32'765).index(), 0U);
  EXPECT_THAT(std::get<std::string>(text(Target::cratedb, 32'766)), HasSubstr("32,765 bytes"));
  EXPECT_EQ(text(Target::sqlite, 100'000).index(), 0U);
}

TEST(Keys, OfTwoPartsAreOneTermToCrate) {
  const auto fits = [](size_t size) {
    const std::string item = R"({"a":{"S":")" + std::string(size - 10, 'x') + R"("},"b":{"S":"yyyyyyyyyy"}})";
    const Renderer renderer(spec_of(Target::cratedb, {}, {{{"a", Type::S}, {"b", Type::S}}}));
    return std::holds_alternative<Row>(renderer.render(insert_of(item, item), 1));
  };
  EXPECT_TRUE(fits(24'568));
  EXPECT_FALSE(fits(24'569));
}

TEST(Keys, WithNulAreRefusedByPostgresOnly) {
  const std::string nul = R"({"S":"a\u0000"})";
  EXPECT_THAT(std::get<std::string>(key_of(Target::postgres, Type::S, nul)), HasSubstr("U+0000"));
  EXPECT_EQ(std::get<KeyCell>(key_of(Target::sqlite, Type::S, nul)).text, std::string("a\0", 2));
  TableOptions options;
  options.layout = Layout::document;
  const std::string item = R"({"k":)" + nul + "}";
  const Row row = row_of(Renderer(spec_of(Target::postgres, options, {{{"k", Type::S}}})).render(insert_of(item, item), 1));
  EXPECT_EQ(row.keys[0].text, R"({"k":"a\u0000"})");
}

TEST(Keys, ThatAreNotTheTablesAreRefused) {
  const Renderer renderer(spec_of(Target::sqlite, {}, {{{"k", Type::S}}}));
  const auto reason = [&](const std::string& keys) {
    const Rendered rendered = renderer.render(insert_of(keys, keys), 1);
    const auto* refused = std::get_if<Refused>(&rendered);
    return refused == nullptr ? "" : refused->reason;
  };
  EXPECT_EQ(reason(R"({"k":{"S":"a"}})"), "");
  EXPECT_EQ(reason(R"({"k":{"N":"1"}})"), "key attribute `k` is of type N, the table was made for S");
  EXPECT_EQ(reason(R"({"j":{"S":"a"}})"), "key attribute `k` is missing");
  EXPECT_THAT(reason(R"({"k":{"S":"a"},"l":{"S":"b"}})"), HasSubstr("has not"));
}

TEST(VersionText, HasEightDigitsOfEpoch) { EXPECT_EQ(version_text(42, "1.x"), "00000042.1.x"); }

}  // namespace
}  // namespace ctk::table
