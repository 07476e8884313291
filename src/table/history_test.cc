#include "table/history.h"

#include <gtest/gtest.h>

#include "dynamodb/order.h"
#include "table/change_testing.h"

namespace ctk::table {
namespace {

TableSpec spec_of(Target target, const std::string& key, Layout layout, const std::string& history) {
  TableOptions options;
  options.layout = layout;
  options.history = history;
  KeySchema keys;
  keys.attributes = {{key, dynamodb::Type::S}};
  Result<TableSpec> spec = make_spec(target, {"s", "demo"}, "source", keys, options);
  EXPECT_TRUE(spec) << to_string(spec.error());
  return spec.value_or(TableSpec{});
}

TEST(HistorySpec, IsNamedBesideItsTable) {
  const TableSpec history = make_history_spec(spec_of(Target::sqlite, "pk", Layout::columns, "demo_history")).value();
  EXPECT_EQ(history.name, (QualifiedName{"s", "demo_history"}));
  EXPECT_EQ(history.keys.front().column, "pk");
  EXPECT_FALSE(history.options.live_view);
}

TEST(HistorySpec, AKeyNamedLikeOneOfItsColumnsGetsAnotherName) {
  for (const std::string key : {"op", "valid_from", "valid_to", "ttl"}) {
    const TableSpec table = spec_of(Target::postgres, key, Layout::columns, "h");
    EXPECT_EQ(table.keys.front().column, key);
    const std::string column = make_history_spec(table).value().keys.front().column;
    EXPECT_EQ(column.substr(0, key.size() + 1), key + "_");
    EXPECT_EQ(column.size(), key.size() + 9);
  }
  // Where names are folded, its other spellings, too; and what the table has renamed stays.
  EXPECT_NE(make_history_spec(spec_of(Target::sqlite, "OP", Layout::columns, "h")).value().keys.front().column, "OP");
  EXPECT_EQ(make_history_spec(spec_of(Target::postgres, "OP", Layout::columns, "h")).value().keys.front().column, "OP");
  const TableSpec data = spec_of(Target::postgres, "data", Layout::columns, "h");
  EXPECT_EQ(make_history_spec(data).value().keys, data.keys);
  EXPECT_EQ(make_history_spec(spec_of(Target::postgres, "op", Layout::document, "h")).value().keys.front().column, "id");
}

TEST(HistorySpec, NamesThatOthersHaveAreRefused) {
  TableOptions options;
  KeySchema keys;
  keys.attributes = {{"pk", dynamodb::Type::S}};
  for (const char* name : {"demo", "DEMO", "demo_live", "ctk_tables", ""}) {
    options.history = name;
    const Result<TableSpec> spec = make_spec(Target::sqlite, {"", "demo"}, "source", keys, options);
    ASSERT_FALSE(spec) << name;
    EXPECT_EQ(spec.error().kind, ErrorKind::usage);
    EXPECT_NE(spec.error().message.find("history="), std::string::npos);
  }
}

TEST(HistorySpec, ASchemaIsTheTables) {
  EXPECT_EQ(make_history_spec(spec_of(Target::postgres, "pk", Layout::columns, "s.h")).value().name,
            (QualifiedName{"s", "h"}));
  TableOptions options;
  options.history = "other.h";
  KeySchema keys;
  keys.attributes = {{"pk", dynamodb::Type::S}};
  const Result<TableSpec> spec = make_spec(Target::postgres, {"s", "demo"}, "source", keys, options);
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().kind, ErrorKind::usage);
  EXPECT_EQ(make_history_spec(spec_of(Target::sqlite, "pk", Layout::columns, "a.h")).value().name.table, "a.h");
}

TEST(ChangeIdentity, IsTheTimeWhereAnOrderHasOneAndTheNumberWhereItHasNot) {
  using dynamodb::order_text;
  using dynamodb::VersionKind;
  const Timestamp time = from_micros(1'700'000'000'000'001);
  const auto version = [&](VersionKind kind, uint32_t epoch, const char* sequence, uint64_t line = 0) {
    return version_text(epoch, order_text(kind, time, sequence, line));
  };
  EXPECT_EQ(change_identity(version(VersionKind::kinesis, 1, "5")),
            change_identity(version(VersionKind::kinesis, 2, "77")));
  EXPECT_EQ(change_identity(version(VersionKind::file_time, 1, "", 3)),
            change_identity(version(VersionKind::file_time, 1, "", 9)));
  EXPECT_EQ(change_identity(version(VersionKind::streams, 1, "5")), change_identity(version(VersionKind::streams, 9, "5")));
  EXPECT_NE(change_identity(version(VersionKind::streams, 1, "5")), change_identity(version(VersionKind::streams, 1, "6")));
  const auto load = [](uint32_t epoch, int64_t micros) {
    return version_text(epoch, dynamodb::load_order(from_micros(micros)));
  };
  EXPECT_EQ(change_identity(load(1, 5)), change_identity(load(1, 6)));
  EXPECT_NE(change_identity(load(1, 5)), change_identity(load(2, 5)));
}

TEST(ChangeIdentity, ItsVersionsLieInTheirRange) {
  using dynamodb::order_text;
  using dynamodb::VersionKind;
  const auto version = [](int64_t micros, const char* sequence) {
    return version_text(4, order_text(VersionKind::kinesis, from_micros(micros), sequence, 0));
  };
  const VersionRange range = versions_of(4, version(1'700'000'000'000'001, "5"));
  for (const char* sequence : {"1", "5", "99999999999999999999999999999999999999999999999999999999"}) {
    EXPECT_LT(range.from, version(1'700'000'000'000'001, sequence));
    EXPECT_GT(range.to, version(1'700'000'000'000'001, sequence));
  }
  EXPECT_GT(range.from, version(1'700'000'000'000'000, "999"));
  EXPECT_LT(range.to, version(1'700'000'000'000'002, "1"));
}

}  // namespace
}  // namespace ctk::table
