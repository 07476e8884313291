#include "sink/sql/mysql_arrays.h"

#include <gtest/gtest.h>

namespace ctk::sink::sql {
namespace {

using Kind = Param::Kind;
constexpr size_t kPlenty = 1'000'000;

std::string text_at(const MYSQL_BIND& bind, size_t row) {
  return {static_cast<char**>(bind.buffer)[row], bind.length[row]};
}

TEST(MysqlArrays, AColumnHasTheTypeOfItsRowsAndNullIsOfAny) {
  const std::string text("a\0b", 3);
  const std::vector<Param> params = {{},
                                     {Kind::binary, "\xff", 0, 0},
                                     {Kind::number, "-1.25E+2", 0, 0},
                                     Param::of_integer(7),
                                     Param::of(text),
                                     {Kind::binary, "", 0, 0},
                                     {Kind::number, "5", 0, 0},
                                     {}};
  MysqlArrays arrays;
  ASSERT_EQ(arrays.fill(params, 4, kPlenty), 2U);
  const std::vector<MYSQL_BIND> binds = arrays.binds();
  ASSERT_EQ(binds.size(), 4U);
  EXPECT_EQ(binds[0].buffer_type, MYSQL_TYPE_STRING);
  EXPECT_EQ(binds[0].u.indicator[0], STMT_INDICATOR_NULL);
  EXPECT_EQ(binds[0].u.indicator[1], STMT_INDICATOR_NONE);
  EXPECT_EQ(text_at(binds[0], 1), text);
  EXPECT_EQ(binds[1].buffer_type, MYSQL_TYPE_BLOB);
  EXPECT_EQ(text_at(binds[1], 0), "\xff");
  EXPECT_EQ(binds[1].u.indicator[1], STMT_INDICATOR_NONE) << "empty is not NULL";
  EXPECT_EQ(binds[2].buffer_type, MYSQL_TYPE_NEWDECIMAL);
  EXPECT_EQ(text_at(binds[2], 0), "-125");
  EXPECT_EQ(binds[3].buffer_type, MYSQL_TYPE_LONGLONG);
  EXPECT_EQ(static_cast<int64_t*>(binds[3].buffer)[0], 7);
  EXPECT_EQ(binds[3].u.indicator[1], STMT_INDICATOR_NULL);
}

TEST(MysqlArrays, TimesAreWrittenAsADatetimeReadsThem) {
  const std::vector<Param> params = {{Kind::time, {}, 1'700'000'000'000'001, 0}};
  MysqlArrays arrays;
  ASSERT_EQ(arrays.fill(params, 1, kPlenty), 1U);
  EXPECT_EQ(text_at(arrays.binds()[0], 0), "2023-11-14T22:13:20.000001");
}

TEST(MysqlArrays, ARowOfAnotherTypeBeginsTheNextArray) {
  const std::string text = "a";
  const std::vector<Param> params = {Param::of(text), Param::of(text), Param::of_integer(1), Param::of(text)};
  MysqlArrays arrays;
  EXPECT_EQ(arrays.fill(params, 1, kPlenty), 2U);
  EXPECT_EQ(arrays.fill(std::span(params).subspan(2), 1, kPlenty), 1U);
  EXPECT_EQ(arrays.fill(std::span(params).subspan(3), 1, kPlenty), 1U);
}

TEST(MysqlArrays, NoMoreRowsThanFit) {
  const std::string text(100, 'x');
  const std::vector<Param> params(10, Param::of(text));
  MysqlArrays arrays;
  EXPECT_EQ(arrays.fill(params, 1, 350), 3U);
  EXPECT_EQ(arrays.fill(params, 1, 99), 0U);
  EXPECT_GE(arrays.first_size(), 100U);
}

}  // namespace
}  // namespace ctk::sink::sql
