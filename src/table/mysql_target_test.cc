// What of DynamoDB's names, numbers and keys MySQL and MariaDB take.
#include <gtest/gtest.h>

#include "table/names.h"
#include "table/render.h"
#include "table/target.h"

namespace ctk::table {
namespace {

KeyCell text(size_t bytes) { return {KeyCell::Kind::text, std::string(bytes, 'x'), 0, 0}; }

bool takes_key(std::vector<KeyCell> cells) { return kMariadbTraits.keys.takes_key(cells); }
bool takes_number(std::string_view digits) { return kMariadbTraits.keys.takes_numeric(digits); }

TEST(MysqlTarget, Names) {
  const Target target = Target::mariadb;
  EXPECT_EQ(map_column_name(target, "back`tick ü"), "back`tick ü");
  EXPECT_EQ(map_column_name(target, "select"), "select");
  EXPECT_TRUE(map_column_name(target, "a😀b").starts_with("a____b_")) << "no character beyond U+FFFF";
  EXPECT_TRUE(map_column_name(target, "blank ").starts_with("blank _")) << "no name ends in a blank";
  EXPECT_NE(map_column_name(target, "DATA"), "DATA") << "case tells no columns apart";
  EXPECT_EQ(map_column_name(target, std::string(65, 'x')).size(), 64U);
  EXPECT_TRUE(same_table(target, "Demo", "demo"));
}

TEST(MysqlTarget, DecimalsOf35And30Digits) {
  EXPECT_TRUE(takes_number("-12345678901234567890123456789012345"));
  EXPECT_FALSE(takes_number("123456789012345678901234567890123456"));
  EXPECT_TRUE(takes_number("0.000000000000000000000000000001"));
  EXPECT_TRUE(takes_number("1E-30"));
  EXPECT_FALSE(takes_number("1E-31"));
  EXPECT_FALSE(takes_number("1.5E-30"));
  EXPECT_TRUE(takes_number("1E+34"));
  EXPECT_FALSE(takes_number("1E+35"));
  EXPECT_FALSE(takes_number("9.9E+125"));
}

TEST(MysqlTarget, KeysThatTheIndexTakes) {
  EXPECT_TRUE(takes_key({text(3072)}));
  EXPECT_FALSE(takes_key({text(3073)}));
  EXPECT_TRUE(takes_key({text(2048), text(1024)}));
  EXPECT_FALSE(takes_key({text(1024), text(1025)}));
  EXPECT_TRUE(kMysqlTraits.keys.too_long.contains("layout=document"));
}

}  // namespace
}  // namespace ctk::table
