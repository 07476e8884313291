#include "table/fit.h"

#include <gtest/gtest.h>

#include <utility>

#include "table/change_testing.h"

namespace ctk::table {
namespace {

using Kind = LearnedType::Kind;

/// The attribute `a` of an item.
class Attribute {
 public:
  explicit Attribute(const std::string& typed) : change_(testing::insert_of(R"({"a":)" + typed + "}")) {}

  dynamodb::Value value() const { return *change_.new_image().begin(); }

  /// What a column of this kind is sent, or "-".
  std::string in(Kind kind, std::optional<ColumnType> declared = {}) const {
    std::string out = "before";
    if (append_fitting(out, value(), kind, declared)) return out.substr(6);
    EXPECT_EQ(out, "before");
    return "-";
  }

  std::string in_ignored() const {
    std::string out = "before";
    if (append_exact(out, value())) return out.substr(6);
    EXPECT_EQ(out, "before");
    return "-";
  }

  std::string in_mysql() const {
    std::string out = "before";
    if (append_exact_for_mysql(out, value())) return out.substr(6);
    EXPECT_EQ(out, "before");
    return "-";
  }

  std::optional<Kind> asks(std::optional<ColumnType> declared = {}) const { return column_kind_for(value(), declared); }

 private:
  dynamodb::Change change_;
};

Attribute number(const std::string& digits) { return Attribute(R"({"N":")" + digits + R"("})"); }
Attribute text_of(size_t size) { return Attribute(R"({"S":")" + std::string(size, 'x') + R"("})"); }

struct NumberCase {
  const char* digits;
  const char* in_double;
  const char* in_bigint;
  const char* in_ignored;
};

TEST(Fit, NumbersGoWhereTheyStayWhatTheyAre) {
  const NumberCase cases[] = {
      {"0", "0", "0", "0"},
      {"-0", "0", "0", "0"},
      {"42", "42", "42", "42"},
      {"-42.42", "-42.42", "-", "-42.42"},
      {"1.0", "1.0", "1", "1"},
      {"007", "7", "7", "7"},
      {"1E3", "1000", "1000", "1000"},
      {"123456789012345", "123456789012345", "123456789012345", "123456789012345"},
      {"12345678901234.5", "12345678901234.5", "-", "12345678901234.5"},
      {"9007199254740992", "9.007199254740992e+15", "9007199254740992", "9007199254740992"},
      {"9007199254740993", "-", "9007199254740993", "9007199254740993"},
      {"900719925474099.31", "-", "-", "-"},
      {"9223372036854775806", "-", "9223372036854775806", "9223372036854775806"},
      {"9223372036854775807", "-", "-", "9223372036854775807"},
      {"-9223372036854775807", "-", "-9223372036854775807", "-9223372036854775807"},
      {"-9223372036854775808", "-", "-", "-9223372036854775808"},
      {"9223372036854775808", "-", "-", "-"},
      {"9223372036854776000", "9.223372036854776e+18", "-", "9.223372036854776e+18"},
      {"1e19", "1e+19", "-", "1e+19"},
      {"1E-130", "1e-130", "-", "1e-130"},
      {"9.9E125", "9.9e+125", "-", "9.9e+125"},
      {"1E400", "-", "-", "-"},
      {"2.2250738585072014E-308", "2.2250738585072014e-308", "-", "2.2250738585072014e-308"},
      {"5E-324", "-", "-", "-"},
      {"12345678901234567890123456789012345678", "-", "-", "-"},
  };
  for (const NumberCase& one : cases) {
    EXPECT_EQ(number(one.digits).in(Kind::double_precision), one.in_double) << one.digits;
    EXPECT_EQ(number(one.digits).in(Kind::bigint), one.in_bigint) << one.digits;
    EXPECT_EQ(number(one.digits).in_ignored(), one.in_ignored) << one.digits;
    EXPECT_EQ(number(one.digits).asks(),
              std::string(one.in_double) == "-" ? std::nullopt : std::optional(Kind::double_precision))
        << one.digits;
  }
}

/// What 8.0.15 was seen to give back as it was sent; "-": it did not, for a number as long or as far from 1.
TEST(Fit, MysqlReadsDoublesOfFewDigitsThatAreNearOneExactly) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "0"},
      {"-42.42", "-42.42"},
      {"9007199254740993", "9007199254740993"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775808", "-"},
      {"12345678901234.5", "12345678901234.5"},
      {"123456789.012345", "123456789.012345"},
      {"123456789.0123456", "-"},
      {"100.00000000000001", "-"},  // came back as 100.0
      {"0.00000000000000000001", "1e-20"},
      {"1.5E-21", "1.5e-21"},
      {"1.5E-22", "-"},
      {"-1E+22", "-1e+22"},
      {"123456789012345E+22", "1.23456789012345e+36"},
      {"1E+23", "-"},
      {"1E-130", "-"},
  };
  for (const auto& [digits, sent] : cases) EXPECT_EQ(number(digits).in_mysql(), sent) << digits;
  EXPECT_EQ(Attribute(R"({"L":[{"N":"1.5"},{"S":"x"}]})").in_mysql(), R"([1.5,"x"])");
  EXPECT_EQ(Attribute(R"({"L":[{"N":"1.5"},{"N":"1E-130"}]})").in_mysql(), "-");
  EXPECT_EQ(Attribute(R"({"NS":["2","0.1"]})").in_mysql(), "[0.1,2]");
}

