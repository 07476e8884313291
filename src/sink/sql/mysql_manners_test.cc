#include "sink/sql/mysql_manners.h"

#include <gtest/gtest.h>

namespace ctk::sink::sql {
namespace {

TEST(MysqlManners, RowsHaveNamesFromThatVersionOn) {
  for (const char* version : {"8.0.19", "8.0.36-0ubuntu0.22.04.1", "8.0.100", "8.1.0", "8.4.3-log", "9.0.0", "26.10.0"}) {
    EXPECT_TRUE(names_rows(version)) << version;
  }
  for (const char* version : {"8.0.18", "8.0.15", "8.0.11-TiDB-v7.5.0", "8.0", "5.7.44-log", "", "unknown"}) {
    EXPECT_FALSE(names_rows(version)) << version;
  }
}

}  // namespace
}  // namespace ctk::sink::sql
