// MariaDB and MySQL as targets, and what is their own. MySQL takes part where CTK_TEST_MYSQL_HOME has a server of it.
#include <utility>

#include "base/random.h"
#include "sink/conformance_history_test.h"
#include "sink/sql/mysql_dialect.h"
#include "sink/sql/sql_backends_test.h"
#include "sink/sql/sql_targets.h"
#include "sink/testing/mysql_server.h"

namespace ctk::sink::testing {
namespace {

/// A database of its own in the shared server.
class MysqlBackend final : public SqlBackend {
 public:
  MysqlBackend(table::Target target, DatabaseServer& server)
      : SqlBackend(sql::make_mysql_dialect(target)), server_(server) {
    static int databases = 0;
    database_ = "Test " + std::to_string(++databases);
  }

  TargetOptions options() const override {
    TargetOptions options;
    options.kind = kind();
    options.url.scheme = kind() == table::Target::mysql ? "mysql" : "mariadb";
    options.url.user = "ctk";
    options.url.password = Secret("secret");
    options.url.hosts = {{"127.0.0.1", server_.port()}};
    options.schema = database_;
    return options;
  }
  std::unique_ptr<Database> make_sink(const TargetOptions& options) override {
    return make_mysql_sink(options, environment());
  }
  std::string select_rows(const table::TableSpec& spec) const override { return select_trimmed_rows(spec); }

 private:
  DatabaseServer& server_;
  std::string database_;
};

std::unique_ptr<Backend> make_backend(table::Target target, DatabaseServer* server) {
  return server == nullptr ? nullptr : std::make_unique<MysqlBackend>(target, *server);
}

const std::initializer_list<BackendMaker> kBackends = {
    {"mariadb", [] { return make_backend(table::Target::mariadb, shared_mariadb_server()); }},
    {"mysql", [] { return make_backend(table::Target::mysql, shared_mysql_server()); }}};
constexpr auto kNameOf = [](const auto& instance) { return instance.param.name; };

INSTANTIATE_TEST_SUITE_P(Mysql, Conformance, ::testing::ValuesIn(kBackends), kNameOf);
INSTANTIATE_TEST_SUITE_P(Mysql, ConformanceOfNames, ::testing::ValuesIn(kBackends), kNameOf);
INSTANTIATE_TEST_SUITE_P(Mysql, ConformanceOfHistory, ::testing::ValuesIn(kBackends), kNameOf);
INSTANTIATE_TEST_SUITE_P(Mysql, ConformanceOfRefusingHistory, ::testing::ValuesIn(kBackends), kNameOf);
INSTANTIATE_TEST_SUITE_P(Mysql, ConformanceOfLetters, ::testing::ValuesIn(kBackends), kNameOf);

class MysqlOwn : public Conformance {};

TEST_P(MysqlOwn, TheLongestKeysThatDynamodbHas) {
  const std::string key =
      R"({"pk":{"S":")" + std::string(2048, 'p') + R"("},"sk":{"B":")" + std::string(1364, 'A') + "AA==\"}}";
  const auto change = put(1, key, R"({"v":{"S":"x"}})");
  open(*change);
  apply(Changes{change});
  EXPECT_EQ(rows().size(), 1U);
  EXPECT_TRUE(letters().empty());
}

TEST_P(MysqlOwn, TextsThatCollationsTakeForOneAreSeveralKeys) {
  open(*put(1, text_key("a"), "{}"));
  Changes changes;
  for (const char* key : {"a", "A", "a ", "a  ", "\u00e4", "a\u0308", "\U0001F600", "\U0001F601"}) {
    changes.push_back(put(1, text_key(key), "{}"));
  }
  apply(changes);
  EXPECT_EQ(rows().size(), changes.size());
}

TEST_P(MysqlOwn, ReservedWordsAreNamesLikeOthers) {
  for (const std::string word :
       {"rank", "groups", "system", "window", "lateral", "select", "key", "new", "rows", "values"}) {
    const std::string key = "{\"" + word + R"(":{"S":"a"}})";
    const auto first = put(1, key, "{\"row\":{\"S\":\"b\"}}"), second = put(2, key, "{\"of\":{\"S\":\"c\"}}");
    open(*first, word);
    apply(Changes{first});
    apply(Changes{second, put(1, "{\"" + word + R"(":{"S":"b"}})", "{}")});
    EXPECT_EQ(rows().size(), 2U) << word;
  }
  EXPECT_TRUE(letters().empty());
}

TEST_P(MysqlOwn, NumbersOfKeysHaveThirtyFiveDigitsAndThirtyDecimals) {
  const auto number = [](const std::string& digits) { return put(1, R"({"pk":{"N":")" + digits + R"("}})", "{}"); };
  const std::string nines(35, '9');
  Changes changes;
  for (const std::string& digits : {nines, "-" + nines, nines + ".999", std::string("1E-30"), std::string("-1E-30"),
                                    std::string("1E+34"), std::string("0")}) {
    changes.push_back(number(digits));
  }
  open(*changes.front());
  apply(changes);
  EXPECT_EQ(rows().size(), changes.size());
  EXPECT_TRUE(letters().empty());
  apply(Changes{number("1E+35"), number("1E-31")});
  EXPECT_EQ(rows().size(), changes.size());
  EXPECT_EQ(letters().size(), 2U);
}

