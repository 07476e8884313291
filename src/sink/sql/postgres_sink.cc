// `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?schema=&table=&sslmode=…`; PGPASSWORD and ~/.pgpass by libpq.
#include <fmt/format.h>

#include "sink/sql/postgres_dialect.h"
#include "sink/sql/postgres_driver.h"
#include "sink/sql/sql_sink.h"

namespace ctk::sink {
namespace {

constexpr int kConnections = 2;

sql::PostgresAddress address_of(const TargetOptions& options) {
  const net::Url& url = options.url;
  sql::PostgresAddress address;
  address.timeout = options.timeout;
  auto set = [&](const char* name, std::string value) {
    if (!value.empty()) address.settings.emplace_back(name, std::move(value));
  };
  std::string hosts, ports;
  for (const net::Endpoint& endpoint : url.hosts) {
    std::string separator = &endpoint == &url.hosts.front() ? "" : ",";
    hosts += separator + endpoint.host;
    ports += separator + std::to_string(endpoint.port.value_or(5432));
    address.shown += separator + endpoint.host + ":" + std::to_string(endpoint.port.value_or(5432));
  }
  std::string database = url.path.starts_with('/') ? url.path.substr(1) : url.path;
  if (address.shown.empty()) address.shown = "the local socket";
  if (!database.empty()) address.shown += "/" + database;
  set("host", hosts);
  set("port", ports);
  set("dbname", database);
  set("user", url.user);
  if (url.password) set("password", url.password->reveal());
  set("sslmode", options.sslmode.value_or(options.ssl ? "require" : ""));
  for (const char* name : {"sslrootcert", "sslcert", "sslkey", "target_session_attrs"}) {
    set(name, url.option(name).value_or(""));
  }
  // A machine that is gone is noticed within two minutes, also while a statement may take its time.
  set("keepalives_idle", "60");
  set("keepalives_interval", "15");
  set("keepalives_count", "4");
  set("application_name", "ctk");
  set("client_encoding", "UTF8");
  return address;
}

}  // namespace

std::unique_ptr<Sink> make_postgres_sink(const TargetOptions& options, const SinkEnvironment& environment) {
  sql::SqlSinkParts parts;
  parts.dialect = sql::make_postgres_dialect();
  for (int i = 0; i < options.connections.value_or(kConnections); ++i) {
    sql::PostgresAddress address = address_of(options);
    address.session = environment.random.hex(16);
    parts.drivers.push_back(sql::make_postgres_driver(std::move(address)));
  }
  return sql::make_sql_sink(options, environment, std::move(parts));
}

}  // namespace ctk::sink
