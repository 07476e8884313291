// The driver against a real MariaDB, and a real MySQL where there is one: what it waits for, what it sends, what it says.
#include "sink/sql/mysql_driver.h"

#include <gtest/gtest.h>

#include <thread>

#include "sink/testing/mysql_server.h"
#include "sink/testing/silent_server.h"

namespace ctk::sink::sql {
namespace {

constexpr Duration kForEver = std::chrono::hours(1);
/// Of two rows: a SLEEP that is stopped ends its own row well, to MySQL.
constexpr const char* kSleep = "SELECT SLEEP(3600) FROM (SELECT 1 UNION SELECT 2) AS t";

/// What `call` gives, while another thread asks to stop.
template <class Call>
auto stopped(std::stop_source& stop, Call call) {
  std::jthread other([&] { stop.request_stop(); });
  return call();
}

MysqlAddress address_of(int port, table::Target target = table::Target::mariadb) {
  MysqlAddress address;
  address.target = target;
  address.host = "127.0.0.1";
  address.port = port;
  address.user = "ctk";
  address.password = Secret("secret");
  address.shown = "here";
  address.query_database = "test";
  address.timeout = address.longest_connect = kForEver;
  return address;
}

TEST(MysqlDriverStops, WhereNobodyAnswers) {
  const testing::SilentServer server;
  std::stop_source stop;
  const auto driver = make_mysql_driver(address_of(server.port()));
  driver->heed(stop.get_token());
  const Status connected = stopped(stop, [&] { return driver->connect(Reach::create); });
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::stopped) << to_string(connected.error());
}

class MysqlDriver : public ::testing::TestWithParam<table::Target> {
 protected:
  void SetUp() override {
    server = is_mysql() ? testing::shared_mysql_server() : testing::shared_mariadb_server();
    if (server == nullptr) GTEST_SKIP() << "no " << GetParam()->product << " here";
    driver = connected();
  }
  static bool is_mysql() { return GetParam() == table::Target::mysql; }
  MysqlAddress address() const { return address_of(server->port(), GetParam()); }
  std::unique_ptr<Driver> connected() const {
    auto made = make_mysql_driver(address());
    made->heed(stop.get_token());
    const Status status = made->connect(Reach::create);
    EXPECT_TRUE(status) << to_string(status.error());
    return made;
  }
  std::string cell(const std::string& sql) {
    const SqlResult<Answer> answer = driver->run(statement(sql));
    return answer ? answer->rows.at(0).at(0).value_or("NULL") : to_string(answer.error().error);
  }

