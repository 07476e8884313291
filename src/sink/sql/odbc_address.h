// `odbc:///?dsn=NAME`, `odbc:///?connection=DRIVER%3D…%3B…`, `odbc://user:pw@/?…`: which data source a URL means. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/named.h"
#include "net/url.h"

namespace ctk::sink::sql {

struct OdbcAddress {
  Secret connection;        ///< what SQLDriverConnect takes
  std::string data_source;  ///< the name of a DSN; empty where the connection names its driver
  std::string driver;       ///< the name of that driver
  std::string shown;        ///< for messages, without secrets: "the data source NAME"
  std::vector<std::string> secrets;
};

/// `usage` where neither or both of `dsn` and `connection` are given, or a host, or a user that the connection names too.
Result<OdbcAddress> odbc_address(const net::Url& url, const std::optional<std::string>& data_source,
                                 const std::optional<std::string>& connection);

/// `text` with `***` in the place of every secret: drivers repeat what they were given.
std::string without_secrets(std::string text, const std::vector<std::string>& secrets);

}  // namespace ctk::sink::sql
