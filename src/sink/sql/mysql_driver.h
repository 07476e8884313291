// MySQL and MariaDB, by libmariadb: each run() is a text of many statements, one round trip while it fits into a packet. On
// MariaDB what is executed often, and uncounted, goes out between such texts as arrays of parameters.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/named.h"
#include "sink/sql/driver.h"
#include "sink/sql/mysql_manners.h"
#include "table/target.h"

namespace ctk::sink::sql {

struct MysqlAddress {
  enum class Tls { as_configured, off, encrypted, verified };
  table::Target target = table::Target::mariadb;  ///< which of the two must answer
  std::string host;                               ///< empty: what the client's option files say, else the local socket
  int port = 0;                                   ///< 0: theirs, else 3306
  std::string socket;
  std::string user;
  std::optional<Secret> password;  ///< nothing: theirs
  Tls tls = Tls::as_configured;
  std::string query_database;                   ///< for query()
  std::string shown;                            ///< for error messages, without secrets
  Duration timeout = std::chrono::seconds(90);  ///< without a byte from the server
  Duration longest_connect = std::chrono::seconds(10);
};

/// `manners`, if any: what it has learned of the server is kept there.
std::unique_ptr<Driver> make_mysql_driver(MysqlAddress address, std::shared_ptr<MysqlManners> manners = nullptr);

}  // namespace ctk::sink::sql
