#include "sink/sql/odbc_address.h"

#include <fmt/format.h>

#include "net/connection_string.h"

namespace ctk::sink::sql {
namespace {

constexpr const char* kExpected = "odbc:///?dsn=NAME&table=name, or odbc:///?connection=DRIVER%3D…%3BSERVER%3D…&table=name";

/// Where it is, as a user knows it: the driver and what the usual names of its settings say.
std::string shown_place(const net::ConnectionParts& parts) {
  std::string place;
  for (const char* name : {"SERVER", "HOST", "PORT", "DATABASE", "DBQ"}) {
    const auto value = net::connection_value(parts, name);
    if (value && !value->empty()) place += std::string(place.empty() ? " (" : ", ") + *value;
  }
  return place.empty() ? "" : place + ")";
}

}  // namespace

Result<OdbcAddress> odbc_address(const net::Url& url, const std::optional<std::string>& data_source,
                                 const std::optional<std::string>& connection) {
  if (!url.hosts.empty() || (!url.path.empty() && url.path != "/")) {
    return fail(ErrorKind::usage, "the target's URL names a host or a path, and ODBC takes neither", "",
                fmt::format("expected {}", kExpected));
  }
  if (data_source.has_value() == connection.has_value()) {
    return fail(ErrorKind::usage,
                data_source ? "the target's URL has both options dsn and connection"
                            : "the target's URL has neither of the options dsn and connection",
                "", fmt::format("expected {}", kExpected));
  }
  net::ConnectionParts parts =
      data_source ? net::ConnectionParts{{"DSN", *data_source}} : net::parse_connection(*connection);
  OdbcAddress address;
  address.data_source = net::connection_value(parts, "DSN").value_or("");
  address.driver = net::connection_value(parts, "DRIVER").value_or("");
  const bool names_file = net::connection_value(parts, "FILEDSN").has_value();
  if (address.data_source.empty() && address.driver.empty() && !names_file) {
    return fail(ErrorKind::usage, "option connection in the target's URL names neither a DRIVER nor a DSN", "",
                fmt::format("expected {}", kExpected));
  }
  if (!url.user.empty() && net::connection_value(parts, "UID")) {
    return fail(ErrorKind::usage, "the target's URL names a user, and its option connection another", "", "name one");
  }
  if (!url.user.empty()) parts.emplace_back("UID", url.user);
  if (url.password) parts.emplace_back("PWD", url.password->reveal());
  // As it was written: drivers differ in what they take for a brace.
  std::string text = connection.value_or("");
  if (!text.empty() && !text.ends_with(';')) text += ';';
  const net::ConnectionParts given = connection ? net::parse_connection(*connection) : net::ConnectionParts{};
  text += net::to_connection({parts.begin() + static_cast<ptrdiff_t>(given.size()), parts.end()});
  address.connection = Secret(text);
  address.secrets = net::secrets_of_connection(text);
  address.shown = address.data_source.empty() ? fmt::format("the ODBC driver {}{}", address.driver, shown_place(parts))
                                              : fmt::format("the ODBC data source {}", address.data_source);
  return address;
}

std::string without_secrets(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

}  // namespace ctk::sink::sql
