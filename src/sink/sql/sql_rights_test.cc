#include "sink/sql/sql_rights.h"

#include <gtest/gtest.h>

namespace ctk::sink::sql {
namespace {

TEST(Rights, OnlyThoseThatARunNeedsAreMissed) {
  MissingRights all;
  for (const char* table : {"ctk_dead_letters", "ctk_positions", "ctk_tables", "demo"}) {
    for (const char* right : {"DELETE", "INSERT", "SELECT", "UPDATE"}) all.emplace_back(table, right);
  }
  table::TableSpec spec;
  spec.name = {"public", "demo"};
  EXPECT_EQ(needed_rights(all, spec, true).size(), 2u + 4u + 3u + 4u);
  spec.options.deletes = table::Deletes::soft;
  EXPECT_EQ(needed_rights(all, spec, false).size(), 2u + 0u + 3u + 3u) << "nothing is swept, no position is kept";
  EXPECT_TRUE(needed_rights({}, spec, true).empty());
}

}  // namespace
}  // namespace ctk::sink::sql
