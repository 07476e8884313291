// number = [sign] (whole ["." [fraction]] | "." fraction) [("e" | "E") [sign] exponent]
#include "dynamodb/number.h"

#include <algorithm>
#include <charconv>

namespace ctk::dynamodb {
namespace {

constexpr int64_t kCanonicalPlainDigits = 40;
constexpr int kMaxExponentDigits = 9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The digits at the start of `text`, cut off from it.
std::string_view take_digits(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  std::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

bool take_sign(std::string_view& text) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return false;
  bool negative = text[0] == '-';
  text.remove_prefix(1);
  return negative;
}

/// A number's text in its parts.
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::string_view exponent_text;  ///< with its "e", as it came
  int64_t exponent = 0;
};

bool parse_exponent(std::string_view text, Parts& parts) {
  parts.exponent_text = text;
  text.remove_prefix(1);
  bool negative = take_sign(text);
  std::string_view digits = take_digits(text);
  if (digits.empty() || !text.empty()) return false;
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > kMaxExponentDigits) return false;
  for (char c : digits) parts.exponent = parts.exponent * 10 + (c - '0');
  if (negative) parts.exponent = -parts.exponent;
  return true;
}

std::optional<Parts> split(std::string_view text) {
  Parts parts;
  parts.negative = take_sign(text);
  parts.whole = take_digits(text);
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    parts.fraction = take_digits(text);
  }
  if (parts.whole.empty() && parts.fraction.empty()) return std::nullopt;
  if (text.empty()) return parts;
  if ((text[0] != 'e' && text[0] != 'E') || !parse_exponent(text, parts)) return std::nullopt;
  return parts;
}

/// A number as ±d.ddd × 10^magnitude: its significant digits, which may lie on both sides of a point.
struct Decimal {
  bool negative = false;
  std::string_view head, tail;
  int64_t magnitude = 0;

  int64_t count() const { return static_cast<int64_t>(head.size() + tail.size()); }
  bool zero() const { return head.empty() && tail.empty(); }
  char digit(int64_t at) const {
    auto index = static_cast<size_t>(at);
    return index < head.size() ? head[index] : tail[index - head.size()];
  }
};

size_t leading_zeros(std::string_view digits) { return std::min(digits.find_first_not_of('0'), digits.size()); }

std::string_view without_trailing_zeros(std::string_view digits) {
  return digits.substr(0, digits.find_last_not_of('0') + 1);
}

Decimal to_decimal(std::string_view text) {
  std::optional<Parts> parts = split(text);
  if (!parts) return {};
  Decimal number{parts->negative, parts->whole, without_trailing_zeros(parts->fraction), 0};
  number.head.remove_prefix(leading_zeros(number.head));
  number.magnitude = static_cast<int64_t>(number.head.size()) - 1 + parts->exponent;
  if (number.tail.empty()) number.head = without_trailing_zeros(number.head);
  if (number.head.empty()) {
    size_t zeros = leading_zeros(number.tail);
    number.tail.remove_prefix(zeros);
    number.magnitude -= static_cast<int64_t>(zeros);
  }
  if (number.zero()) return {};
  return number;
}

void append_digits(std::string& out, const Decimal& number, int64_t from, int64_t to) {
  for (int64_t at = from; at < to; ++at) out += at < number.count() ? number.digit(at) : '0';
}

/// Digits of the number when it is written without an exponent, the 0 before a point included.
int64_t plain_digits(const Decimal& number) {
  if (number.magnitude < 0) return number.count() - number.magnitude;
  return std::max(number.count(), number.magnitude + 1);
}

void append_plain_form(std::string& out, const Decimal& number) {
  int64_t whole = std::max<int64_t>(number.magnitude + 1, 0);
  append_digits(out, number, 0, whole);
  if (whole == 0) out += '0';
  if (number.count() <= whole) return;
  out += '.';
  if (number.magnitude < 0) out.append(static_cast<size_t>(-number.magnitude - 1), '0');
  append_digits(out, number, whole, number.count());
}

void append_scientific_form(std::string& out, const Decimal& number) {
  out += number.digit(0);
  if (number.count() > 1) out += '.';
  append_digits(out, number, 1, number.count());
  out += 'E';
  out += std::to_string(number.magnitude);
}

