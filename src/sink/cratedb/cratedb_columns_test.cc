// What is CrateDB's own: no write ever adds a column, and no value is left to its casts.
#include <gmock/gmock.h>

#include "sink/cratedb/cratedb_backends_test.h"

namespace ctk::sink::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CrateColumns : public Conformance {
 protected:
  void must(const std::string& sql) {
    const Result<ResultSet> result = query(sql);
    ASSERT_TRUE(result) << sql << ": " << to_string(result.error());
  }

  std::string demo() const { return backend->quoted(name("demo")); }

  /// As with --reset: whatever is recorded of the table is forgotten.
  void open_anew(const dynamodb::Change& change) {
    table::TableSpec spec = spec_of("demo", change);
    coordination::TableRegistration registration = registration_of(spec);
    registration.reset = true;
    Result<OpenTable> result = await<OpenTable>([&](auto done) { sink->open(spec, registration, std::move(done)); });
    ASSERT_TRUE(result) << to_string(result.error());
    opened = std::move(*result);
  }

  std::string cell(const std::string& sql) {
    const Result<ResultSet> result = query(sql);
    EXPECT_TRUE(result) << sql << ": " << to_string(result.error());
    if (!result || result->rows.empty()) return "nothing";
    return result->rows[0][0].value_or("NULL");
  }

  /// Types of the columns inside data, as the server has them.
  std::map<std::string, std::string> data_columns() {
    const Result<ResultSet> result =
        query("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = '" + options.schema +
              "' AND table_name = 'demo' AND column_name LIKE 'data[%'");
    std::map<std::string, std::string> types;
    if (!result) return types;
    for (const auto& row : result->rows) types[row[0].value_or("")] = row[1].value_or("");
    return types;
  }

  /// The table that the reference makes.
  void make_foreign_table() {
    must("CREATE TABLE " + demo() +
         " (pk OBJECT(STRICT) AS (pk TEXT PRIMARY KEY), data OBJECT(DYNAMIC), aux OBJECT(IGNORED))");
  }
};

TEST_P(CrateColumns, TheNaiveStatementLosesData) {
  must("CREATE TABLE " + demo() + " (pk TEXT PRIMARY KEY, item OBJECT(DYNAMIC), v TEXT)");
  const std::string upsert =
      " ON CONFLICT (pk) DO UPDATE SET item = CASE WHEN excluded.v > v THEN excluded.item ELSE item END, "
      "v = CASE WHEN excluded.v > v THEN excluded.v ELSE v END";
  must("INSERT INTO " + demo() + R"( (pk, item, v) VALUES ('a', '{"a":1}', '2'))" + upsert);
  EXPECT_EQ(cell("SELECT item FROM " + demo() + " WHERE pk = 'a'"), R"({"a":1})");
  // An older change, which the guard turns away, brings an attribute that the table does not know.
  must("INSERT INTO " + demo() + R"( (pk, item, v) VALUES ('a', '{"k":1}', '1'))" + upsert);
  EXPECT_EQ(cell("SELECT item FROM " + demo() + " WHERE pk = 'a'"), "NULL");
  EXPECT_EQ(cell("SELECT v FROM " + demo() + " WHERE pk = 'a'"), "2");
}

TEST_P(CrateColumns, TheServerTakesColumnsBelowArraysOfObjects) {
  must("CREATE TABLE " + demo() + " (pk TEXT PRIMARY KEY, data OBJECT(STRICT))");
  must("ALTER TABLE " + demo() + " ADD COLUMN data['p'] ARRAY(OBJECT(IGNORED))");
  must("INSERT INTO " + demo() + R"( (pk, data) VALUES ('n', '{"p":[{"k":1}]}'))");
  must("INSERT INTO " + demo() + R"( (pk, data) VALUES ('s', '{"p":[{"k":"x"}]}'))");
  must("ALTER TABLE " + demo() + " ADD COLUMN data['p']['k'] DOUBLE PRECISION");
  must("INSERT INTO " + demo() + R"( (pk, data) VALUES ('5', '{"p":[{"k":"5"}]}'))");
  backend->refresh(*sink, name("demo"));
  EXPECT_EQ(cell("SELECT data FROM " + demo() + " WHERE pk = 'n'"), R"({"p":[{"k":1.0}]})");
  EXPECT_EQ(cell("SELECT data FROM " + demo() + " WHERE pk = '5'"), R"({"p":[{"k":5.0}]})");
  const Result<ResultSet> all = query("SELECT data FROM " + demo());
  ASSERT_FALSE(all);
  EXPECT_THAT(to_string(all.error()), HasSubstr("illegal syntax"));
}

