#include "sink/cratedb/statements.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sink/cratedb/bookkeeping.h"

namespace ctk::sink::cratedb {
namespace {

using dynamodb::Type;
using table::ColumnType;
using table::Layout;
using table::LearnedType;

table::TableSpec make_spec(Layout layout) {
  table::TableSpec spec;
  spec.name = {"testdrive", "demo"};
  spec.source_table = "demo";
  spec.target = table::Target::cratedb;
  spec.options.layout = layout;
  if (layout == Layout::document) {
    spec.keys = {{"id", "id", Type::S, ColumnType::text}};
  } else {
    spec.keys = {{"device", "device", Type::S, ColumnType::text},
                 {"it's \"n\"", "it's \"n\"", Type::N, ColumnType::bigint}};
  }
  return spec;
}

std::string all_statements() {
  std::string out;
  auto add = [&](const std::string& title, const std::string& sql) { out += "-- " + title + "\n" + sql + ";\n\n"; };
  const std::pair<std::string, Layout> layouts[] = {
      {"ctk", Layout::ctk}, {"columns", Layout::columns}, {"document", Layout::document}};
  for (const auto& [name, layout] : layouts) {
    const table::TableSpec spec = make_spec(layout);
    add(name + ": table", create_table(spec));
    add(name + ": view", create_live_view(spec));
    add(name + ": upsert", upsert(spec));
    add(name + ": due marks", select_due_tombstones(spec));
    add(name + ": older epochs", select_older(spec));
    add(name + ": delete a mark", delete_tombstone(spec));
    add(name + ": some rows", select_rows(spec, 2));
    add(name + ": highest version", select_highest_version(spec.name));
  }
  table::TableSpec open = make_spec(Layout::ctk);
  open.options.typed = false;
  add("typed=false: table", create_table(open));
  table::TableSpec soft = make_spec(Layout::document);
  soft.options.deletes = table::Deletes::soft;
  add("deletes=soft: upsert", upsert(soft));
  using Kind = LearnedType::Kind;
  add("columns", add_columns({"testdrive", "demo"}, {{{"a"}, {Kind::object}},
                                                     {{"a", "o'b"}, {Kind::double_precision}},
                                                     {{"l"}, {Kind::object_array_ignored}},
                                                     {{"t"}, {Kind::text_array}}}));
  add("own columns", add_own_columns({"testdrive", "demo"}, {"cdc_deleted", "cdc_time"}));
  const Bookkeeping ours("testdrive");
  add("ctk_tables", ours.create_tables());
  add("ctk_positions", ours.create_positions());
  add("ctk_dead_letters", ours.create_dead_letters());
  add("a table's record", ours.select_record("t").sql);
  add("make a record", ours.insert_record({}).sql);
  add("change a record", update_record(ours, {}, {}).sql);
  add("add to the records", ours.add_witnesses());
  add("make positions", ours.insert_positions({}, {}).sql);
  add("raise fences", ours.raise_fences({}, {}).sql);
  add("move positions", ours.move_positions({}, {}).sql);
  add("set positions back", ours.rewind_positions({}, {}).sql);
  add("dead letters", ours.insert_dead_letters({}).sql);
  add("dead letters again", ours.upsert_dead_letters({}).sql);
  return out;
}

TEST(Statements, AreTheGoldenOnes) {
  const std::string path = CTK_SOURCE_DIR "/src/sink/cratedb/testdata/statements.sql";
  std::ifstream file(path);
  std::stringstream golden;
  golden << file.rdbuf();
  const std::string now = all_statements();
  if (golden.str() != now) std::ofstream("statements.sql.now") << now;
  EXPECT_EQ(golden.str(), now) << "if the change is meant, copy statements.sql.now over " << path;
}

TEST(Statements, QuoteWhateverANameHolds) {
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(subscript("data", {"o'k", "x\"y"}), "\"data\"['o''k']['x\"y']");
  EXPECT_EQ(quote_name({"s", "t"}), "\"s\".\"t\"");
}

}  // namespace
}  // namespace ctk::sink::cratedb
