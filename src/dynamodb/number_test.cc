#include "dynamodb/number.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace ctk::dynamodb {
namespace {

/// The number written out in full: a sign, 600 digits before the point, 600 behind it. Slow, and by another way than the
/// code under test.
struct WrittenOut {
  bool negative = false;
  std::string digits;
  bool operator==(const WrittenOut&) const = default;
};

constexpr int kSide = 600;

WrittenOut write_out(const std::string& text) {
  WrittenOut out;
  out.digits.assign(2 * kSide, '0');
  size_t at = 0;
  if (text[at] == '-' || text[at] == '+') out.negative = text[at++] == '-';
  size_t exponent_at = text.find_first_of("eE");
  std::string mantissa = text.substr(at, exponent_at == std::string::npos ? std::string::npos : exponent_at - at);
  int exponent = exponent_at == std::string::npos ? 0 : std::atoi(text.c_str() + exponent_at + 1);
  size_t point = mantissa.find('.');
  int whole = static_cast<int>(point == std::string::npos ? mantissa.size() : point);
  int place = kSide - whole - exponent;
  for (char c : mantissa) {
    if (c != '.') out.digits.at(static_cast<size_t>(place++)) = c;
  }
  if (out.digits == std::string(2 * kSide, '0')) out.negative = false;
  return out;
}

int reference_compare(const std::string& left, const std::string& right) {
  WrittenOut a = write_out(left), b = write_out(right);
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int order = a.digits.compare(b.digits);
  order = order < 0 ? -1 : order > 0 ? 1 : 0;
  return a.negative ? -order : order;
}

rc::Gen<std::string> digits(int least, int most) {
  return rc::gen::mapcat(rc::gen::inRange(least, most + 1), [](int size) {
    return rc::gen::container<std::string>(static_cast<size_t>(size), rc::gen::elementOf(std::string("0000123456789")));
  });
}

/// Any spelling that is_number allows, of small, large and equal numbers.
rc::Gen<std::string> number_text() {
  return rc::gen::apply(
      [](const std::string& sign, const std::string& whole, const std::string& point, const std::string& fraction,
         const std::string& e, int exponent) {
        std::string mantissa = whole + (point.empty() ? "" : "." + fraction);
        if (whole.empty() && (point.empty() || fraction.empty())) mantissa = "0" + mantissa;
        return sign + mantissa + (e.empty() ? "" : e + std::to_string(exponent));
      },
      rc::gen::element<std::string>("", "", "-", "+"), digits(0, 42), rc::gen::element<std::string>("", "."), digits(0, 42),
      rc::gen::element<std::string>("", "", "e", "E", "e+0", "E-00"), rc::gen::inRange(0, 140));
}

/// Another spelling of the same number.
rc::Gen<std::string> respelled(const std::string& text) {
  return rc::gen::map(rc::gen::inRange(0, 30), [text](int shift) {
    WrittenOut number = write_out(text);
    std::string moved = number.digits.substr(0, static_cast<size_t>(kSide + shift)) + "." +
                        number.digits.substr(static_cast<size_t>(kSide + shift));
    return (number.negative ? "-" : "+") + moved + "e-" + std::to_string(shift);
  });
}

TEST(PlainInteger, IsDigitsAloneThatFit) {
  EXPECT_EQ(plain_integer("0"), 0);
  EXPECT_EQ(plain_integer("1720740233012995"), 1720740233012995);
  EXPECT_EQ(plain_integer("999999999999999999"), 999999999999999999);
  for (const char* other : {"", "-1", "+1", "1.0", "1e3", "01", "1000000000000000000", " 1"}) {
    EXPECT_EQ(plain_integer(other), std::nullopt) << other;
  }
}

TEST(Number, KnowsItsGrammar) {
  for (const char* good : {"0", "-0", "+1", "007", "1.", ".5", "-.5", "1e5", "1E+5", "1.5e-130", "0e0", "1e0000000000001",
                           "12345678901234567890123456789012345678901234567890"}) {
    EXPECT_TRUE(is_number(good)) << good;
  }
  for (const char* bad : {"",    "-",   "+",   ".",        "e5",  "1e",    "1e+",          "1e5.0", "1 ", " 1",
                          "1,5", "0x1", "NaN", "Infinity", "--1", "1.2.3", "1e9999999999", "1f",    "-.", ".e1"}) {
    EXPECT_FALSE(is_number(bad)) << bad;
  }
}

TEST(Number, IsWrittenAsJsonDigitForDigit) {
  EXPECT_EQ(json_number("+01.50"), "1.50");
  EXPECT_EQ(json_number(".50"), "0.50");
  EXPECT_EQ(json_number("-.5"), "-0.5");
  EXPECT_EQ(json_number("5."), "5");
  EXPECT_EQ(json_number("5.e3"), "5e3");
  EXPECT_EQ(json_number("-00"), "-0");
  EXPECT_EQ(json_number("1.5E-130"), "1.5E-130");
  EXPECT_EQ(json_number("12345678901234567890123456789012345678"), "12345678901234567890123456789012345678");
}

TEST(Number, HasOneCanonicalForm) {
  EXPECT_EQ(canonical_number("1"), "1");
  EXPECT_EQ(canonical_number("1.0"), "1");
  EXPECT_EQ(canonical_number("+1e3"), "1000");
  EXPECT_EQ(canonical_number("-0.00"), "0");
  EXPECT_EQ(canonical_number("0e50"), "0");
  EXPECT_EQ(canonical_number("-1.50"), "-1.5");
  EXPECT_EQ(canonical_number("0.00150"), "0.0015");
  EXPECT_EQ(canonical_number("150e-100"), "1.5E-98");
  EXPECT_EQ(canonical_number("1e39"), "1" + std::string(39, '0'));
  EXPECT_EQ(canonical_number("1e40"), "1E40");
  EXPECT_EQ(canonical_number("1" + std::string(40, '0')), "1E40");
  EXPECT_EQ(canonical_number("1e-39"), "0." + std::string(38, '0') + "1");
  EXPECT_EQ(canonical_number("1e-40"), "1E-40");
}

TEST(Number, IsAnIntegerWhereItIsOne) {
  EXPECT_EQ(exact_int64("1e3"), 1000);
  EXPECT_EQ(exact_int64("1.0"), 1);
  EXPECT_EQ(exact_int64("-0"), 0);
  EXPECT_EQ(exact_int64("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(exact_int64("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(exact_int64("9223372036854775808"), std::nullopt);
  EXPECT_EQ(exact_int64("-9223372036854775809"), std::nullopt);
  EXPECT_EQ(exact_int64("1.5"), std::nullopt);
  EXPECT_EQ(exact_int64("1e999999999"), std::nullopt);
  EXPECT_EQ(exact_int64("1e-999999999"), std::nullopt);
}

TEST(Number, IsADoubleOnlyWhereNoDigitIsLost) {
  EXPECT_EQ(exact_double("0.1"), 0.1);
  EXPECT_EQ(exact_double("+42.420"), 42.42);
  EXPECT_EQ(exact_double("1e22"), 1e22);
  EXPECT_EQ(exact_double("5e-324"), 5e-324);
  EXPECT_EQ(exact_double("4.94e-324"), std::nullopt);
  EXPECT_EQ(exact_double("1.1805916207174113e21"), 1.1805916207174113e21);
  EXPECT_EQ(exact_double("1180591620717411303424"), std::nullopt);
  EXPECT_EQ(exact_double("9007199254740992"), 9007199254740992.0);
  EXPECT_EQ(exact_double("9007199254740993"), std::nullopt);
  EXPECT_EQ(exact_double("0.1000000000000000055511151231257827"), std::nullopt);
  EXPECT_EQ(exact_double("1e400"), std::nullopt);
  EXPECT_EQ(exact_double("1e-400"), std::nullopt);
  ASSERT_TRUE(exact_double("-0").has_value());
  EXPECT_FALSE(std::signbit(*exact_double("-0")));
}

RC_GTEST_PROP(NumberProperty, CanonicalFormsAreEqualExactlyForEqualNumbers, ()) {
  std::string left = *number_text();
  std::string right = *rc::gen::oneOf(number_text(), respelled(left));
  RC_ASSERT((canonical_number(left) == canonical_number(right)) == (write_out(left) == write_out(right)));
}

RC_GTEST_PROP(NumberProperty, CanonicalAndJsonFormsAreTheSameNumber, ()) {
  std::string text = *number_text();
  RC_ASSERT(is_number(text));
  RC_ASSERT(write_out(canonical_number(text)) == write_out(text));
  RC_ASSERT(canonical_number(canonical_number(text)) == canonical_number(text));
  std::string json = json_number(text);
  RC_ASSERT(write_out(json) == write_out(text));
  RC_ASSERT(json_number(json) == json);
  RC_ASSERT((number_form(text) == NumberForm::json) == (json == text));
}

RC_GTEST_PROP(NumberProperty, OrderIsThatOfTheWrittenOutNumbers, ()) {
  std::string left = *number_text();
  std::string right = *rc::gen::oneOf(number_text(), respelled(left));
  int expected = reference_compare(left, right);
  int order = compare_numbers(left, right);
  RC_ASSERT((order > 0) - (order < 0) == expected);
  RC_ASSERT(compare_numbers(right, left) == -order);
}

RC_GTEST_PROP(NumberProperty, ExactDoubleLosesNothingAndRefusesNothingExact, ()) {
  std::string text = *rc::gen::oneOf(
      number_text(),
      rc::gen::map(rc::gen::arbitrary<int64_t>(), [](int64_t bits) { return std::to_string(bits >> (bits & 31)); }),
      rc::gen::apply([](const std::string& whole, const std::string& fraction) { return whole + "." + fraction; },
                     digits(1, 9), digits(1, 9)));
  std::optional<double> value = exact_double(text);
  double nearest = std::strtod(text.c_str(), nullptr);
  char buffer[400];
  auto written = std::to_chars(buffer, buffer + sizeof buffer, nearest, std::chars_format::scientific);
  std::string shortest(buffer, written.ptr);
  bool exact = std::isfinite(nearest) && write_out(shortest) == write_out(text);
  RC_ASSERT(value.has_value() == exact);
  if (value) RC_ASSERT(*value == nearest);
}

RC_GTEST_PROP(NumberProperty, IntegersSurvive, (int64_t value)) {
  RC_ASSERT(exact_int64(std::to_string(value)) == value);
  RC_ASSERT(exact_int64(std::to_string(value) + ".00") == value);
}

}  // namespace
}  // namespace ctk::dynamodb