TEST(Fit, TextIsIndexedUpToLucenesLimit) {
  EXPECT_NE(text_of(32'766).in(Kind::text), "-");
  EXPECT_EQ(text_of(32'767).in(Kind::text), "-");
  EXPECT_EQ(text_of(32'767).asks(), std::nullopt);
  EXPECT_NE(text_of(32'767).in_ignored(), "-");
  const std::string longer(32'767, 'x');
  EXPECT_EQ(Attribute(R"({"L":[{"S":")" + longer + R"("}]})").in(Kind::text_array), "-");
  EXPECT_EQ(Attribute(R"({"SS":[")" + longer + R"("]})").asks(), std::nullopt);
}

TEST(Fit, NothingIsLeftToACast) {
  const Kind all[] = {Kind::text,          Kind::double_precision,     Kind::bigint,       Kind::boolean,
                      Kind::object,        Kind::text_array,           Kind::double_array, Kind::bigint_array,
                      Kind::boolean_array, Kind::object_array_ignored, Kind::unusable};
  struct Fitting {
    const char* typed;
    std::vector<Kind> kinds;
  };
  const Fitting cases[] = {
      {R"({"S":"22"})", {Kind::text}},
      {R"({"S":"true"})", {Kind::text}},
      {R"({"B":"AA=="})", {Kind::text}},
      {R"({"N":"5"})", {Kind::double_precision, Kind::bigint}},
      {R"({"BOOL":true})", {Kind::boolean}},
      {R"({"M":{}})", {}},  // entered, not written
      {R"({"SS":["a"]})", {Kind::text_array}},
      {R"({"BS":["AA=="]})", {Kind::text_array}},
      {R"({"NS":["1"]})", {Kind::double_array, Kind::bigint_array}},
      {R"({"L":[{"S":"a"}]})", {Kind::text_array}},
      {R"({"L":[{"N":"1"}]})", {Kind::double_array, Kind::bigint_array}},
      {R"({"L":[{"BOOL":true}]})", {Kind::boolean_array}},
      {R"({"L":[{"M":{}}]})", {Kind::object_array_ignored}},
      {R"({"L":[{"N":"1"},{"S":"a"}]})", {}},
      {R"({"L":[{"S":"a"},{"NULL":true}]})", {}},
      {R"({"L":[{"L":[{"N":"1"}]}]})", {}},
      {R"({"L":[]})",
       {Kind::text_array, Kind::double_array, Kind::bigint_array, Kind::boolean_array, Kind::object_array_ignored}},
  };
  for (const Fitting& one : cases) {
    const Attribute attribute{one.typed};
    for (const Kind kind : all) {
      const bool fits = std::find(one.kinds.begin(), one.kinds.end(), kind) != one.kinds.end();
      EXPECT_EQ(attribute.in(kind) != "-", fits) << one.typed << " in " << static_cast<int>(kind);
    }
  }
}

TEST(Fit, NullFitsEveryColumnButFixesNone) {
  const Attribute null(R"({"NULL":true})");
  EXPECT_EQ(null.in(Kind::text), "null");
  EXPECT_EQ(null.in(Kind::object), "null");
  EXPECT_EQ(null.in(Kind::unusable), "-");
  EXPECT_EQ(null.asks(), std::nullopt);
  EXPECT_EQ(null.asks(ColumnType::text), std::nullopt);
}

TEST(Fit, SetsAndListsAreWrittenInOrder) {
  EXPECT_EQ(Attribute(R"({"NS":["10","9","-1.50"]})").in(Kind::double_array), "[-1.50,9,10]");
  EXPECT_EQ(Attribute(R"({"NS":["10","9.0"]})").in(Kind::bigint_array), "[9,10]");
  EXPECT_EQ(Attribute(R"({"SS":["b","a"]})").in(Kind::text_array), R"(["a","b"])");
  EXPECT_EQ(Attribute(R"({"L":[{"N":"2"},{"N":"1"}]})").in(Kind::double_array), "[2,1]");
}

TEST(Fit, AListIsWholeOrNotAtAll) {
  EXPECT_EQ(Attribute(R"({"L":[{"N":"1"},{"N":"1E400"}]})").in(Kind::double_array), "-");
  EXPECT_EQ(Attribute(R"({"NS":["1","1E400"]})").in(Kind::double_array), "-");
  const std::string maps = R"({"L":[{"M":{"a.b":{"N":"1"},"c":{"L":[{"S":"x"},{"NULL":true}]}}},{"M":{"d":{"N":")";
  EXPECT_EQ(Attribute(maps + R"(2.5"}}}]})").in(Kind::object_array_ignored), R"([{"a.b":1,"c":["x",null]},{"d":2.5}])");
  EXPECT_EQ(Attribute(maps + R"(1E400"}}}]})").in(Kind::object_array_ignored), "-");
}

