// What of a URL MariaDB's client wants in pieces: USER:PASSWORD@HOST:PORT/DATABASE.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace ctk::bench {

struct MariadbPlace {
  std::string user, password, host, database;
  unsigned port = 0;
};

/// Nothing where it is none.
inline std::optional<MariadbPlace> read_place(const std::string& where) {
  const size_t colon = where.find(':'), at = where.rfind('@'), port = where.rfind(':'), slash = where.rfind('/');
  if (colon >= at || port <= at || slash <= port || slash == std::string::npos) return std::nullopt;
  return MariadbPlace{where.substr(0, colon), where.substr(colon + 1, at - colon - 1), where.substr(at + 1, port - at - 1),
                      where.substr(slash + 1), static_cast<unsigned>(std::strtoul(where.c_str() + port + 1, nullptr, 10))};
}

}  // namespace ctk::bench