int compare_magnitudes(const Decimal& left, const Decimal& right) {
  if (left.magnitude != right.magnitude) return left.magnitude < right.magnitude ? -1 : 1;
  int64_t common = std::min(left.count(), right.count());
  for (int64_t at = 0; at < common; ++at) {
    if (left.digit(at) != right.digit(at)) return left.digit(at) < right.digit(at) ? -1 : 1;
  }
  if (left.count() == right.count()) return 0;
  return left.count() < right.count() ? -1 : 1;
}

int compare(const Decimal& left, const Decimal& right) {
  if (left.zero() || right.zero()) {
    int left_sign = left.zero() ? 0 : left.negative ? -1 : 1;
    int right_sign = right.zero() ? 0 : right.negative ? -1 : 1;
    return left_sign - right_sign;
  }
  if (left.negative != right.negative) return left.negative ? -1 : 1;
  int order = compare_magnitudes(left, right);
  return left.negative ? -order : order;
}

/// A short integer without sign, point, exponent or leading zero: the usual case, and its own canonical form.
bool is_simple(std::string_view text) {
  if (text.empty() || text.size() > static_cast<size_t>(kCanonicalPlainDigits)) return false;
  if (text[0] == '0') return text.size() == 1;
  return std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

bool is_number(std::string_view text) { return number_form(text) != NumberForm::none; }

NumberForm number_form(std::string_view text) {
  std::string_view rest = text;
  if (!rest.empty() && rest[0] == '-') rest.remove_prefix(1);
  std::string_view whole = take_digits(rest);
  bool json = !whole.empty() && (whole[0] != '0' || whole.size() == 1);
  if (json && !rest.empty() && rest[0] == '.') {
    rest.remove_prefix(1);
    json = !take_digits(rest).empty();
  }
  if (json && rest.empty()) return NumberForm::json;
  std::optional<Parts> parts = split(text);
  if (!parts) return NumberForm::none;
  bool has_exponent = json && !parts->exponent_text.empty() && (rest[0] == 'e' || rest[0] == 'E');
  return has_exponent ? NumberForm::json : NumberForm::other;
}

std::string json_number(std::string_view text) {
  std::string out;
  append_json_number(out, text);
  return out;
}

void append_json_number(std::string& out, std::string_view text) {
  if (is_simple(text)) {
    out += text;
    return;
  }
  Parts parts = split(text).value_or(Parts{});
  std::string_view whole = parts.whole.substr(leading_zeros(parts.whole));
  if (parts.negative) out += '-';
  out += whole.empty() ? std::string_view("0") : whole;
  if (!parts.fraction.empty()) out += '.';
  out += parts.fraction;
  out += parts.exponent_text;
}

std::string canonical_number(std::string_view text) {
  std::string out;
  append_canonical_number(out, text);
  return out;
}

void append_canonical_number(std::string& out, std::string_view text) {
  if (is_simple(text)) {
    out += text;
    return;
  }
  Decimal number = to_decimal(text);
  if (number.zero()) {
    out += '0';
    return;
  }
  if (number.negative) out += '-';
  if (plain_digits(number) <= kCanonicalPlainDigits) {
    append_plain_form(out, number);
  } else {
    append_scientific_form(out, number);
  }
}

std::optional<int64_t> plain_integer(std::string_view text) {
  if (text.empty() || text.size() > 18 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<int64_t> exact_int64(std::string_view text) {
  Decimal number = to_decimal(text);
  if (number.zero()) return 0;
  if (number.magnitude > 18 || number.count() > number.magnitude + 1) return std::nullopt;
  std::string digits = number.negative ? "-" : "";
  append_plain_form(digits, number);
  int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<double> exact_double(std::string_view text) {
  Decimal number = to_decimal(text);
  if (number.zero()) return 0.0;
  if (number.count() > 17) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  // Up to 15 digits, two decimals never meet in one normal double, so the shortest decimal is this one.
  if (number.count() <= 15 && number.magnitude > -300 && number.magnitude < 300) return value;
  char shortest[32];
  auto written = std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific);
  std::string_view back(shortest, static_cast<size_t>(written.ptr - shortest));
  if (!is_number(back) || compare_numbers(text, back) != 0) return std::nullopt;
  return value;
}

int compare_numbers(std::string_view left, std::string_view right) { return compare(to_decimal(left), to_decimal(right)); }

}  // namespace ctk::dynamodb
