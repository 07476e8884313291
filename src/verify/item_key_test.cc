#include "verify/item_key.h"

#include <gtest/gtest.h>

#include "table/change_testing.h"
#include "table/keys.h"

namespace ctk::verify {
namespace {

using table::Target;

/// The item's key, from what its row's key would be read as.
void check(const std::string& keys, const table::TableOptions& options, Target target) {
  const dynamodb::Change change = table::testing::insert_of("{}", keys);
  const dynamodb::KeySchema schema = table::key_schema_of(change);
  const table::TableSpec spec = table::make_spec(target, {"", "demo"}, "demo", schema, options).value();
  sink::KeyTexts texts;
  const auto cells = table::key_cells(spec, change.keys()).value();
  for (const table::KeyCell& cell : cells) texts.push_back(cell.text);
  EXPECT_EQ(item_key(schema, spec, texts).value_or("none"), change.key) << target->product << keys;
}

TEST(ItemKey, ComesBackFromEveryRow) {
  for (const Target target : {Target::sqlite, Target::postgres, Target::mariadb, Target::cratedb}) {
    for (const auto layout : {table::Layout::columns, table::Layout::document}) {
      table::TableOptions options;
      options.layout = layout;
      check(R"({"pk":{"S":"ä\"\\ "}})", options, target);
      check(R"({"pk":{"S":"a"},"a":{"N":"1"}})", options, target);
      check(R"({"pk":{"B":"AP8="},"sk":{"N":"-70"}})", options, target);
    }
  }
  table::TableOptions text;
  text.key_types = {{"n", table::ColumnType::text}};
  check(R"({"n":{"N":"1.5E+99"}})", text, Target::postgres);
  check(R"({"n":{"N":"0.1"}})", {}, Target::sqlite);
}

TEST(ItemKey, ThereIsNoneOfAnIdThatNobodyHasWritten) {
  const dynamodb::KeySchema schema{{{"pk", dynamodb::Type::S}}};
  table::TableOptions options;
  options.layout = table::Layout::document;
  const table::TableSpec spec = table::make_spec(Target::sqlite, {"", "demo"}, "demo", schema, options).value();
  for (const char* id : {"", "a", "[]", "{}", R"({"sk":"a"})", R"({"pk":"a","sk":"b"})"}) {
    EXPECT_EQ(item_key(schema, spec, {id}), std::nullopt) << id;
  }
}

}  // namespace
}  // namespace ctk::verify