/// MySQL's JSON has doubles and 64-bit integers, MariaDB's text rounds nothing.
TEST_P(MysqlOwn, WhatJsonWouldRoundStandsInAuxAlone) {
  const std::string exact = "12345678901234567890123456789012345678", whole = "18446744073709551615";
  const std::string image = R"({"n":{"N":")" + exact + R"("},"w":{"N":")" + whole +
                            R"("},"d":{"N":"0.1"},"m":{"M":{"tiny":{"N":"1E-130"},"v":{"N":"1.5"}}}})";
  const auto change = put(1, text_key("a"), image);
  open(*change);
  apply(Changes{change});
  ASSERT_EQ(rows().size(), 1U);
  const StoredRow row = rows().front();
  const bool rounds = backend->kind() == table::Target::mysql;
  EXPECT_EQ(row.data.value_or("").contains(exact), !rounds) << row.data.value_or("");
  EXPECT_EQ(row.aux.value_or("").contains(exact), rounds) << row.aux.value_or("");
  EXPECT_EQ(items().begin()->second, expected(image));
}

/// Of every length and size; MySQL's JSON gives some of them back with other digits.
TEST_P(MysqlOwn, NumbersArriveExactly) {
  Random random(7);
  std::string list;
  for (int i = 0; i < 3000; ++i) {
    std::string digits = std::to_string(1 + random.below(9));
    for (uint64_t more = random.below(20); more > 0; --more) digits += std::to_string(random.below(10));
    if (digits.size() > 1 && i % 2 == 0) digits.insert(1 + random.below(digits.size() - 1), ".");
    list += (i == 0 ? "" : ",") + std::string(R"("n)") + std::to_string(i) + R"(":{"N":")" + digits + "E" +
            std::to_string(static_cast<int>(random.below(80)) - 40) + "\"}";
  }
  const std::string image = "{" + list + "}";
  const auto change = put(1, text_key("a"), image);
  open(*change);
  apply(Changes{change});
  EXPECT_EQ(items().begin()->second, expected(image));
}

TEST_P(MysqlOwn, ATableWithASecondUniqueKeyIsNotWrittenTo) {
  fill(1);
  change_by_hand("ALTER TABLE " + backend->quoted(name("demo")) + " ADD COLUMN mail VARCHAR(100) UNIQUE");
  const Result<OpenTable> again = open_again();
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().message.contains("another unique key")) << to_string(again.error());
}

TEST_P(MysqlOwn, ATableOutsideOfTransactionsIsNotWrittenTo) {
  const auto change = put(1, text_key("a"), "{}");
  open(*change);
  ASSERT_TRUE(query("CREATE TABLE " + backend->quoted(name("foreign")) +
                    " (pk VARBINARY(100) PRIMARY KEY, data LONGTEXT) ENGINE = MyISAM"));
  const Result<OpenTable> other = open(*sink, "foreign", *change);
  ASSERT_FALSE(other);
  EXPECT_TRUE(other.error().message.contains("a table of the engine MyISAM")) << to_string(other.error());
}

TEST_P(MysqlOwn, LocksOfRegistrationAreGivenBack) {
  const auto change = put(1, text_key("a"), "{}");
  open(*change, "earlier");
  open(*change);
  const std::unique_ptr<Database> other = backend->make_sink(options);
  EXPECT_TRUE(open(*other, "demo", *change)) << "and every lock was given back";
}

/// Its questions with the names written out.
std::string naming(std::string question, const std::string& schema, const std::string& table) {
  size_t at = 0;
  for (bool is_schema = true; (at = question.find('?', at)) != std::string::npos; is_schema = !is_schema) {
    const std::string name = "'" + (is_schema ? schema : table) + "'";
    question.replace(at, 1, name);
    at += name.size();
  }
  return question;
}

TEST_P(MysqlOwn, DescriptionsOpenNoOtherTables) {
  open(*put(1, text_key("a"), "{}"));
  const std::unique_ptr<sql::Dialect> dialect = sql::make_mysql_dialect(options.kind);
  for (const std::string& question :
       {dialect->describe_relation(), dialect->describe_columns(), dialect->describe_keys()}) {
    const Result<ResultSet> plan = query("EXPLAIN " + naming(question, options.schema, "demo"));
    ASSERT_TRUE(plan) << to_string(plan.error());
    EXPECT_FALSE(plan->rows.empty());
    for (const auto& row : plan->rows) {
      const std::string extra = row.back().value_or("");
      EXPECT_FALSE(extra.contains("Scanned all")) << question << "\n" << extra;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sql, MysqlOwn, ::testing::ValuesIn(kBackends), kNameOf);

}  // namespace
}  // namespace ctk::sink::testing
