// From a target's URL and options to a server of MySQL or MariaDB.
#pragma once

#include "sink/sql/mysql_driver.h"
#include "sink/target_options.h"

namespace ctk::sink::sql {

/// `mysql://USER:PASSWORD@HOST:PORT/DATABASE?unix-socket=PATH`; what is not said there, the group [client] of the
/// client's option files (~/.my.cnf) says.
MysqlAddress mysql_address(const TargetOptions& options);

}  // namespace ctk::sink::sql
