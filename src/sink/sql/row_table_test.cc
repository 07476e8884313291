#include "sink/sql/row_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sink/sql/mysql_dialect.h"
#include "sink/sql/sql_targets.h"

namespace ctk::sink::sql {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

table::TableSpec spec_of(const Dialect& dialect) {
  table::TableSpec spec;
  spec.name = {"shop", "orders"};
  spec.source_table = "orders";
  spec.target = dialect.target();
  spec.keys = {{"pk", "pk", dynamodb::Type::S, table::ColumnType::text}};
  return spec;
}

TEST(RowTable, AsksMysqlForTheVersionsOfManyKeysAtOnce) {
  const auto dialect = make_mysql_dialect(table::Target::mysql, kMysqlRowsPerInsert);
  const RowTable table(*dialect, std::make_shared<const table::Renderer>(spec_of(*dialect)));
  std::vector<table::Row> rows(65);
  std::vector<const table::Row*> written;
  for (table::Row& row : rows) {
    row.keys = {{table::KeyCell::Kind::text, std::to_string(written.size()), 0, 0}};
    written.push_back(&row);
  }
  ASSERT_EQ(table.looks(rows.size()), 2u);
  const std::vector<Statement> statements = table.writes(written);
  EXPECT_THAT(statements[0].sql, HasSubstr("SELECT `pk`, `cdc_version` FROM `shop`.`orders` WHERE `pk` IN (?, ?,"));
  EXPECT_THAT(statements[0].sql, EndsWith(" FOR UPDATE"));
  EXPECT_EQ(statements[0].executions(), 1u);
  EXPECT_EQ(statements[0].params.size(), 64u);
  EXPECT_EQ(statements[1].params.size(), 1u);
  EXPECT_THAT(statements[2].sql, HasSubstr("INSERT INTO"));
}

}  // namespace
}  // namespace ctk::sink::sql
