#include "relay/routes.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ctk::relay
