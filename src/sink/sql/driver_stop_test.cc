// Whatever a driver waits for, it waits no longer once it is asked to stop.
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "base/testing/temporary_folder.h"
#include "net/url.h"
#include "sink/sql/connection_pool.h"
#include "sink/sql/odbc_driver.h"
#include "sink/sql/postgres_address.h"
#include "sink/sql/postgres_driver.h"
#include "sink/sql/sql_backends_test.h"
#include "sink/sql/sqlite_driver.h"
#include "sink/sql/watched_driver.h"
#include "sink/testing/postgres_server.h"
#include "sink/testing/silent_server.h"

namespace ctk::sink::sql {
namespace {

constexpr Duration kForEver = std::chrono::hours(1);

/// What `call` gives, while another thread asks to stop.
template <class Call>
auto stopped(std::stop_source& stop, Call call) {
  std::jthread other([&] { stop.request_stop(); });
  return call();
}

PostgresAddress address_of(int port) {
  PostgresAddress address;
  address.settings = {{"host", "127.0.0.1"},    {"port", std::to_string(port)}, {"user", "postgres"},
                      {"password", "secret"},   {"dbname", "postgres"},         {"sslmode", "disable"},
                      {"connect_timeout", "60"}};
  address.shown = "here";
  address.session = "x";
  address.timeout = kForEver;
  return address;
}

TEST(DriverStops, PostgresThatDoesNotAnswer) {
  const testing::SilentServer server;
  std::stop_source stop;
  const auto driver = make_postgres_driver(address_of(server.port()));
  driver->heed(stop.get_token());
  const Status connected = stopped(stop, [&] { return driver->connect(Reach::create); });
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::stopped) << to_string(connected.error());
}

TEST(DriverStops, PostgresThatIsLongAboutAStatement) {
  testing::DatabaseServer* server = testing::shared_postgres_server();
  if (server == nullptr) GTEST_SKIP() << "no PostgreSQL here";
  for (const bool of_a_user : {false, true}) {
    std::stop_source stop;
    const auto driver = make_postgres_driver(address_of(server->port()));
    driver->heed(stop.get_token());
    ASSERT_TRUE(driver->connect(Reach::create));
    if (of_a_user) {
      const auto answer = stopped(stop, [&] { return driver->query("SELECT pg_catalog.pg_sleep(3600)"); });
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().kind, ErrorKind::stopped) << to_string(answer.error());
    } else {
      const auto answer = stopped(stop, [&] { return driver->run(statement("SELECT pg_catalog.pg_sleep(3600)")); });
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().scope, Scope::lost);
      EXPECT_EQ(answer.error().error.kind, ErrorKind::stopped) << to_string(answer.error().error);
    }
  }
}

/// Neither the driver nor its server has to answer, nor heed SQLCancel.
TEST(DriverStops, OdbcThatDoesNotAnswer) {
  const testing::SilentServer server;
  std::stop_source stop;
  net::Url url;
  url.scheme = "odbc";
  const std::string connection =
      "DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(server.port()) + ";DATABASE=x;UID=x;PWD=secret";
  const OdbcDriverOptions options{*odbc_address(url, std::nullopt, connection), {}, std::nullopt, kForEver};
  const auto driver = make_watched_driver([options] { return make_odbc_driver(options); }, std::chrono::milliseconds(10));
  driver->heed(stop.get_token());
  const Status connected = stopped(stop, [&] { return driver->connect(Reach::create); });
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::stopped) << to_string(connected.error());
}

class SqliteStops : public ::testing::Test {
 protected:
  std::unique_ptr<Driver> driver() const {
    auto made = make_sqlite_driver(folder / "x.db", kForEver);
    made->heed(stop.get_token());
    EXPECT_TRUE(made->connect(Reach::create));
    return made;
  }

  const TemporaryFolder folder;
  std::stop_source stop;
};

TEST_F(SqliteStops, WhatWaitsForALock) {
  const auto other = driver();
  ASSERT_TRUE(other->run(statement("BEGIN IMMEDIATE")));
  const auto waiting = driver();
  const auto answer = stopped(stop, [&] { return waiting->run(statement("BEGIN IMMEDIATE")); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::stopped) << to_string(answer.error().error);
}

TEST_F(SqliteStops, AStatementThatTakesLong) {
  const auto busy = driver();
  const auto answer = stopped(stop, [&] {
    return busy->run(statement("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"));
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::stopped) << to_string(answer.error().error);
}

TEST(DriverStops, WithTheLanesThatItBelongsTo) {
  const testing::SilentServer server;
  SystemClock clock;
  ThreadLoop loop(clock);
  bool heard = false;
  {
    ConnectionPool connections;
    for (int i = 0; i < 3; ++i) {
      connections.add(std::make_unique<ThreadExecutor>(loop, "connection"),
                      make_postgres_driver(address_of(server.port())));
    }
    for (int i = 0; i < 9; ++i) {
      connections.run<bool>(
          Reach::create, [](Driver&) -> Result<bool> { return true; }, [&](const Result<bool>&) { heard = true; });
    }
  }
  loop.post([&] { loop.quit(); });
  loop.run();
  EXPECT_FALSE(heard);
}

}  // namespace
}  // namespace ctk::sink::sql
