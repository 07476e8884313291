#include "sink/sql/mysql_text.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "sink/sql/mysql_errors.h"

namespace ctk::sink::sql {
namespace {

std::string literal(const Param& param) {
  std::string text;
  append_literal(text, param);
  return text;
}

std::string bound(std::string_view sql, std::vector<Param> params) {
  std::string text;
  append_bound(text, sql, params);
  return text;
}

TEST(MysqlText, NoTextEndsItsLiteral) {
  constexpr std::string_view kHostile("it's \\' \0 \n\x1a \"?` ü 𐍈", 24);
  const std::string hostile(kHostile);
  EXPECT_EQ(literal(Param::of(hostile)), std::string("'it\\'s \\\\\\' \\0 \n\x1a \"?` ü 𐍈'"));
  EXPECT_EQ(literal(Param::of(std::string())), "''");
  EXPECT_EQ(literal({Param::Kind::binary, std::string_view("\x00'\xff", 3), 0, 0}), "X'0027FF'");
}

TEST(MysqlText, ValuesAsTheirTypes) {
  EXPECT_EQ(literal({}), "NULL");
  EXPECT_EQ(literal(Param::of_integer(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(literal({Param::Kind::real, {}, 0, 0.1}), "1e-01");
  EXPECT_EQ(literal(Param::of_time(from_micros(1'700'000'000'123'456))), "'2023-11-14T22:13:20.123456'");
}

TEST(MysqlText, ADecimalHasNoExponent) {
  EXPECT_EQ(plain_decimal("15"), "15");
  EXPECT_EQ(plain_decimal("-1.5E-3"), "-0.0015");
  EXPECT_EQ(plain_decimal("1.25E+1"), "12.5");
  EXPECT_EQ(plain_decimal("-1.25E5"), "-125000");
  EXPECT_EQ(plain_decimal("1E-30"), "0.000000000000000000000000000001");
}

TEST(MysqlText, BindsOutsideOfQuotesOnly) {
  EXPECT_EQ(bound("SELECT `a?`, '?', ? FROM `b``?` WHERE c = ?", {Param::of_integer(1), Param{}}),
            "SELECT `a?`, '?', 1 FROM `b``?` WHERE c = NULL");
  const std::string question = "?";
  EXPECT_EQ(bound("(?, ?)", {Param::of(question), Param::of_integer(2)}), "('?', 2)");
}

TEST(MysqlErrors, WhatTheyConcern) {
  EXPECT_EQ(mysql_meaning(1213).scope, Scope::conflict);
  EXPECT_EQ(mysql_meaning(1205).scope, Scope::doubtful);
  EXPECT_EQ(mysql_meaning(1205).kind, ErrorKind::throttled);
  EXPECT_EQ(mysql_meaning(3572).kind, ErrorKind::throttled);
  EXPECT_EQ(mysql_meaning(1047).scope, Scope::lost);
  EXPECT_EQ(mysql_meaning(1290).kind, ErrorKind::unreachable) << "read-only: waited out";
  EXPECT_EQ(mysql_meaning(1406).scope, Scope::row);
  EXPECT_EQ(mysql_meaning(9999).scope, Scope::doubtful);
  EXPECT_TRUE(is_client_error(2013));
}

}  // namespace
}  // namespace ctk::sink::sql
