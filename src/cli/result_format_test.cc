#include "cli/result_format.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using sink::ResultSet;
using Kind = ResultSet::Column::Kind;

ResultSet sample() {
  ResultSet result;
  result.columns = {{"id", Kind::number}, {"naïve", Kind::text}, {"ok", Kind::boolean}, {"data", Kind::json}};
  result.rows = {{"1", "a,\"b\"\nc", "t", R"({"n":1.50})"},
                 {"12345678901234567890123456789012345678", "", "f", "not json"},
                 {std::nullopt, "größe", std::nullopt, std::nullopt}};
  return result;
}

TEST(FormatResult, Table) {
  EXPECT_EQ(format_result(sample(), ResultFormat::table),
            " id                                     | naïve    | ok   | data\n"
            "----------------------------------------+----------+------+------------\n"
            "                                      1 | a,\"b\"\\nc | t    | {\"n\":1.50}\n"
            " 12345678901234567890123456789012345678 |          | f    | not json\n"
            "                                   NULL | größe    | NULL | NULL\n"
            "(3 rows)\n");
}

TEST(FormatResult, JsonKeepsNumbersAsTheyCame) {
  EXPECT_EQ(format_result(sample(), ResultFormat::json),
            "[{\"id\":1,\"naïve\":\"a,\\\"b\\\"\\nc\",\"ok\":true,\"data\":{\"n\":1.50}},"
            "{\"id\":12345678901234567890123456789012345678,\"naïve\":\"\",\"ok\":false,\"data\":\"not json\"},"
            "{\"id\":null,\"naïve\":\"größe\",\"ok\":null,\"data\":null}]\n");
  ResultSet odd;
  odd.columns = {{"n", Kind::number}, {"b", Kind::boolean}};
  odd.rows = {{"NaN", "maybe"}, {"+01.50", "true"}};
  EXPECT_EQ(format_result(odd, ResultFormat::json), R"([{"n":"NaN","b":"maybe"},{"n":1.50,"b":true}])"
                                                    "\n");
}

TEST(FormatResult, Csv) {
  EXPECT_EQ(format_result(sample(), ResultFormat::csv),
            "id,naïve,ok,data\n"
            "1,\"a,\"\"b\"\"\nc\",t,\"{\"\"n\"\":1.50}\"\n"
            "12345678901234567890123456789012345678,\"\",f,not json\n"
            ",größe,,\n");
}

TEST(FormatResult, Vertical) {
  ResultSet result;
  result.columns = {{"id", Kind::number}, {"name", Kind::text}};
  result.rows = {{"1", "a\nb"}};
  EXPECT_EQ(format_result(result, ResultFormat::vertical), "-- row 1\nid   | 1\nname | a\nb\n(1 row)\n");
}

TEST(FormatResult, NothingAtAll) {
  ResultSet result;
  result.columns = {{"id", Kind::number}};
  EXPECT_EQ(format_result(result, ResultFormat::table), " id\n----\n(0 rows)\n");
  EXPECT_EQ(format_result(result, ResultFormat::json), "[]\n");
  EXPECT_EQ(format_result(result, ResultFormat::csv), "id\n");
}

}  // namespace
}  // namespace ctk::cli