TEST(Fit, ValuesAskForColumnsOfTheirTypeOrTheDeclaredOne) {
  EXPECT_EQ(Attribute(R"({"M":{}})").asks(), Kind::object);
  EXPECT_EQ(Attribute(R"({"L":[]})").asks(), std::nullopt);
  EXPECT_EQ(Attribute(R"({"SS":[]})").asks(), std::nullopt);
  EXPECT_EQ(Attribute(R"({"L":[{"M":{}}]})").asks(), Kind::object_array_ignored);
  EXPECT_EQ(Attribute(R"({"L":[{"S":"a"},{"B":"AA=="}]})").asks(), Kind::text_array);
  EXPECT_EQ(number("5").asks(ColumnType::bigint), Kind::bigint);
  EXPECT_EQ(number("5.5").asks(ColumnType::bigint), std::nullopt);
  EXPECT_EQ(Attribute(R"({"S":"5"})").asks(ColumnType::bigint), std::nullopt);
}

TEST(Fit, DeclaredTextKeepsEveryDigit) {
  const Attribute price = number("1.5000000000000000000000000000");
  EXPECT_EQ(price.asks(ColumnType::text), Kind::text);
  EXPECT_EQ(price.in(Kind::text, ColumnType::text), R"("1.5000000000000000000000000000")");
  EXPECT_EQ(price.in(Kind::text), "-") << "unless the user said so, a number is no text";
}

}  // namespace
}  // namespace ctk::table