TEST_P(CrateColumns, TheServerMakesDynamicObjectsOfMissingParents) {
  must("CREATE TABLE " + demo() + " (pk TEXT PRIMARY KEY, data OBJECT(STRICT))");
  must("ALTER TABLE " + demo() + " ADD COLUMN data['p']['k'] TEXT");
  EXPECT_THAT(cell("SHOW CREATE TABLE " + demo()), HasSubstr("\"p\" OBJECT(DYNAMIC)"));
}

TEST_P(CrateColumns, TheServerCannotReadEveryNameInAnArrayOfObjects) {
  must("CREATE TABLE " + demo() + " (pk TEXT PRIMARY KEY, data OBJECT(STRICT) AS (p ARRAY(OBJECT(IGNORED)), \"😀\" TEXT))");
  must("INSERT INTO " + demo() + R"( (pk, data) VALUES ('a', '{"p":[{"é":"😀"}],"😀":"x"}'))");
  EXPECT_TRUE(query("SELECT data FROM " + demo() + " WHERE pk = 'a'"));
  must("INSERT INTO " + demo() + R"( (pk, data) VALUES ('b', '{"p":[{"😀":"x"}]}'))");
  EXPECT_FALSE(query("SELECT data FROM " + demo() + " WHERE pk = 'b'"));
}

TEST_P(CrateColumns, NamesThatTheServerCouldNotReadStandInAux) {
  const Changes changes = {put(1, text_key("a"), R"({"p":{"L":[{"M":{"k":{"S":"x"}}}]},"😀":{"S":"x"}})"),
                           put(2, text_key("b"), R"({"p":{"L":[{"M":{"😀":{"S":"x"}}}]}})"),
                           put(3, text_key("c"), R"({"p":{"L":[{"M":{"k":{"L":[{"M":{"😀":{"N":"1"}}}]}}}]}})")};
  open(*changes[0]);
  apply(changes);
  const auto stored = items();
  EXPECT_EQ(stored.at("a"), R"({"p":[{"k":"x"}],"😀":"x"})");
  EXPECT_EQ(stored.at("b"), R"({"p":[{"😀":"x"}]})");
  EXPECT_EQ(stored.at("c"), R"({"p":[{"k":[{"😀":1}]}]})");
}

TEST_P(CrateColumns, ARowWithSuchANameInAuxIsWrittenAgainAndAgain) {
  const std::string key = text_key("a");
  const Changes changes = {put(1, key, R"({"p":{"L":[{"M":{"😀":{"S":"x"}}}]}})"),
                           put(2, key, R"({"p":{"S":"y"}})"),
                           put(3, key, R"({"p":{"M":{"😀":{"N":"1E-100"}}}})"),
                           put(4, key, R"({"p":{"S":"z"}})"),
                           removal(5, key),
                           put(6, key, R"({"q":{"S":"end"}})")};
  open(*changes[0]);
  for (const auto& change : changes) EXPECT_TRUE(apply(Changes{change}).dead_letters.empty());
  EXPECT_EQ(items().at("a"), R"({"q":"end"})");
}

TEST_P(CrateColumns, OurStatementsDoNot) {
  const auto a2 = put(2, text_key("a"), R"({"a":{"N":"1"}})");
  open(*a2);
  apply(Changes{a2, put(2, text_key("b"), R"({"a":{"N":"2"}})"), put(2, text_key("c"), R"({"a":{"N":"3"}})")});
  apply(Changes{put(1, text_key("n"), R"({"new1":{"S":"x"}})"),
                put(3, text_key("a"), R"({"a":{"N":"9"},"new2":{"M":{"x":{"BOOL":true}}}})"),
                put(1, text_key("b"), R"({"a":{"N":"8"},"new3":{"S":"x"}})"), put(3, text_key("c"), R"({"a":{"N":"7"}})")});
  const auto stored = items();
  EXPECT_EQ(stored.at("n"), R"({"new1":"x"})");
  EXPECT_EQ(stored.at("a"), R"({"a":9,"new2":{"x":true}})");
  EXPECT_EQ(stored.at("b"), R"({"a":2})");
  EXPECT_EQ(stored.at("c"), R"({"a":7})");
  EXPECT_EQ(data_columns(), (std::map<std::string, std::string>{{"data['a']", "double precision"},
                                                                {"data['new1']", "text"},
                                                                {"data['new2']", "object"},
                                                                {"data['new2']['x']", "boolean"},
                                                                {"data['new3']", "text"}}));
}

