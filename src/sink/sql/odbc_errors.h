// What a driver says of a failure → what it concerns. Where the database's own codes are known they decide, else SQLSTATE.
#pragma once

#include <string>

#include "sink/sql/driver.h"
#include "table/odbc_target.h"

namespace ctk::sink::sql {

/// The first record of a diagnosis; `words` are those of all.
struct OdbcDiagnosis {
  std::string state;  ///< SQLSTATE
  int native = 0;     ///< the database's own number
  std::string words;
};

/// Of a statement. `shown`: where it was sent.
Failure odbc_failure(table::OdbcDialect dialect, const OdbcDiagnosis& diagnosis, const std::string& shown);

/// Of connecting.
Error odbc_connect_error(const OdbcDiagnosis& diagnosis, const std::string& shown, const std::string& driver);

/// The Debian package of a driver, by its name in odbcinst.ini or its file; empty where none is known.
std::string odbc_driver_package(const std::string& driver);

}  // namespace ctk::sink::sql
