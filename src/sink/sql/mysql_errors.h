// MySQL's and MariaDB's error numbers → what a failure concerns. Data, with a look-up.
#pragma once

#include <string_view>

#include "base/error.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

struct MysqlMeaning {
  unsigned number;
  Scope scope;
  ErrorKind kind;
  std::string_view words;
};

/// The entry of this number, else "refused, for one row or for everything".
const MysqlMeaning& mysql_meaning(unsigned number);

/// Whether the number is the client library's own: the connection is gone then.
constexpr bool is_client_error(unsigned number) { return number >= 2000 && number < 3000; }

}  // namespace ctk::sink::sql