TEST_P(CrateColumns, AForeignTableIsTakenOverWithoutLoss) {
  make_foreign_table();
  must("INSERT INTO " + demo() + R"( (pk, data) VALUES ('{"pk":"a"}', '{"a":1,"s":"t"}'))");
  must("INSERT INTO " + demo() + R"( (pk, data) VALUES ('{"pk":"b"}', '{"a":2}'))");
  const auto newer = put(1, text_key("a"), R"({"a":{"N":"5"}})");
  open(*newer);
  apply(Changes{put(1, text_key("n"), R"({"k":{"S":"x"}})"), newer,
                put(1, text_key("c"), R"({"a":{"N":"1.5"},"s":{"N":"7"}})")});
  const auto stored = items();
  EXPECT_EQ(stored.at("n"), R"({"k":"x"})");
  EXPECT_EQ(stored.at("a"), R"({"a":5})");          // rows without a version give way to any change
  EXPECT_EQ(stored.at("b"), R"({"a":2})");          // what nobody wrote stays
  EXPECT_EQ(stored.at("c"), R"({"a":1.5,"s":7})");  // nothing is bent into bigint and text columns
  EXPECT_EQ(cell("SELECT aux FROM " + demo() + " WHERE pk['pk'] = 'c'"), R"({"a":{"N":"1.5"},"s":{"N":"7"}})");
}

TEST_P(CrateColumns, APathWithoutATypeIsNeverUsed) {
  make_foreign_table();
  must("INSERT INTO " + demo() + R"( (pk, data) VALUES ('{"pk":"z"}', '{"z":null,"e":[]}'))");
  const auto change = put(1, text_key("a"), R"({"z":{"N":"5"},"e":{"L":[{"S":"x"}]}})");
  open(*change);
  apply(Changes{change, put(1, text_key("b"), R"({"z":{"S":"text"}})")});
  EXPECT_EQ(items().at("a"), R"({"e":["x"],"z":5})");
  EXPECT_EQ(items().at("b"), R"({"z":"text"})");
  EXPECT_EQ(data_columns().at("data['z']"), "undefined");
}

TEST_P(CrateColumns, AnotherWriterMayBeQuicker) {
  const auto first = put(1, text_key("a"), R"({"a":{"N":"1"}})");
  open(*first);
  auto other = backend->make_sink(options);
  const Result<OpenTable> elsewhere = open(*other, "demo", *first);
  ASSERT_TRUE(elsewhere);
  auto batch = batch_of(Changes{put(1, text_key("b"), R"({"n":{"S":"text"}})")});
  batch->tables[0] = writes_of(*elsewhere, Changes{put(1, text_key("b"), R"({"n":{"S":"text"}})")});
  ASSERT_TRUE((await<BatchOutcome>([&](auto done) { other->apply(batch, std::move(done)); })));
  // This sink still knows nothing of `n`, and wants it to be a number.
  apply(Changes{put(1, text_key("c"), R"({"n":{"N":"7"},"m":{"N":"8"}})")});
  EXPECT_EQ(items().at("b"), R"({"n":"text"})");
  EXPECT_EQ(items().at("c"), R"({"m":8,"n":7})");
  EXPECT_EQ(cell("SELECT aux FROM " + demo() + " WHERE pk['pk'] = 'c'"), R"({"n":{"N":"7"}})");
  EXPECT_EQ(opened->renderer->types().paths.at({"n"}).kind, table::LearnedType::Kind::text);
}

