#include "table/fit.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "dynamodb/encode.h"
#include "dynamodb/number.h"
#include "json/writer.h"

namespace ctk::table {

namespace {

using dynamodb::Type;
using dynamodb::Value;
using Kind = LearnedType::Kind;

// Lucene's longest term; CrateDB refuses a row whose indexed text is longer.
constexpr size_t kTextLimit = 32'766;
// Up to 15 significant digits survive the way through a double.
constexpr size_t kSafeDigits = 15;

/// [-] digits [. digits], no leading zeros, 15 digits at most: exact in a double as it stands.
bool is_safe_decimal(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  if (text.empty() || text[0] < '1' || text[0] > '9' || text.size() > kSafeDigits + 1) return false;
  size_t points = 0;
  for (const char c : text) {
    if (c == '.') {
      ++points;
    } else if (c < '0' || c > '9') {
      return false;
    }
  }
  return points == 0 ? text.size() <= kSafeDigits : points == 1 && text.back() != '.';
}

/// A double as CrateDB gives it back: subnormals come back with other digits.
std::optional<double> stored_double(std::string_view text) {
  const std::optional<double> value = dynamodb::exact_double(text);
  if (value && std::fpclassify(*value) == FP_SUBNORMAL) return std::nullopt;
  return value;
}

void append_shortest(std::string& out, double value) {
  char digits[40];
  // Scientific where the plain form would be an integer beyond int64.
  constexpr double kPlainBelow = 1e15;
  const auto format = std::abs(value) < kPlainBelow
                          ? std::to_chars(digits, digits + sizeof digits, value)
                          : std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific);
  out.append(digits, format.ptr);
}

bool append_double(std::string& out, std::string_view text) {
  if (text == "0" || is_safe_decimal(text)) {
    out += text;
    return true;
  }
  const std::optional<double> value = stored_double(text);
  if (!value) return false;
  append_shortest(out, *value);
  return true;
}

bool append_bigint(std::string& out, std::string_view text) {
  // BIGINT refuses both ends of int64.
  const std::optional<int64_t> value = dynamodb::exact_int64(text);
  if (!value || *value == INT64_MIN || *value == INT64_MAX) return false;
  out += std::to_string(*value);
  return true;
}

bool append_int64_or_double(std::string& out, std::string_view text) {
  if (const std::optional<int64_t> value = dynamodb::exact_int64(text)) {
    out += std::to_string(*value);
    return true;
  }
  return append_double(out, text);
}

/// Whether a reader that multiplies or divides its digits once by a power of ten comes to this double: both are exact then,
/// and the result is rounded once.
bool is_read_at_once(double value) {
  constexpr size_t kExactDigits = 15;
  constexpr int kExactPower = 22;
  char text[40];
  const auto format = std::to_chars(text, text + sizeof text, std::abs(value), std::chars_format::scientific);
  const std::string_view all(text, format.ptr);
  const size_t at = all.find('e');
  const size_t digits = at == 1 ? 1 : at - 1;
  int power = 0;
  std::from_chars(text + at + (text[at + 1] == '+' ? 2 : 1), format.ptr, power);
  power -= static_cast<int>(digits) - 1;
  return digits <= kExactDigits && std::abs(power) <= kExactPower;
}

bool append_mysql_number(std::string& out, std::string_view text) {
  if (const std::optional<int64_t> value = dynamodb::exact_int64(text)) {
    out += std::to_string(*value);
    return true;
  }
  const std::optional<double> value = dynamodb::exact_double(text);
  if (!value || !is_read_at_once(*value)) return false;
  append_shortest(out, *value);
  return true;
}

bool append_text(std::string& out, Value value) {
  const bool text = value.type() == Type::S || value.type() == Type::B;
  if (!text || value.text().size() > kTextLimit) return false;
  json::append_string(out, value.text());
  return true;
}

bool append_boolean(std::string& out, Value value) {
  if (value.type() != Type::BOOL) return false;
  out += value.boolean() ? "true" : "false";
  return true;
}

bool append_number_as(std::string& out, Value value, bool (*append)(std::string&, std::string_view)) {
  return value.type() == Type::N && append(out, value.text());
}

/// A name with a character beyond U+FFFF, at any depth. CrateDB 6.4.3 takes it inside an array of objects, and can read
/// neither the row nor any result that holds it.
bool holds_unreadable_name(Value value) {
  if (value.type() != Type::M && value.type() != Type::L) return false;
  for (const Value child : value) {
    const auto is_lead = [](char c) { return static_cast<unsigned char>(c) >= 0xF0; };  // of four bytes of UTF-8
    if (value.type() == Type::M && std::ranges::any_of(child.name(), is_lead)) return true;
    if (holds_unreadable_name(child)) return true;
  }
  return false;
}

bool append_map(std::string& out, Value value) {
  return value.type() == Type::M && !holds_unreadable_name(value) && append_exact(out, value);
}

using AppendElement = bool (*)(std::string&, Value);

AppendElement element_of(Kind kind) {
  switch (kind) {
    case Kind::text_array: return append_text;
    case Kind::double_array:
      return [](std::string& out, Value value) { return append_number_as(out, value, append_double); };
    case Kind::bigint_array:
      return [](std::string& out, Value value) { return append_number_as(out, value, append_bigint); };
    case Kind::boolean_array: return append_boolean;
    case Kind::object_array_ignored: return append_map;
    default: return nullptr;
  }
}

/// A set's members in their documented order: numbers as numbers, the rest as encode.h does.
bool append_number_set(std::string& out, Value set, bool (*append)(std::string&, std::string_view)) {
  std::vector<std::string_view> numbers;
  numbers.reserve(set.size());
  for (const Value member : set) numbers.push_back(member.text());
  std::stable_sort(numbers.begin(), numbers.end(), [](std::string_view left, std::string_view right) {
    return dynamodb::compare_numbers(left, right) < 0;
  });
  const size_t begin = out.size();
  out += '[';
  for (const std::string_view number : numbers) {
    if (out.back() != '[') out += ',';
    if (append(out, number)) continue;
    out.resize(begin);
    return false;
  }
  out += ']';
  return true;
}

bool append_text_set(std::string& out, Value set) {
  for (const Value member : set) {
    if (member.text().size() > kTextLimit) return false;
  }
  dynamodb::append_plain(out, set);
  return true;
}

bool append_list(std::string& out, Value list, AppendElement append) {
  const size_t begin = out.size();
  out += '[';
  bool first = true;
  for (const Value element : list) {
    if (!first) out += ',';
    first = false;
    if (append(out, element)) continue;
    out.resize(begin);
    return false;
  }
  out += ']';
  return true;
}

bool append_array(std::string& out, Value value, Kind kind) {
  switch (value.type()) {
    case Type::L: return append_list(out, value, element_of(kind));
    case Type::SS:
    case Type::BS: return kind == Kind::text_array && append_text_set(out, value);
    case Type::NS:
      if (kind == Kind::double_array) return append_number_set(out, value, append_double);
      return kind == Kind::bigint_array && append_number_set(out, value, append_bigint);
    default: return false;
  }
}

using AppendNumber = bool (*)(std::string&, std::string_view);

template <AppendNumber append_number>
bool append_plain_exactly(std::string& out, Value value);

template <AppendNumber append_number>
bool append_exact_members(std::string& out, Value map) {
  const size_t begin = out.size();
  out += '{';
  for (const Value child : map) {
    if (out.back() != '{') out += ',';
    json::append_string(out, child.name());
    out += ':';
    if (append_plain_exactly<append_number>(out, child)) continue;
    out.resize(begin);
    return false;
  }
  out += '}';
  return true;
}

template <AppendNumber append_number>
bool append_plain_exactly(std::string& out, Value value) {
  switch (value.type()) {
    case Type::N: return append_number(out, value.text());
    case Type::M: return append_exact_members<append_number>(out, value);
    case Type::L: return append_list(out, value, append_plain_exactly<append_number>);
    case Type::NS: return append_number_set(out, value, append_number);
    default: dynamodb::append_plain(out, value); return true;
  }
}

/// The array type that all elements agree on.
std::optional<Kind> array_kind_for(Value list) {
  std::optional<Type> common;
  for (const Value element : list) {
    const Type type = element.type() == Type::B ? Type::S : element.type();
    if (common && *common != type) return std::nullopt;
    common = type;
  }
  if (!common) return std::nullopt;
  switch (*common) {
    case Type::S: return Kind::text_array;
    case Type::N: return Kind::double_array;
    case Type::BOOL: return Kind::boolean_array;
    case Type::M: return Kind::object_array_ignored;
    default: return std::nullopt;
  }
}

std::optional<Kind> natural_kind(Value value) {
  switch (value.type()) {
    case Type::S:
    case Type::B: return Kind::text;
    case Type::N: return Kind::double_precision;
    case Type::BOOL: return Kind::boolean;
    case Type::M: return Kind::object;
    case Type::L: return array_kind_for(value);
    case Type::SS:
    case Type::BS: return value.size() == 0 ? std::nullopt : std::optional(Kind::text_array);
    case Type::NS: return value.size() == 0 ? std::nullopt : std::optional(Kind::double_array);
    default: return std::nullopt;
  }
}

std::optional<Kind> declared_kind(ColumnType declared) {
  switch (declared) {
    case ColumnType::text: return Kind::text;
    case ColumnType::bigint: return Kind::bigint;
    case ColumnType::double_precision: return Kind::double_precision;
    case ColumnType::boolean: return Kind::boolean;
    default: return std::nullopt;
  }
}

}  // namespace

