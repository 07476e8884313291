// Tables of a user's own in SQLite, as none of ours is: without rowids, with columns that hide them, with keys that are
// declared to fold texts. Rows are read, repaired and swept there as anywhere.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "sink/conformance_test.h"
#include "sink/sql/sql_backends_test.h"
#include "table/keys.h"

namespace ctk::sink::testing {
namespace {

using ::testing::HasSubstr;
using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;

class UsersTable : public Conformance {
 protected:
  void make(const std::string& definition) {
    open(*put(1, text_key("a"), "{}"), "another");  // the file has our own tables then
    const Result<ResultSet> made = query(definition);
    ASSERT_TRUE(made) << definition << ": " << to_string(made.error());
  }
  std::shared_ptr<const table::TableSpec> spec() const {
    return std::make_shared<const table::TableSpec>(opened->renderer->spec());
  }
  std::vector<table::KeyCell> cells(const dynamodb::Change& change) const {
    return table::key_cells(opened->renderer->spec(), change.keys()).value_or(std::vector<table::KeyCell>{});
  }
  /// All pages of keys, `limit` a page.
  std::multiset<KeyTexts> walk(size_t limit) {
    std::multiset<KeyTexts> found;
    std::vector<std::string> from;
    size_t pages = 0;
    do {
      const auto page = await<KeyPage>([&](auto done) { sink->read_keys(spec(), from, limit, std::move(done)); });
      EXPECT_TRUE(page) << to_string(page.error());
      if (!page) break;
      found.insert(page->keys.begin(), page->keys.end());
      from = page->next;
    } while (!from.empty() && ++pages < 1000);
    return found;
  }
  /// All rows, one after another.
  std::multiset<KeyTexts> visited() {
    std::multiset<KeyTexts> found;
    const auto visit = [&](const KeyTexts& key, auto, auto) { return found.insert(key), true; };
    EXPECT_TRUE(await<bool>([&](auto done) { sink->walk_rows(spec(), visit, std::move(done)); }));
    return found;
  }
  RowReader::Rows read(const Changes& asked) {
    std::vector<std::vector<table::KeyCell>> keys;
    for (const auto& change : asked) keys.push_back(cells(*change));
    return await<RowReader::Rows>([&](auto done) { sink->read_rows(spec(), keys, std::move(done)); }).value();
  }
  Result<bool> repair(std::vector<RowRepair> repairs) {
    return await<bool>(
        [&](auto done) { sink->repair_rows(spec(), opened->record.epoch, std::move(repairs), std::move(done)); });
  }
  /// Keys of a text and a number in all of its forms, each with a mark or without.
  void fill_and_mark() {
    for (const char* text : {"a", "A", "b"}) {
      for (const char* digits : {"7", "-3", "0.1", "1.5E+20", "123456789012345678901234567890", "1E-100"}) {
        const std::string key = std::string(R"({"pk":{"S":")") + text + R"("},"sk":{"N":")" + digits + R"("}})";
        changes.push_back(put(changes.size() + 1, key, "{}"));
      }
    }
    open(*changes.front());
    ASSERT_TRUE(opened);
    apply(changes);
    for (size_t i = 0; i < changes.size(); i += 3) {
      apply(Changes{removal(1000 + i, std::string(changes[i]->key))});
      marked.insert(i);
    }
  }
  /// Those that are not marked.
  std::multiset<KeyTexts> living() const {
    std::multiset<KeyTexts> texts;
    for (size_t i = 0; i < changes.size(); ++i) {
      if (marked.contains(i)) continue;
      KeyTexts key;
      for (const table::KeyCell& cell : cells(*changes[i])) key.push_back(cell.text);
      texts.insert(std::move(key));
    }
    return texts;
  }

  Changes changes;
  std::set<size_t> marked;
};

/// Walked, read and swept: each row once, and marks alone.
class AnyRowid : public UsersTable {
 protected:
  void try_all(const std::string& definition) {
    make(definition);
    fill_and_mark();
    ASSERT_TRUE(opened);
    for (const size_t limit : {1, 2, 5, 100}) EXPECT_EQ(walk(limit), living()) << limit;
    const RowReader::Rows rows = read(changes);
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_TRUE(rows[i]) << i;
      EXPECT_EQ(rows[i]->deleted, marked.contains(i));
    }
    // A letter of one of them keeps its mark.
    auto letter = std::make_shared<Batch>();
    DeadLetter kept;
    kept.id = "letter";
    kept.relay = relay.str();
    kept.source_table = opened->record.source_table;
    kept.key = changes[0]->key;
    kept.version = table::version_text(opened->record.epoch, put(500, std::string(changes[0]->key), "{}")->order);
    kept.kind = "refused";
    letter->dead_letters.push_back(kept);
    ASSERT_TRUE(apply(letter));
    const aws::ShardId shard("s");
    const auto begin = shards::Position::trim_horizon(), there = shards::Position::after(aws::SequenceNumber("9"));
    const coordination::Acquired acquired = acquire(*sink, "worker", {{shard, begin}}, true);
    const Timestamp late = from_micros(1'900'000'000'000'000);
    ASSERT_TRUE(move_alone(*sink, acquired.fence, {{shard, begin, there, late, {}}}));
    const auto swept = sweep(Duration{});
    ASSERT_TRUE(swept) << to_string(swept.error());
    EXPECT_EQ(swept->swept, marked.size() - 1);
    EXPECT_EQ(walk(3), living());
    EXPECT_TRUE(read(changes)[0]) << "its letter may be replayed";
    EXPECT_FALSE(read(changes)[3]);
  }
};

TEST_P(AnyRowid, WithoutOne) {
  try_all("CREATE TABLE demo (pk TEXT NOT NULL, sk NOT NULL, data TEXT, PRIMARY KEY (pk, sk)) WITHOUT ROWID");
}

TEST_P(AnyRowid, WithoutOneAndWithTheKeyInAnotherOrder) {
  try_all("CREATE TABLE demo (sk NOT NULL, pk TEXT NOT NULL, data TEXT, PRIMARY KEY (sk, pk)) WITHOUT ROWID");
}

TEST_P(AnyRowid, HiddenByAColumn) {
  try_all("CREATE TABLE demo (pk TEXT NOT NULL, sk NOT NULL, data TEXT, rowid TEXT DEFAULT 'x', PRIMARY KEY (pk, sk))");
}

TEST_P(AnyRowid, HiddenByColumnsOfAllItsNames) {
  try_all(
      "CREATE TABLE demo (pk TEXT NOT NULL, sk NOT NULL, data TEXT, rowid INTEGER DEFAULT 1, OID INTEGER DEFAULT 1, "
      "_rowid_ INTEGER DEFAULT 1, PRIMARY KEY (pk, sk))");
}

/// The column folds, its key does not: two rows, which the column's own comparison takes for one.
TEST_P(UsersTable, AKeysColumnThatFoldsTexts) {
  make("CREATE TABLE demo (pk TEXT NOT NULL COLLATE NOCASE, data TEXT)");
  ASSERT_TRUE(query("CREATE UNIQUE INDEX demo_key ON demo (pk COLLATE BINARY)"));
  changes = {put(1, text_key("k"), R"({"n":{"N":"1"}})"), put(2, text_key("K"), R"({"n":{"N":"2"}})")};
  open(*changes.front());
  ASSERT_TRUE(opened);
  apply(changes);
  ASSERT_TRUE(query("UPDATE demo SET cdc_version = NULL"));
  RowReader::Rows rows = read(changes);
  EXPECT_EQ(rows[0]->data, R"({"n":1})");
  EXPECT_EQ(rows[1]->data, R"({"n":2})");
  EXPECT_EQ(walk(1).size(), 2u);
  ASSERT_TRUE(repair({{cells(*changes[1]), nullptr, ""}}));
  rows = read(changes);
  EXPECT_FALSE(rows[0]->deleted) << "it is another row";
  EXPECT_TRUE(rows[1]->deleted);
}

/// SQLite keeps values of any type in any column: a BLOB of a text's bytes is no such text, nor the other way round.
TEST_P(UsersTable, AKeyOfAnotherTypeIsNoItems) {
  changes = {put(1, text_key("a"), "{}"), put(2, text_key("b"), "{}")};
  open(*changes.front());
  ASSERT_TRUE(opened);
  apply(changes);
  ASSERT_TRUE(query("INSERT INTO demo (pk, data) VALUES (x'61', '{}'), (x'ff', '{}')"));
  ASSERT_TRUE(query("DELETE FROM demo WHERE pk = 'b'"));
  ASSERT_TRUE(query("INSERT INTO demo (pk, data) VALUES (x'62', '{}')"));
  const std::multiset<KeyTexts> expected = {{"a"}, {}, {}, {}};
  for (const size_t limit : {1, 2, 100}) EXPECT_EQ(walk(limit), expected) << limit;
  EXPECT_EQ(visited(), expected);
}

/// A number has one form: a text only where no number of SQLite's holds it exactly, and then one text.
TEST_P(UsersTable, ANumberInAnotherFormIsNoItems) {
  const auto key = [](std::string_view digits) { return fmt::format(R"({{"id":{{"N":"{}"}}}})", digits); };
  for (const char* digits : {"1", "0.1", "1E+20", "12345678901234567890.5", "7"}) {
    changes.push_back(put(changes.size() + 1, key(digits), "{}"));
  }
  open(*changes.front());
  ASSERT_TRUE(opened);
  apply(changes);
  ASSERT_TRUE(query("DELETE FROM demo WHERE id = 7"));
  ASSERT_TRUE(
      query("INSERT INTO demo (id, data) VALUES ('7', '{}'), ('8', '{}'), ('1e0', '{}'), ('007', '{}'), "
            "('1.50', '{}'), ('0.1', '{}'), ('1e5', '{}'), ('+12345678901234567890.5', '{}'), ('\"1', '{}'), "
            "('x', '{}'), ('', '{}'), (x'37', '{}')"));
  std::multiset<KeyTexts> expected = {{"1"}, {"0.1"}, {"100000000000000000000"}, {"12345678901234567890.5"}};
  for (int i = 0; i < 12; ++i) expected.insert(KeyTexts());
  for (const size_t limit : {1, 2, 100}) EXPECT_EQ(walk(limit), expected) << limit;
  EXPECT_EQ(visited(), expected);
}

/// By their keys they are read as by rowids, each once.
TEST_P(UsersTable, ANumberInAnotherFormWithoutARowid) {
  make("CREATE TABLE demo (pk TEXT NOT NULL, sk NOT NULL, data TEXT, PRIMARY KEY (pk, sk)) WITHOUT ROWID");
  const auto key = [](std::string_view digits) { return fmt::format(R"({{"pk":{{"S":"a"}},"sk":{{"N":"{}"}}}})", digits); };
  for (const char* digits : {"1", "0.1", "12345678901234567890.5"}) {
    changes.push_back(put(changes.size() + 1, key(digits), "{}"));
  }
  open(*changes.front());
  ASSERT_TRUE(opened);
  apply(changes);
  ASSERT_TRUE(
      query("INSERT INTO demo (pk, sk, data) VALUES ('a', '0', '{}'), ('a', '0.1', '{}'), ('a', '1e0', '{}'), "
            "('a', '8', '{}'), ('a', x'38', '{}')"));
  std::multiset<KeyTexts> expected = {{"a", "1"}, {"a", "0.1"}, {"a", "12345678901234567890.5"}, {}, {}, {}, {}};
  for (const size_t limit : {1, 2, 100}) EXPECT_EQ(walk(limit), expected) << limit;
}

/// Where numbers are texts there is one text of each.
TEST_P(UsersTable, ANumbersTextInAnotherFormIsNoItems) {
  options.tables.key_types = {{"id", table::ColumnType::text}};
  changes = {put(1, R"({"id":{"N":"1"}})", "{}"), put(2, R"({"id":{"N":"2.5"}})", "{}")};
  open(*changes.front());
  ASSERT_TRUE(opened);
  apply(changes);
  ASSERT_TRUE(query("INSERT INTO demo (id, data) VALUES ('1e0', '{}'), ('2.50', '{}'), ('08', '{}'), ('\"1', '{}')"));
  const std::multiset<KeyTexts> expected = {{"1"}, {"2.5"}, {}, {}, {}, {}};
  for (const size_t limit : {1, 2, 100}) EXPECT_EQ(walk(limit), expected) << limit;
  EXPECT_EQ(visited(), expected);
}

TEST_P(UsersTable, ATextAmongKeysOfBytesIsNoItems) {
  const std::string first = R"({"pk":{"B":"YQ=="},"sk":{"N":"1"}})", other = R"({"pk":{"B":"Yg=="},"sk":{"N":"1"}})";
  changes = {put(1, first, "{}"), put(2, other, "{}")};
  open(*changes.front());
  ASSERT_TRUE(opened);
  apply(changes);
  ASSERT_TRUE(query("UPDATE demo SET pk = CAST(pk AS TEXT) WHERE pk = x'61'"));
  EXPECT_EQ(walk(1), (std::multiset<KeyTexts>{{}, {"b", "1"}}));
  EXPECT_EQ(visited(), walk(1));
}

/// Where rows have no numbers they are left out: nothing is read behind them.
TEST_P(UsersTable, AForeignKeyWithoutARowid) {
  make("CREATE TABLE demo (pk TEXT NOT NULL PRIMARY KEY, data TEXT) WITHOUT ROWID");
  changes = {put(1, text_key("a"), "{}"), put(2, text_key("b"), "{}")};
  open(*changes.front());
  ASSERT_TRUE(opened);
  apply(changes);
  ASSERT_TRUE(query("INSERT INTO demo (pk, data) VALUES (x'61', '{}'), (x'ff', '{}')"));
  for (const size_t limit : {1, 2, 100}) EXPECT_EQ(walk(limit), (std::multiset<KeyTexts>{{"a"}, {"b"}})) << limit;
}

/// Nothing is written to where "K" would be written over "k".
TEST_P(UsersTable, AKeyThatFoldsTextsIsNotRepaired) {
  open(*put(1, text_key("k"), "{}"));
  ASSERT_TRUE(opened);
  for (const char* sql : {"DROP VIEW demo_live", "DROP TABLE demo",
                          "CREATE TABLE demo (pk TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, data TEXT, aux TEXT, "
                          "cdc_version TEXT, cdc_deleted BOOLEAN, cdc_time TEXT)",
                          "INSERT INTO demo (pk, data) VALUES ('k', '{\"n\":1}')"}) {
    ASSERT_TRUE(query(sql)) << sql;
  }
  const auto other = put(2, text_key("K"), R"({"n":{"N":"2"}})");
  EXPECT_FALSE(read({other})[0]) << "k is another key";
  const Result<bool> repaired = repair({{cells(*other), other, std::nullopt}});
  ASSERT_FALSE(repaired);
  EXPECT_EQ(repaired.error().kind, ErrorKind::refused);
  EXPECT_THAT(repaired.error().message, HasSubstr("collation \"NOCASE\""));
  EXPECT_EQ(read({put(1, text_key("k"), "{}")})[0]->data, R"({"n":1})");
}

const BackendMaker kSqlite{"sqlite", make_sqlite_backend};
INSTANTIATE_TEST_SUITE_P(Sqlite, UsersTable, ::testing::Values(kSqlite),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, AnyRowid, ::testing::Values(kSqlite),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