TEST_P(CrateColumns, AColumnThatVanishedIsAddedAgain) {
  Changes changes;
  for (int i = 0; i < 30; i++) changes.push_back(put(1, text_key("k" + std::to_string(i)), R"({"n":{"N":"1"}})"));
  open(*changes[0]);
  apply(changes);
  must("ALTER TABLE " + demo() + " DROP COLUMN data['n']");
  Changes newer;
  for (int i = 0; i < 30; i++) newer.push_back(put(2, text_key("k" + std::to_string(i)), R"({"n":{"N":"2"}})"));
  // More refusals than the server gives reasons for, in one shard at least.
  const BatchOutcome outcome = apply(newer);
  EXPECT_TRUE(outcome.dead_letters.empty());
  for (const auto& [key, item] : items()) EXPECT_EQ(item, R"({"n":2})") << key;
}

TEST_P(CrateColumns, AColumnThatChangedItsTypeIsLearnedAnew) {
  const auto first = put(1, text_key("a"), R"({"n":{"N":"1"}})");
  open(*first);
  apply(Changes{first});
  must("ALTER TABLE " + demo() + " DROP COLUMN data['n']");
  must("ALTER TABLE " + demo() + " ADD COLUMN data['n'] OBJECT(STRICT)");
  Changes changes;
  for (int i = 0; i < 20; i++) changes.push_back(put(2, text_key("k" + std::to_string(i)), R"({"m":{"N":"1"}})"));
  changes[13] = put(2, text_key("poison"), R"({"n":{"N":"1.5"}})");
  // The server refuses the whole request for the one row.
  const BatchOutcome outcome = apply(changes);
  EXPECT_TRUE(outcome.dead_letters.empty());
  const auto stored = items();
  EXPECT_EQ(stored.size(), 21u);
  EXPECT_EQ(stored.at("poison"), R"({"n":1.5})");
  EXPECT_EQ(stored.at("k0"), R"({"m":1})");
}

TEST_P(CrateColumns, AListOfMapsInOneChangeIsAMapInAnother) {
  const auto list = put(1, text_key("1"), R"({"p":{"L":[{"M":{"k":{"N":"1"}}}]},"q":{"M":{"k":{"N":"1"}}}})");
  open(*list);
  Changes all = {list, put(2, text_key("2"), R"({"p":{"M":{"k":{"N":"2"}}},"q":{"L":[{"M":{"k":{"N":"2"}}}]}})"),
                 put(3, text_key("3"), R"({"p":{"L":[{"M":{"k":{"S":"5"}}}]},"q":{"M":{"k":{"S":"5"}}}})")};
  apply(all);
  apply(Changes{put(4, text_key("4"), R"({"p":{"L":[{"M":{"k":{"N":"9007199254740993"}}}]}})"),
                put(5, text_key("5"), R"({"p":{"L":[{"M":{"k":{"BOOL":true}}}]}})"),
                put(6, text_key("6"), R"({"p":{"M":{"k":{"M":{"x":{"S":"5"}}}}}})")});
  const auto stored = items();
  EXPECT_EQ(stored.at("1"), R"({"p":[{"k":1}],"q":{"k":1}})");
  EXPECT_EQ(stored.at("2"), R"({"p":{"k":2},"q":[{"k":2}]})");
  EXPECT_EQ(stored.at("3"), R"({"p":[{"k":"5"}],"q":{"k":"5"}})");
  EXPECT_EQ(stored.at("4"), R"({"p":[{"k":9007199254740993}]})");
  EXPECT_EQ(stored.at("5"), R"({"p":[{"k":true}]})");
  EXPECT_EQ(stored.at("6"), R"({"p":{"k":{"x":"5"}}})");
  EXPECT_EQ(data_columns(),
            (std::map<std::string, std::string>{
                {"data['p']", "object_array"}, {"data['q']", "object"}, {"data['q']['k']", "double precision"}}));
}

