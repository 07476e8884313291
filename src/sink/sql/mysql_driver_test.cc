// The driver against a real MariaDB: what it waits for, what it sends, what it says.
#include "sink/sql/mysql_driver.h"

#include <gtest/gtest.h>

#include <thread>

#include "sink/testing/mariadb_server.h"
#include "sink/testing/silent_server.h"

namespace ctk::sink::sql {
namespace {

constexpr Duration kForEver = std::chrono::hours(1);
constexpr const char* kSleep = "SELECT SLEEP(3600)";

/// What `call` gives, while another thread asks to stop.
template <class Call>
auto stopped(std::stop_source& stop, Call call) {
  std::jthread other([&] { stop.request_stop(); });
  return call();
}

MysqlAddress address_of(int port) {
  MysqlAddress address;
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

class MysqlDriver : public ::testing::Test {
 protected:
  void SetUp() override {
    server = testing::shared_mariadb_server();
    if (server == nullptr) GTEST_SKIP() << "no MariaDB here";
    driver = connected();
  }
  std::unique_ptr<Driver> connected() const {
    auto made = make_mysql_driver(address_of(server->port()));
    made->heed(stop.get_token());
    const Status status = made->connect(Reach::create);
    EXPECT_TRUE(status) << to_string(status.error());
    return made;
  }
  std::string cell(const std::string& sql) {
    const SqlResult<Answer> answer = driver->run(statement(sql));
    return answer ? answer->rows.at(0).at(0).value_or("NULL") : to_string(answer.error().error);
  }

  testing::MariadbServer* server = nullptr;
  std::stop_source stop;
  std::unique_ptr<Driver> driver;
};

TEST_F(MysqlDriver, IsStoppedInTheMidstOfAStatement) {
  const auto answer = stopped(stop, [&] { return driver->run(statement(kSleep)); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().scope, Scope::lost);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::stopped) << to_string(answer.error().error);
  EXPECT_TRUE(driver->connection_is_lost());
}

TEST_F(MysqlDriver, AUsersStatementIsStoppedAndTheSessionStays) {
  ASSERT_TRUE(driver->query("SET @mine = 1"));
  std::stop_source asked;
  const auto answer = stopped(asked, [&] { return driver->query({kSleep, asked.get_token(), ""}); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::stopped) << to_string(answer.error());
  const auto mine = driver->query("SELECT @mine");
  ASSERT_TRUE(mine) << to_string(mine.error());
  EXPECT_EQ(mine->rows.at(0).at(0), "1");
}

TEST_F(MysqlDriver, TheSessionIsStrictInUtf8AndUtc) {
  EXPECT_EQ(cell("SELECT @@character_set_client"), "utf8mb4");
  EXPECT_EQ(cell("SELECT @@time_zone"), "+00:00");
  EXPECT_EQ(cell("SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%'"), "1");
  EXPECT_EQ(cell("SELECT @@tx_isolation"), "READ-COMMITTED");
}

TEST_F(MysqlDriver, DdlEndsATransactionWhereItFailsToo) {
  ASSERT_TRUE(driver->run(statement("START TRANSACTION")));
  EXPECT_TRUE(driver->in_transaction());
  EXPECT_FALSE(driver->run(statement("SELECT * FROM test.nothing")));
  EXPECT_TRUE(driver->in_transaction()) << "a statement that is refused does not";
  EXPECT_FALSE(driver->run(statement("CREATE TABLE test.t (a INT, a INT)")));
  EXPECT_FALSE(driver->in_transaction());
}

TEST_F(MysqlDriver, NoTextIsLongerThanTheServerTakes) {
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

const char* kArrays =
    "CREATE OR REPLACE TABLE test.arrays (k VARBINARY(200) PRIMARY KEY, n DECIMAL(65,30), "
    "t LONGTEXT CHARACTER SET utf8mb4, at DATETIME(6))";

TEST_F(MysqlDriver, ArraysBringTheSameValuesAsTexts) {
  ASSERT_TRUE(driver->run(statement(kArrays)));
  const std::string text = "\xf0\x9f\x98\x80 \\ ' \" \n";
  for (const auto& keys : {keys_from(0, 3), keys_from(3, 40)}) {  // as texts; as an array
    const SqlResult<Answer> written = driver->run(inserts(keys, text));
    ASSERT_TRUE(written) << to_string(written.error().error);
    EXPECT_EQ(written->affected.size(), keys.size() == 3 ? 3U : 1U);
  }
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays WHERE k = CONCAT(X'FF0027', REPEAT('k', LENGTH(k) - 3))"), "43");
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays WHERE n = 12345678901234567890.000000000000000000001"), "43");
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays WHERE at = '2023-11-14 22:13:20.000001'"), "43");
  EXPECT_EQ(cell("SELECT COUNT(*) FROM test.arrays WHERE (LENGTH(k) % 2 = 0) = (t IS NULL)"), "43");
  EXPECT_EQ(cell("SELECT DISTINCT t FROM test.arrays WHERE t IS NOT NULL"), text);
}

TEST_F(MysqlDriver, ARowOfAnArrayThatIsRefusedIsTheRowsFailureAndTheTransactionGoesOn) {
  ASSERT_TRUE(driver->run(statement(kArrays)));
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

TEST_F(MysqlDriver, NoArrayIsLongerThanTheServerTakes) {
  constexpr size_t kBytes = 1'048'576;
  ASSERT_TRUE(driver->run(statement(kArrays)));
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

TEST_F(MysqlDriver, AnotherServerThanTheUrlSaysIsSaid) {
  MysqlAddress address = address_of(server->port());
  address.target = table::Target::mysql;
  const Status connected = make_mysql_driver(address)->connect(Reach::existing);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::refused);
  EXPECT_TRUE(connected.error().hint.contains("mariadb://")) << to_string(connected.error());
}

TEST_F(MysqlDriver, WhereTlsIsAskedForAServerWithoutItIsRefused) {
  MysqlAddress address = address_of(server->port());
  for (const auto tls : {MysqlAddress::Tls::encrypted, MysqlAddress::Tls::verified}) {
    address.tls = tls;
    const Status connected = make_mysql_driver(address)->connect(Reach::existing);
    ASSERT_FALSE(connected);
    EXPECT_TRUE(connected.error().message.contains("TLS")) << to_string(connected.error());
  }
}

TEST_F(MysqlDriver, AWrongPasswordIsSaidAndNotShown) {
  MysqlAddress address = address_of(server->port());
  address.password = Secret("hushhush");
  const Status connected = make_mysql_driver(address)->connect(Reach::existing);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::denied);
  EXPECT_FALSE(to_string(connected.error()).contains("hushhush"));
}

}  // namespace
}  // namespace ctk::sink::sql