  testing::DatabaseServer* server = nullptr;
  std::stop_source stop;
  std::unique_ptr<Driver> driver;
};

TEST_P(MysqlDriver, IsStoppedInTheMidstOfAStatement) {
  const auto answer = stopped(stop, [&] { return driver->run(statement(kSleep)); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().scope, Scope::lost);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::stopped) << to_string(answer.error().error);
  EXPECT_TRUE(driver->connection_is_lost());
}

TEST_P(MysqlDriver, AUsersStatementIsStoppedAndTheSessionStays) {
  ASSERT_TRUE(driver->query("SET @mine = 1"));
  std::stop_source asked;
  const auto answer = stopped(asked, [&] { return driver->query({kSleep, asked.get_token(), ""}); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::stopped) << to_string(answer.error());
  const auto mine = driver->query("SELECT @mine");
  ASSERT_TRUE(mine) << to_string(mine.error());
  EXPECT_EQ(mine->rows.at(0).at(0), "1");
}

TEST_P(MysqlDriver, WhatAStoppedSleepAnswersIsNoAnswer) {
  std::stop_source asked;
  const auto answer = stopped(asked, [&] { return driver->query({"SELECT SLEEP(3600)", asked.get_token(), ""}); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::stopped) << to_string(answer.error());
  EXPECT_TRUE(driver->query("SELECT 1"));
}

TEST_P(MysqlDriver, TheSessionIsStrictInUtf8AndUtc) {
  EXPECT_EQ(cell("SELECT @@character_set_client"), "utf8mb4");
  EXPECT_EQ(cell("SELECT @@time_zone"), "+00:00");
  if (is_mysql()) {
    EXPECT_EQ(cell("SELECT @@information_schema_stats_expiry"), "0") << "sizes are those of now";
  }
  EXPECT_EQ(cell("SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%'"), "1");
  EXPECT_EQ(cell(is_mysql() ? "SELECT @@transaction_isolation" : "SELECT @@tx_isolation"), "READ-COMMITTED");
}

TEST_P(MysqlDriver, DdlEndsATransactionWhereItFailsToo) {
  ASSERT_TRUE(driver->run(statement("START TRANSACTION")));
  EXPECT_TRUE(driver->in_transaction());
  EXPECT_FALSE(driver->run(statement("SELECT * FROM test.nothing")));
  EXPECT_TRUE(driver->in_transaction()) << "a statement that is refused does not";
  EXPECT_FALSE(driver->run(statement("CREATE TABLE test.t (a INT, a INT)")));
  EXPECT_FALSE(driver->in_transaction());
}

class MysqlDriverLocks : public MysqlDriver {
 protected:
  void SetUp() override {
    MysqlDriver::SetUp();
    if (!driver) return;
    other = connected();
    ASSERT_TRUE(driver->run(statement("CREATE TABLE IF NOT EXISTS test.locked (k INT PRIMARY KEY)")));
    ASSERT_TRUE(driver->run(statement("REPLACE INTO test.locked VALUES (1), (2)")));
    ASSERT_TRUE(driver->run(statement("START TRANSACTION")));
    ASSERT_TRUE(other->run(statement("START TRANSACTION")));
    ASSERT_TRUE(lock(*other, 1));
  }
  static SqlResult<Answer> lock(Driver& of, int row, const std::string& how = "") {
    return of.run(statement("SELECT k FROM test.locked WHERE k = " + std::to_string(row) + " FOR UPDATE" + how));
  }

  std::unique_ptr<Driver> other;
};

TEST_P(MysqlDriverLocks, OneThatIsNotToBeHadInTimeMayBeHadLater) {
  ASSERT_TRUE(driver->run(statement("SET SESSION innodb_lock_wait_timeout = 1")));
  for (const char* how : {"", " NOWAIT"}) {  // 1205, and 3572 of MySQL
    const SqlResult<Answer> answer = lock(*driver, 1, how);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().scope, Scope::doubtful) << to_string(answer.error().error);
    EXPECT_EQ(answer.error().error.kind, ErrorKind::throttled) << to_string(answer.error().error);
  }
  ASSERT_TRUE(other->run(statement("ROLLBACK")));
  EXPECT_TRUE(lock(*driver, 1));
}

TEST_P(MysqlDriverLocks, ADeadlockIsAConflict) {
  ASSERT_TRUE(lock(*driver, 2));
  SqlResult<Answer> theirs = Answer{};
  std::jthread waiting([&] { theirs = lock(*other, 2); });
  const SqlResult<Answer> ours = lock(*driver, 1);
  if (!ours) {
    EXPECT_TRUE(driver->run(statement("ROLLBACK")));
  }
  waiting.join();
  ASSERT_NE(ours.has_value(), theirs.has_value()) << "one of the two is chosen";
  const Failure& failure = ours ? theirs.error() : ours.error();
  EXPECT_EQ(failure.scope, Scope::conflict) << to_string(failure.error);
}

TEST_P(MysqlDriver, NoTextIsLongerThanTheServerTakes) {
  constexpr size_t kBytes = 1'048'576;
  ASSERT_TRUE(driver->run(statement("SET GLOBAL max_allowed_packet = 1048576")));
  const auto bounded = connected();
  const std::string half(kBytes / 2, 'x'), whole(kBytes, 'x');
  Statement lengths{.sql = "SELECT LENGTH(?)", .width = 1, .params = {Param::of(half), Param::of(half), Param::of(half)}};
  const SqlResult<Answer> taken = bounded->run(lengths);
  ASSERT_TRUE(taken) << to_string(taken.error().error);
  EXPECT_EQ(taken->rows.size(), 3U);
  const SqlResult<Answer> refused = bounded->run(statement("SELECT LENGTH(?)", {Param::of(whole)}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().scope, Scope::row) << "halving finds the row";
  EXPECT_TRUE(bounded->run(statement("SELECT 1"))) << "nothing was sent";
  EXPECT_TRUE(driver->run(statement("SET GLOBAL max_allowed_packet = DEFAULT")));
}

/// Rows key (bytes), number, text, time of an INSERT that is executed often.
Statement inserts(const std::vector<std::string>& keys, const std::string& text) {
  Statement insert = statement("INSERT INTO test.arrays VALUES (?, ?, ?, ?)");
  insert.width = 4;
  insert.uncounted = true;
  for (const std::string& key : keys) {
    const Param number = {Param::Kind::number, "12345678901234567890.000000000000000000001", 0, 0};
    insert.params.insert(insert.params.end(), {{Param::Kind::binary, key, 0, 0},
                                               number,
                                               key.size() % 2 == 0 ? Param{} : Param::of(text),
                                               Param::of_time(from_micros(1'700'000'000'000'001))});
  }
  return insert;
}

std::vector<std::string> keys_from(size_t first, size_t count) {
  std::vector<std::string> keys;
  for (size_t i = first; i < first + count; ++i) keys.push_back(std::string("\xff\0'", 3) + std::string(i, 'k'));
  return keys;
}

class MysqlDriverArrays : public MysqlDriver {
 protected:
  void SetUp() override {
    MysqlDriver::SetUp();
    if (!driver) return;
    ASSERT_TRUE(driver->run(statement("DROP TABLE IF EXISTS test.arrays")));
    ASSERT_TRUE(
        driver->run(statement("CREATE TABLE test.arrays (k VARBINARY(200) PRIMARY KEY, n DECIMAL(65,30), "
                              "t LONGTEXT CHARACTER SET utf8mb4, at DATETIME(6))")));
  }
};

TEST_P(MysqlDriverArrays, ArraysBringTheSameValuesAsTexts) {
  const std::string text = "\xf0\x9f\x98\x80 \\ ' \" \n";
  for (const auto& keys : {keys_from(0, 3), keys_from(3, 40)}) {  // as texts; as an array
    const SqlResult<Answer> written = driver->run(inserts(keys, text));
    ASSERT_TRUE(written) << to_string(written.error().error);
    EXPECT_EQ(written->affected.size(), is_mysql() || keys.size() == 3 ? keys.size() : 1U);
  }
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays WHERE k = CONCAT(X'FF0027', REPEAT('k', LENGTH(k) - 3))"), "43");
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays WHERE n = 12345678901234567890.000000000000000000001"), "43");
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays WHERE at = '2023-11-14 22:13:20.000001'"), "43");
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays WHERE (LENGTH(k) % 2 = 0) = (t IS NULL)"), "43");
  EXPECT_EQ(cell("SELECT DISTINCT t FROM test.arrays WHERE t IS NOT NULL"), text);
}

TEST_P(MysqlDriverArrays, ARowOfAnArrayThatIsRefusedIsTheRowsFailureAndTheTransactionGoesOn) {
  if (is_mysql()) GTEST_SKIP() << "it takes no arrays";
  ASSERT_TRUE(driver->run(statement("START TRANSACTION")));
  std::vector<std::string> keys = keys_from(0, 20);
  ASSERT_TRUE(driver->run(inserts(keys, "")));
  keys = keys_from(20, 20);
  keys[15] = keys[3];
  for (int tries = 0; tries < 2; ++tries) {  // the second time it is prepared already
    const SqlResult<Answer> refused = driver->run(inserts(keys, ""));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().scope, Scope::row) << to_string(refused.error().error);
    EXPECT_TRUE(driver->in_transaction());
  }
  Statement nowhere = inserts(keys_from(50, 20), "");
  nowhere.sql = "INSERT INTO test.nowhere VALUES (?, ?, ?, ?)";
  const SqlResult<Answer> refused = driver->run(nowhere);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().scope, Scope::lost) << to_string(refused.error().error);
  ASSERT_TRUE(driver->run(statement("COMMIT")));
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays"), "20") << "nothing of the array that was refused";
}

TEST_P(MysqlDriverArrays, NoArrayIsLongerThanTheServerTakes) {
  constexpr size_t kBytes = 1'048'576;
  ASSERT_TRUE(driver->run(statement("SET GLOBAL max_allowed_packet = 1048576")));
  const auto bounded = connected();
  const std::string some(kBytes / 5, 'x'), whole(kBytes, 'x');
  const SqlResult<Answer> taken = bounded->run(inserts(keys_from(0, 40), some));
  ASSERT_TRUE(taken) << to_string(taken.error().error);
  EXPECT_GT(taken->affected.size(), 1U) << "in more than one array";
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays"), "40");
  const SqlResult<Answer> refused = bounded->run(inserts(keys_from(40, 20), whole));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().scope, Scope::row) << "halving finds the row";
  EXPECT_TRUE(bounded->run(statement("SELECT 1"))) << "what is too long was not sent";
  EXPECT_TRUE(driver->run(statement("SET GLOBAL max_allowed_packet = DEFAULT")));
}

TEST_P(MysqlDriver, AnotherServerThanTheUrlSaysIsSaid) {
  MysqlAddress other = address();
  other.target = is_mysql() ? table::Target::mariadb : table::Target::mysql;
  const Status refused = make_mysql_driver(other)->connect(Reach::existing);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_TRUE(refused.error().hint.contains(is_mysql() ? "mysql://" : "mariadb://")) << to_string(refused.error());
}

/// Debian's MariaDB has no TLS; a MySQL has made itself a certificate that nobody has signed.
TEST_P(MysqlDriver, WhoAsksForTlsGetsNothingLess) {
  MysqlAddress wanted = address();
  for (const auto tls : {MysqlAddress::Tls::encrypted, MysqlAddress::Tls::verified}) {
    wanted.tls = tls;
    const Status refused = make_mysql_driver(wanted)->connect(Reach::existing);
    const bool has_it = is_mysql() && tls == MysqlAddress::Tls::encrypted;
    ASSERT_EQ(refused.has_value(), has_it);
    if (has_it) continue;
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
    EXPECT_TRUE(refused.error().message.contains("TLS")) << to_string(refused.error());
  }
}

TEST_P(MysqlDriver, AWrongPasswordIsSaidAndNotShown) {
  MysqlAddress other = address();
  other.password = Secret("hushhush");
  const Status refused = make_mysql_driver(other)->connect(Reach::existing);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::denied);
  EXPECT_FALSE(to_string(refused.error()).contains("hushhush"));
}

TEST_P(MysqlDriver, ItLearnsWhetherRowsCanBeNamed) {
  if (!is_mysql()) GTEST_SKIP() << "of MySQL";
  const auto manners = std::make_shared<MysqlManners>();
  manners->names_rows = false;
  const auto made = make_mysql_driver(address(), manners);
  ASSERT_TRUE(made->connect(Reach::existing));
  const bool named = made->run(statement("INSERT INTO test.named SELECT 1 FROM DUAL WHERE FALSE")).has_value();
  EXPECT_FALSE(named) << "there is no such table";
  ASSERT_TRUE(made->run(statement("CREATE TABLE IF NOT EXISTS test.named (k INT PRIMARY KEY)")));
  const auto alias = made->run(statement("INSERT INTO test.named VALUES (1) AS `new` ON DUPLICATE KEY UPDATE k = `new`.k"));
  EXPECT_EQ(manners->names_rows, alias.has_value());
}

/// MySQL's own way to sign in: the first time a user does, his password crosses the wire, under TLS or the server's key.
TEST_P(MysqlDriver, APasswordThatTheServerHasNotSeenBeforeIsTakenWithAndWithoutTls) {
  if (!is_mysql()) GTEST_SKIP() << "of MySQL";
  for (const auto tls : {MysqlAddress::Tls::off, MysqlAddress::Tls::as_configured, MysqlAddress::Tls::encrypted}) {
    ASSERT_TRUE(driver->run(statement("DROP USER IF EXISTS fresh@'%'")));
    ASSERT_TRUE(
        driver->run(statement("CREATE USER fresh@'%' IDENTIFIED WITH caching_sha2_password BY 'ein Pa\u00dfwort'")));
    MysqlAddress other = address();
    other.user = "fresh";
    other.password = Secret("ein Pa\u00dfwort");
    other.tls = tls;
    for (int times = 0; times < 2; ++times) {
      const Status opened = make_mysql_driver(other)->connect(Reach::existing);
      EXPECT_TRUE(opened) << to_string(opened.error());
    }
  }
}

constexpr auto kNameOf = [](const auto& instance) { return std::string(instance.param->product); };
const auto kServers = ::testing::Values(table::Target::mariadb, table::Target::mysql);

INSTANTIATE_TEST_SUITE_P(Servers, MysqlDriver, kServers, kNameOf);
INSTANTIATE_TEST_SUITE_P(Servers, MysqlDriverArrays, kServers, kNameOf);
INSTANTIATE_TEST_SUITE_P(Servers, MysqlDriverLocks, kServers, kNameOf);

}  // namespace
}  // namespace ctk::sink::sql
