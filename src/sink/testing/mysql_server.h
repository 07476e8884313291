// MariaDB and MySQL servers for tests.
#pragma once

#include "sink/testing/database_server.h"

namespace ctk::sink::testing {

/// User `ctk`, password `secret`, who may everything. Nothing is synced to disk. One server each for the whole test
/// program, started at first use; null where there can be none.
DatabaseServer* shared_mariadb_server();
/// Of the folder that CTK_TEST_MYSQL_HOME names, which has bin/mysqld in it: Debian has no MySQL.
DatabaseServer* shared_mysql_server();

}  // namespace ctk::sink::testing