TEST_P(CrateColumns, ARaceForAPathLeavesNoColumnBelowAnArray) {
  const auto first = put(1, text_key("a"), R"({"x":{"N":"1"}})");
  open(*first);
  auto other = backend->make_sink(options);
  const Result<OpenTable> elsewhere = open(*other, "demo", *first);
  ASSERT_TRUE(elsewhere);
  const auto list = put(1, text_key("b"), R"({"p":{"L":[{"M":{"k":{"S":"t"}}}]}})");
  auto batch = batch_of(Changes{list});
  batch->tables[0] = writes_of(*elsewhere, Changes{list});
  ASSERT_TRUE((await<BatchOutcome>([&](auto done) { other->apply(batch, std::move(done)); })));
  // This sink takes `p` for unknown, and wants an object with a column inside.
  apply(Changes{put(1, text_key("c"), R"({"p":{"M":{"k":{"N":"7"}}},"m":{"N":"8"}})")});
  EXPECT_EQ(items().at("b"), R"({"p":[{"k":"t"}]})");
  EXPECT_EQ(items().at("c"), R"({"m":8,"p":{"k":7}})");
  EXPECT_FALSE(data_columns().contains("data['p']['k']"));
}

TEST_P(CrateColumns, AForeignArrayOfObjectsWithColumnsIsNotUsed) {
  must("CREATE TABLE " + demo() +
       " (pk OBJECT(STRICT) AS (pk TEXT PRIMARY KEY), "
       "data OBJECT(STRICT) AS (p ARRAY(OBJECT(IGNORED) AS (k DOUBLE PRECISION))), aux OBJECT(IGNORED))");
  const auto change = put(1, text_key("a"), R"({"p":{"L":[{"M":{"k":{"S":"5"}}}]},"n":{"N":"1"}})");
  open(*change);
  apply(Changes{change});
  EXPECT_EQ(items().at("a"), R"({"n":1,"p":[{"k":"5"}]})");
  EXPECT_EQ(cell("SELECT data FROM " + demo() + " WHERE pk['pk'] = 'a'"), R"({"n":1.0})");
}

TEST_P(CrateColumns, TheFirstChangeInTheStreamFixesAType) {
  const Changes story = {put(1, text_key("a"), R"({"i":{"N":"1"}})"),
                         put(2, text_key("b"), R"({"n":{"S":"x"},"gone":{"BOOL":true}})"),
                         put(3, text_key("a"), R"({"n":{"N":"5"},"o":{"M":{"k":{"N":"1"}}}})"),
                         put(4, text_key("b"), R"({"o":{"M":{"k":{"S":"x"}}}})"), removal(5, text_key("b"))};
  open(*story[0]);
  apply(story);
  const auto together = data_columns();
  EXPECT_EQ(together, (std::map<std::string, std::string>{{"data['i']", "double precision"},
                                                          {"data['gone']", "boolean"},
                                                          {"data['n']", "text"},
                                                          {"data['o']", "object"},
                                                          {"data['o']['k']", "double precision"}}));
  must("DROP TABLE " + demo());
  open_anew(*story[0]);
  for (const auto& change : story) apply(Changes{change});
  EXPECT_EQ(data_columns(), together);
  EXPECT_EQ(items().at("a"), R"({"n":5,"o":{"k":1}})");
}

TEST_P(CrateColumns, BatchesAskInTheOrderInWhichTheyWereGiven) {
  const auto first = put(1, text_key("a"), R"({"n":{"S":"x"}})");
  const auto second = put(2, text_key("b"), R"({"n":{"N":"7"},"m":{"N":"8"}})");
  open(*first);
  int done = 0;
  for (const auto& change : {first, second}) {
    sink->apply(batch_of(Changes{change}), [&](Result<BatchOutcome> outcome) {
      EXPECT_TRUE(outcome) << to_string(outcome.error());
      done++;
    });
  }
  ASSERT_TRUE(backend->run_until([&] { return done == 2; }));
  EXPECT_EQ(data_columns().at("data['n']"), "text");
  EXPECT_EQ(items().at("b"), R"({"m":8,"n":7})");
}