bool append_fitting(std::string& out, Value value, Kind kind, std::optional<ColumnType> declared) {
  if (kind == Kind::unusable) return false;
  if (value.type() == Type::NUL) {
    out += "null";
    return true;
  }
  switch (kind) {
    case Kind::text:
      if (value.type() != Type::N || declared != ColumnType::text) return append_text(out, value);
      json::append_string(out, value.text());
      return true;
    case Kind::double_precision: return append_number_as(out, value, append_double);
    case Kind::bigint: return append_number_as(out, value, append_bigint);
    case Kind::boolean: return append_boolean(out, value);
    case Kind::object:
    case Kind::unusable: return false;
    default: return append_array(out, value, kind);
  }
}

bool append_exact(std::string& out, Value value) { return append_plain_exactly<append_int64_or_double>(out, value); }

bool append_exact_for_mysql(std::string& out, Value value) { return append_plain_exactly<append_mysql_number>(out, value); }

bool fits_postgres_numeric(std::string_view digits) {
  constexpr size_t kDigits = 16'000;
  constexpr size_t kShortest = std::string_view("1E16000").size();
  if (digits.size() < kShortest) return true;
  const size_t at = digits.find_first_of("eE");
  if (at == std::string_view::npos) return digits.size() <= kDigits;
  std::string_view exponent = digits.substr(at + 1);
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  int64_t power = 0;
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
  return static_cast<size_t>(std::abs(power)) + at <= kDigits;
}

bool fits_jsonb(Value value) {
  const auto nul = [](std::string_view text) { return text.find('\0') != std::string_view::npos; };
  switch (value.type()) {
    case Type::S: return !nul(value.text());
    case Type::N: return fits_postgres_numeric(value.text());
    case Type::M:
    case Type::L:
      for (const Value child : value) {
        if ((value.type() == Type::M && nul(child.name())) || !fits_jsonb(child)) return false;
      }
      return true;
    case Type::SS:
    case Type::NS:
      for (const Value member : value) {
        if (value.type() == Type::SS ? nul(member.text()) : !fits_postgres_numeric(member.text())) return false;
      }
      return true;
    default: return true;
  }
}

std::optional<Kind> column_kind_for(Value value, std::optional<ColumnType> declared) {
  const std::optional<Kind> kind = declared ? declared_kind(*declared) : natural_kind(value);
  if (!kind || value.type() == Type::NUL) return std::nullopt;
  if (*kind == Kind::object) return kind;
  std::string unused;
  return append_fitting(unused, value, *kind, declared) ? kind : std::nullopt;
}

}  // namespace ctk::table
