#include "sink/sql/mysql_text.h"

#include <charconv>

#include "base/time.h"

namespace ctk::sink::sql {
namespace {

void append_quoted(std::string& text, std::string_view value) {
  text += '\'';
  constexpr std::string_view kEscaped("'\\\0", 3);
  while (true) {
    const size_t at = value.find_first_of(kEscaped);
    text += value.substr(0, at);
    if (at == std::string_view::npos) break;
    text += '\\';
    text += value[at] == '\0' ? '0' : value[at];
    value.remove_prefix(at + 1);
  }
  text += '\'';
}

void append_bytes(std::string& text, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  text += "X'";
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  text += '\'';
}

void append_double(std::string& text, double number) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::scientific);
  text.append(digits, end.ptr);
}

void append_time(std::string& text, int64_t micros) {
  text += '\'';
  text += plain_time(micros);
  text += '\'';
}

}  // namespace

std::string plain_decimal(std::string_view canonical) {
  const size_t at = canonical.find_first_of("eE");
  if (at == std::string_view::npos) return std::string(canonical);
  std::string_view exponent = canonical.substr(at + 1);
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  int power = 0;
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
  std::string_view mantissa = canonical.substr(0, at);
  const bool negative = mantissa.starts_with('-');
  if (negative) mantissa.remove_prefix(1);
  std::string digits;
  size_t point = mantissa.size();
  for (const char c : mantissa) {
    if (c == '.') point = digits.size();
    if (c != '.') digits += c;
  }
  point = std::min(point, digits.size());
  const int64_t moved = static_cast<int64_t>(point) + power;
  if (moved <= 0) return (negative ? "-0." : "0.") + std::string(static_cast<size_t>(-moved), '0') + digits;
  const auto whole = static_cast<size_t>(moved);
  if (whole >= digits.size()) return (negative ? "-" : "") + digits + std::string(whole - digits.size(), '0');
  return (negative ? "-" : "") + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string plain_time(int64_t micros) {
  std::string time = format_iso8601(from_micros(micros));
  if (time.ends_with('Z')) time.pop_back();
  return time;
}

void append_literal(std::string& text, const Param& param) {
  using Kind = Param::Kind;
  switch (param.kind) {
    case Kind::null: text += "NULL"; return;
    case Kind::text:
    case Kind::json: append_quoted(text, param.text); return;
    case Kind::binary: append_bytes(text, param.text); return;
    case Kind::number: text += plain_decimal(param.text); return;
    case Kind::integer:
    case Kind::boolean: text += std::to_string(param.integer); return;
    case Kind::real: append_double(text, param.number); return;
    case Kind::time: append_time(text, param.integer); return;
  }
}

void append_bound(std::string& text, std::string_view sql, std::span<const Param> params) {
  size_t next = 0, copied = 0;
  char inside = '\0';
  for (size_t at = 0; at < sql.size(); ++at) {
    const char c = sql[at];
    if (inside != '\0') {
      if (c == inside) inside = '\0';
    } else if (c == '`' || c == '\'') {
      inside = c;
    } else if (c == '?' && next < params.size()) {
      text += sql.substr(copied, at - copied);
      append_literal(text, params[next++]);
      copied = at + 1;
    }
  }
  text += sql.substr(copied);
}

}  // namespace ctk::sink::sql
