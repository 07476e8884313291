#include "sink/sql/postgres_address.h"

#include <gmock/gmock.h>

#include <map>

#include "net/url.h"
#include "sink/sql/sql_targets.h"

namespace ctk::sink::sql {
namespace {

using ::testing::Contains;
using ::testing::Not;

/// Of a URL whose query holds libpq's names only.
TargetOptions options_of(const std::string& url) {
  TargetOptions options;
  options.kind = table::Target::postgres;
  options.url = net::parse_url(url).value();
  options.settings = options.url.query;
  return options;
}

/// As libpq reads them: the last of a name counts.
std::map<std::string, std::string> settings_of(const TargetOptions& options) {
  std::map<std::string, std::string> settings;
  for (const auto& [name, value] : address_of(options).settings) settings[name] = value;
  return settings;
}

TEST(PostgresAddress, TakesWhatLibpqTakesInAUri) {
  auto of = [](const std::string& url, const std::string& name) { return settings_of(options_of(url))[name]; };
  EXPECT_EQ(of("postgresql://u:p@/db?host=/var/run/postgresql", "host"), "/var/run/postgresql");
  EXPECT_EQ(of("postgresql://u:p@/db?host=/var/run/postgresql", "user"), "u");
  EXPECT_EQ(of("postgresql://u:p@/db?host=/var/run/postgresql", "dbname"), "db");
  EXPECT_EQ(of("postgresql://%2Fvar%2Frun/db", "host"), "/var/run");
  EXPECT_EQ(of("postgresql://one,two:5433,[::1]:5434/db", "host"), "one,two,::1");
  EXPECT_EQ(of("postgresql://one,two:5433,[::1]:5434/db", "port"), ",5433,5434");
  EXPECT_EQ(of("postgresql://[fe80::1%25eth0]/db", "host"), "fe80::1%eth0");
  EXPECT_EQ(of("postgresql://h/db", "port"), "") << "libpq knows PGPORT and its default";
  EXPECT_EQ(of("postgresql://h/db?host=other&port=1&user=v&password=q&dbname=e", "host"), "other");
  EXPECT_EQ(of("postgresql://u:p@h:2/db?password=q", "password"), "q");
  EXPECT_EQ(of("postgresql:///db?service=mine&passfile=/x%20y", "passfile"), "/x y");
  EXPECT_EQ(of("postgresql:///db?options=-c%20geqo%3Doff", "options"), "-c geqo=off");
  EXPECT_EQ(of("postgresql:///db?application_name=mine", "application_name"), "mine");
  EXPECT_EQ(of("postgresql:///db", "fallback_application_name"), "ctk");
  EXPECT_EQ(of("postgresql:///db?keepalives_idle=7", "keepalives_idle"), "7");
  EXPECT_EQ(of("postgresql:///db?client_encoding=utf8", "client_encoding"), "UTF8");
}

TEST(PostgresAddress, LeavesToAServiceWhatItMaySay) {
  const auto settings = settings_of(options_of("postgresql:///?service=mine"));
  for (const char* name : {"host", "port", "dbname", "user", "keepalives_idle", "sslmode", "application_name"}) {
    EXPECT_FALSE(settings.contains(name)) << name;
  }
}

TEST(PostgresAddress, IsShownWithoutSecrets) {
  auto shown = [](const std::string& url) { return address_of(options_of(url)).shown; };
  EXPECT_EQ(shown("postgresql://u:hidden@one,two:5433/db"), "one:5432,two:5433/db");
  EXPECT_EQ(shown("postgresql://[::1]:5434/db"), "[::1]:5434/db");
  EXPECT_EQ(shown("postgresql://u:hidden@/db?host=/run/pg&port=6&sslpassword=hidden"), "/run/pg/.s.PGSQL.6/db");
  EXPECT_EQ(shown("postgresql:///?service=mine"), "the service mine");
  EXPECT_EQ(shown("postgresql://h/db?host=x,y&port=1"), "x:1,y:1/db");
}

TEST(PostgresAddress, TlsIsTheOptionsOfTheTarget) {
  TargetOptions options = options_of("postgresql://h/db");
  options.ssl = true;
  EXPECT_EQ(settings_of(options)["sslmode"], "require");
  options.sslmode = "verify-full";
  EXPECT_EQ(settings_of(options)["sslmode"], "verify-full");
}

TEST(PostgresSettings, AreLibpqsOwnNames) {
  for (const char* name : {"host", "target_session_attrs", "options", "application_name", "sslrootcert", "service"}) {
    EXPECT_THAT(postgres_settings(), Contains(name));
  }
  EXPECT_THAT(postgres_settings(), Not(Contains("replication"))) << "such a session takes no prepared statements";
}

}  // namespace
}  // namespace ctk::sink::sql
