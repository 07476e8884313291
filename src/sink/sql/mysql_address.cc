#include "sink/sql/mysql_address.h"

#include <algorithm>

#include "sink/sql/sql_targets.h"

namespace ctk::sink::sql {
namespace {

MysqlAddress::Tls tls_of(const TargetOptions& options) {
  using Tls = MysqlAddress::Tls;
  const std::string mode = options.sslmode.value_or(options.ssl ? "require" : "");
  if (mode == "disable") return Tls::off;
  if (mode == "require") return Tls::encrypted;
  if (mode == "verify-ca" || mode == "verify-full") return Tls::verified;
  return Tls::as_configured;
}

std::string shown(const MysqlAddress& address, const std::string& database) {
  constexpr int kUsualPort = 3306;
  std::string server = address.host.contains(':') ? "[" + address.host + "]" : address.host;
  if (!server.empty()) server += ":" + std::to_string(address.port == 0 ? kUsualPort : address.port);
  if (!address.socket.empty()) server = address.socket;
  if (server.empty()) server = "the local socket";
  return database.empty() ? server : server + "/" + database;
}

}  // namespace

MysqlAddress mysql_address(const TargetOptions& options) {
  MysqlAddress address;
  address.target = options.kind;
  if (!options.url.hosts.empty()) {
    address.host = options.url.hosts.front().host;
    address.port = options.url.hosts.front().port.value_or(0);
  }
  address.user = options.url.user;
  address.password = options.url.password;
  for (const auto& [name, value] : options.settings) {
    if (name == kMysqlSocket) address.socket = value;
  }
  address.tls = tls_of(options);
  address.query_database = options.query_schema;
  address.shown = shown(address, options.query_schema);
  address.timeout = options.timeout.value_or(address.timeout);
  address.longest_connect = std::min(address.longest_connect, options.start_timeout.value_or(address.timeout));
  return address;
}

}  // namespace ctk::sink::sql
