// Any database with an ODBC driver. What drivers promise is tried before it is used, and what they say of their writes is
// believed as far as OdbcKind says.
#pragma once

#include <memory>
#include <optional>

#include "sink/sql/driver.h"
#include "sink/sql/odbc_address.h"
#include "table/odbc_target.h"

namespace ctk::sink::sql {

struct OdbcDriverOptions {
  OdbcAddress address;
  table::OdbcKind kind;
  std::optional<Duration> timeout;  ///< of a statement; nothing: the driver's own
  Duration longest_connect = std::chrono::seconds(10);
};

std::unique_ptr<Driver> make_odbc_driver(OdbcDriverOptions options);

}  // namespace ctk::sink::sql