TEST_P(CrateColumns, TheServersLimitIsKeptAndSaidOnce) {
  must("CREATE TABLE " + demo() +
       " (pk OBJECT(STRICT) AS (pk TEXT PRIMARY KEY), data OBJECT(STRICT), aux OBJECT(IGNORED)) "
       "WITH (\"mapping.total_fields.limit\" = 12)");
  const auto change =
      put(1, text_key("a"), R"({"c1":{"N":"1"},"c2":{"N":"1"},"c3":{"N":"1"},"c4":{"N":"1"},"c5":{"N":"1"}})");
  open(*change);
  apply(Changes{change, put(1, text_key("b"), R"({"d1":{"S":"x"},"c1":{"N":"2"}})")});
  apply(Changes{put(1, text_key("c"), R"({"e1":{"S":"x"},"c1":{"N":"2"}})")});
  EXPECT_EQ(items().at("a"), R"({"c1":1,"c2":1,"c3":1,"c4":1,"c5":1})");
  EXPECT_EQ(items().at("c"), R"({"c1":2,"e1":"x"})");
  EXPECT_EQ(data_columns().size(), 4u);  // beside pk, its key, data, aux and our three
  EXPECT_THAT(backend->log_lines(),
              ElementsAre(AllOf(HasSubstr("as many columns as it may have"), HasSubstr("mapping.total_fields.limit"))));
}

TEST_P(CrateColumns, AFullTableGetsNoMore) {
  options.tables.max_columns = 10;
  sink = backend->make_sink(options);
  const auto change =
      put(1, text_key("a"), R"({"c1":{"N":"1"},"c2":{"N":"1"},"c3":{"N":"1"},"c4":{"N":"1"},"c5":{"N":"1"}})");
  open(*change);
  apply(Changes{change, put(1, text_key("b"), R"({"d1":{"S":"x"},"c1":{"N":"2"}})")});
  EXPECT_EQ(items().at("a"), R"({"c1":1,"c2":1,"c3":1,"c4":1,"c5":1})");
  EXPECT_EQ(items().at("b"), R"({"c1":2,"d1":"x"})");
  EXPECT_EQ(data_columns().size(), 3u);  // beside pk, its key, data, aux and our three
  EXPECT_THAT(backend->log_lines(), ElementsAre(HasSubstr("by=max-columns")));
}

TEST_P(CrateColumns, WithoutDdlUnknownAttributesGoToAux) {
  const auto change = put(1, text_key("a"), R"({"n":{"N":"1"}})");
  open(*change);
  apply(Changes{change});
  options.tables.create_table = false;
  sink = backend->make_sink(options);
  open(*change);
  apply(Changes{put(2, text_key("a"), R"({"n":{"N":"2"},"m":{"N":"3"}})")});
  EXPECT_EQ(items().at("a"), R"({"m":3,"n":2})");
  EXPECT_EQ(data_columns().size(), 1u);
}

TEST_P(CrateColumns, TypedFalseTakesAnyShape) {
  options.tables.typed = false;
  sink = backend->make_sink(options);
  const auto change =
      put(1, text_key("a"), R"({"x":{"L":[{"N":"1"},{"S":"s"},{"M":{"a.b":{"NULL":true}}}]},"y":{"N":"1E-100"}})");
  open(*change);
  apply(Changes{change, put(1, text_key("b"), R"({"x":{"S":"text"},"n":{"N":"12345678901234567890123"}})")});
  EXPECT_EQ(items().at("a"),
            expected(R"({"x":{"L":[{"N":"1"},{"S":"s"},{"M":{"a.b":{"NULL":true}}}]},"y":{"N":"1E-100"}})"));
  EXPECT_EQ(items().at("b"), expected(R"({"x":{"S":"text"},"n":{"N":"12345678901234567890123"}})"));
  EXPECT_TRUE(data_columns().empty());
}

TEST_P(CrateColumns, ATableInTheWayIsShown) {
  must("CREATE TABLE " + demo() + " (id TEXT PRIMARY KEY, data OBJECT(STRICT), aux OBJECT(IGNORED))");
  const auto change = put(1, text_key("a"), "{}");
  const Result<OpenTable> result = open(*sink, "demo", *change);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::refused);
  EXPECT_THAT(result.error().message, HasSubstr("PRIMARY KEY (\"id\")"));
  EXPECT_THAT(result.error().message, HasSubstr("\"pk\" OBJECT(STRICT)"));
  EXPECT_FALSE(record_of(*sink, "demo"));
}

INSTANTIATE_TEST_SUITE_P(CrateDb, CrateColumns,
                         ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend},
                                           BackendMaker{"real", make_real_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
