// What is CrateDB's own: no write ever adds a column, and no value is left to its casts.
#include <gmock/gmock.h>

#include "sink/cratedb/cratedb_backends_test.h"

namespace ctk::sink::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CrateColumns : public Conformance {
 protected:
  void must(const std::string& sql) {
    const Result<ResultSet> result = query(sql);
    ASSERT_TRUE(result) << sql << ": " << to_string(result.error());
  }

  std::string demo() const { return backend->quoted(name("demo")); }

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
