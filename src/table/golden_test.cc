// What each target is given for the same changes, as text to read. CTK_UPDATE_GOLDEN=1 writes the file anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "table/change_testing.h"
#include "table/paths.h"
#include "table/render.h"

namespace ctk::table {
namespace {

constexpr const char* kFile = CTK_SOURCE_DIR "/src/table/testdata/rows.golden";

struct Named {
  const char* name;
  testing::EventText event;
};

const char kKeys[] = R"({"device":{"S":"foo"},"ts":{"N":"1720740233.50"}})";

std::vector<Named> events() {
  return {
      {"insert",
       {"INSERT", kKeys,
        R"({"device":{"S":"foo"},"ts":{"N":"1720740233.50"},"temperature":{"N":"42.420"},"on":{"BOOL":true},)"
        R"("tags":{"SS":["b","a"]},"levels":{"NS":["10","9"]},"raw":{"B":"AP8="},"nothing":{"NULL":true},)"
        R"("place":{"M":{"city":{"S":"Wien"},"lat.lon":{"L":[{"N":"48.2"},{"N":"16.4"}]}}}})",
        ""}},
      {"odd values",
       {"MODIFY", kKeys,
        R"({"device":{"S":"foo"},"ts":{"N":"1720740233.50"},"huge":{"N":"12345678901234567890123456789"},)"
        R"("mixed":{"L":[{"S":"a"},{"N":"1"},{"L":[]}]},"events":{"L":[{"M":{"a":{"N":"1"}}}]},)"
        R"("empty":{"L":[]},"nul":{"S":"a\u0000b"},"temperature":{"S":"warm"},"data":{"S":"quote \" and \\"}})",
        ""}},
      {"remove", {"REMOVE", kKeys, "", R"({"device":{"S":"foo"},"ts":{"N":"1720740233.50"},"temperature":{"N":"1"}})"}},
  };
}

std::string_view words(KeyCell::Kind kind) {
  constexpr std::string_view kNames[] = {"text", "binary", "integer", "real", "number"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view words(LearnedType::Kind kind) {
  constexpr std::string_view kNames[] = {"text",         "double_precision",     "bigint",     "boolean",
                                         "object",       "object_array_ignored", "text_array", "double_array",
                                         "bigint_array", "boolean_array",        "unusable"};
  return kNames[static_cast<size_t>(kind)];
}

void print(std::ostream& out, const TableSpec& spec, const Row& row) {
  for (size_t i = 0; i < row.keys.size(); ++i) {
    out << "  " << spec.keys[i].column << " (" << words(row.keys[i].kind) << ") " << row.keys[i].text << "\n";
  }
  out << "  data    " << row.data.value_or("NULL") << "\n  aux     " << row.aux.value_or("NULL") << "\n";
  out << "  version " << row.version << "\n  deleted " << (row.deleted ? "true" : "false") << "\n  time    "
      << format_iso8601(row.time) << "\n";
}

void print_columns(std::ostream& out, const std::vector<NewColumn>& columns) {
  for (const NewColumn& column : columns) {
    out << "  add column " << path_text(column.path) << " " << words(column.type.kind) << "\n";
  }
}

/// All events one after another; CrateDB learns on the way.
void print_target(std::ostream& out, const TableSpec& spec) {
  LearnedTypes types;
  types.data_ignored = !spec.options.typed;
  for (const Named& named : events()) {
    out << named.name << "\n";
    const dynamodb::Change change = testing::change_of(named.event);
    Rendered rendered = Renderer(spec, types).render(change, 1);
    if (const auto* needs = std::get_if<NeedsColumns>(&rendered)) {
      print_columns(out, needs->columns);
      for (const NewColumn& column : needs->columns) types.paths[column.path] = column.type;
      types.column_count = types.paths.size();
      rendered = Renderer(spec, types).render(change, 1);
    }
    if (const auto* refused = std::get_if<Refused>(&rendered)) out << "  refused: " << refused->reason << "\n";
    if (const auto* row = std::get_if<Row>(&rendered)) print(out, spec, *row);
  }
  out << "\n";
}

std::string all_targets() {
  constexpr std::pair<Target, const char*> kTargets[] = {
      {Target::cratedb, "cratedb"}, {Target::postgres, "postgres"}, {Target::sqlite, "sqlite"}, {Target::ndjson, "ndjson"}};
  constexpr std::pair<Layout, const char*> kLayouts[] = {
      {Layout::ctk, "ctk"}, {Layout::columns, "columns"}, {Layout::document, "document"}};
  std::ostringstream out;
  for (const auto& [target, target_name] : kTargets) {
    for (const auto& [layout, layout_name] : kLayouts) {
      for (const Encoding encoding : {Encoding::plain, Encoding::dynamodb}) {
        TableOptions options;
        options.layout = layout;
        options.encoding = encoding;
        if (target == Target::cratedb && layout == Layout::ctk) options.key_types = {{"ts", ColumnType::text}};
        const auto spec =
            make_spec(target, {"", "demo"}, "demo", {{{"device", dynamodb::Type::S}, {"ts", dynamodb::Type::N}}}, options);
        if (!spec) continue;
        out << "== " << target_name << " layout=" << layout_name
            << " encoding=" << (encoding == Encoding::plain ? "plain" : "dynamodb") << "\n";
        print_target(out, *spec);
      }
    }
  }
  return out.str();
}

TEST(Golden, Rows) {
  const std::string rows = all_targets();
  if (std::getenv("CTK_UPDATE_GOLDEN") != nullptr) std::ofstream(kFile) << rows;
  std::ifstream file(kFile);
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(rows, expected.str()) << "if this is meant: CTK_UPDATE_GOLDEN=1 build/table_test";
}

}  // namespace
}  // namespace ctk::table
