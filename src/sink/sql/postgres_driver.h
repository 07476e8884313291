// PostgreSQL, by libpq: prepared statements in pipeline mode, one round trip for each run().
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sink/sql/driver.h"

namespace ctk::sink::sql {

struct PostgresAddress {
  std::vector<std::pair<std::string, std::string>> settings;  ///< libpq's connection settings by name
  std::string shown;                                          ///< for error messages, without secrets
  std::string query_schema;                                   ///< for query(), at the head of the search path
  std::string session;                                        ///< a part of statements' names that no other session has
  Duration timeout = std::chrono::seconds(90);                ///< without a byte from the server
  Duration longest_connect = std::chrono::seconds(10);        ///< for each host, where `connect_timeout` is not set
};

std::unique_ptr<Driver> make_postgres_driver(PostgresAddress address);

}  // namespace ctk::sink::sql
