// What is behind an ODBC data source, found out while a command is planned.
#pragma once

#include "cli/target_url.h"

namespace ctk::cli {

/// Connects and asks. SIGINT and SIGTERM end the patience: `stopped`.
OdbcQuestion ask_odbc();
/// The same, once.
OdbcQuestion ask_odbc_once();
/// For a dry run: the driver's name must do.
OdbcQuestion guess_odbc();

}  // namespace ctk::cli
