#include "relay/routes.h"

#include <gtest/gtest.h>

#include "table/names.h"

namespace ctk::relay {
namespace {

RouteRules rules(std::optional<std::string> source, std::optional<std::string> table) {
  return {std::move(source), "public", std::move(table), table::Target::postgres};
}

TEST(Routes, EachSourceTableGoesToItsOwnWhereTheTargetNamesNone) {
  Routes routes(rules({}, {}));
  EXPECT_EQ(std::get<table::QualifiedName>(routes.route("one")), (table::QualifiedName{"public", "one"}));
  EXPECT_EQ(std::get<table::QualifiedName>(routes.route("two")), (table::QualifiedName{"public", "two"}));
  EXPECT_EQ(std::get<Error>(routes.route("")).kind, ErrorKind::corrupt);
}

TEST(Routes, ASecondSourceTableOnTheWayToOneTargetEndsTheRun) {
  Routes routes(rules({}, "demo"));
  EXPECT_EQ(std::get<table::QualifiedName>(routes.route("one")), (table::QualifiedName{"public", "demo"}));
  EXPECT_EQ(std::get<table::QualifiedName>(routes.route("")), (table::QualifiedName{"public", "demo"}));
  const Error error = std::get<Error>(routes.route("two"));
  EXPECT_EQ(error.kind, ErrorKind::refused);
  EXPECT_NE(error.message.find("'one'"), std::string::npos);
  EXPECT_NE(error.message.find("'two'"), std::string::npos);
}

TEST(Routes, ARecordedTableIsOursWhereItLiesInOurSchemaAndIsTheOneThatTheTargetNames) {
  EXPECT_EQ(Routes(rules({}, {})).own_table("public.a.b"), (table::QualifiedName{"public", "a.b"}));
  EXPECT_EQ(Routes(rules({}, {})).own_table("other.demo"), std::nullopt);
  EXPECT_EQ(Routes(rules({}, "demo")).own_table("public.demo"), (table::QualifiedName{"public", "demo"}));
  EXPECT_EQ(Routes(rules({}, "demo")).own_table("public.other"), std::nullopt);
}

TEST(Routes, SourceTableFiltersTheOthers) {
  Routes routes(rules("one", "demo"));
  EXPECT_TRUE(std::holds_alternative<FilteredOut>(routes.route("two")));
  EXPECT_TRUE(std::holds_alternative<table::QualifiedName>(routes.route("one")));
  EXPECT_TRUE(std::holds_alternative<table::QualifiedName>(routes.route("")));
}

coordination::TableRecord record(const std::string& table, const std::string& source) {
  coordination::TableRecord record;
  record.table = table;
  record.source_table = source;
  return record;
}

std::string table_of(Routes& routes, const std::string& source) {
  return std::get<table::QualifiedName>(routes.route(source)).table;
}

TEST(Routes, SourceTablesThatTheTargetTakesForOneBothHaveATable) {
  Routes routes({{}, "", {}, table::Target::sqlite});
  EXPECT_EQ(table_of(routes, "Orders"), "Orders");
  const std::string second = table_of(routes, "orders");
  EXPECT_EQ(second, table::suffixed_table_name(table::Target::sqlite, "orders"));
  EXPECT_EQ(table_of(routes, "ORDERS"), table::suffixed_table_name(table::Target::sqlite, "ORDERS"));
  EXPECT_EQ(table_of(routes, "Orders"), "Orders");

  Routes restarted({{}, "", {}, table::Target::sqlite});
  restarted.know({record("Orders", "Orders"), record(second, "orders")});
  EXPECT_EQ(table_of(restarted, "orders"), second) << "the other order";
  EXPECT_EQ(table_of(restarted, "Orders"), "Orders");

  Routes postgres({{}, "public", {}, table::Target::postgres});
  EXPECT_EQ(table_of(postgres, "Orders"), "Orders");
  EXPECT_EQ(table_of(postgres, "orders"), "orders");
}

TEST(Routes, AnIndexIsNoPlaceForATable) {
  Routes postgres({{}, "public", {}, table::Target::postgres});
  postgres.know({record("public.a", "a"), record("elsewhere.b", "b"), record("public.c_pkey", "c_pkey")});
  EXPECT_NE(table_of(postgres, "a_pkey"), "a_pkey") << "PostgreSQL's own name for the key's index";
  EXPECT_EQ(table_of(postgres, "b_pkey"), "b_pkey");
  EXPECT_EQ(table_of(postgres, "c"), "c");
  EXPECT_EQ(table_of(postgres, "c_pkey"), "c_pkey") << "a table keeps the name that it has";
}

TEST(Routes, NamesThatMeetAfterMappingAreToldApart) {
  Routes routes({{}, "public", {}, table::Target::postgres});
  const std::string mapped = table_of(routes, "ctk_tables");
  EXPECT_NE(mapped, "ctk_tables");
  EXPECT_NE(table_of(routes, mapped), mapped) << "a source table that is called as the other's mapped name";
}

}  // namespace
}  // namespace ctk::relay
