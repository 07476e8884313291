// number = ["-"] ("0" | digit1-9 *digit) ["." 1*digit] [("e" | "E") ["+" | "-"] 1*digit]        (RFC 8259, section 6)
#include "dynamodb/bare_numbers.h"

#include <algorithm>

namespace ctk::dynamodb {
namespace {

/// The index behind the string that begins at `at`.
size_t skip_string(std::string_view json, size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return std::min(at + 1, json.size());
}

size_t skip_digits(std::string_view json, size_t at) {
  while (at < json.size() && json[at] >= '0' && json[at] <= '9') ++at;
  return at;
}

/// The index behind the number that begins at `at`; `at` itself where none does.
size_t skip_number(std::string_view json, size_t at) {
  size_t begin = at;
  if (json[at] == '-') ++at;
  size_t whole = at;
  at = skip_digits(json, at);
  if (at == whole || (json[whole] == '0' && at > whole + 1)) return begin;
  if (at < json.size() && json[at] == '.') {
    size_t fraction = at + 1;
    at = skip_digits(json, fraction);
    if (at == fraction) return begin;
  }
  if (at < json.size() && (json[at] == 'e' || json[at] == 'E')) {
    size_t exponent = at + 1;
    if (exponent < json.size() && (json[exponent] == '+' || json[exponent] == '-')) ++exponent;
    at = skip_digits(json, exponent);
    if (at == exponent) return begin;
  }
  return at;
}

/// The index behind a token that is no string: a bracket, comma, colon or blank, else all up to the next of these.
size_t skip_token(std::string_view json, size_t at) {
  constexpr std::string_view kSeparators = " \t\r\n,:[]{}\"";
  return std::max(at + 1, std::min(json.find_first_of(kSeparators, at), json.size()));
}

}  // namespace

std::string quote_numbers(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 4);
  for (size_t at = 0; at < json.size();) {
    size_t end = json[at] == '"' ? skip_string(json, at) : skip_token(json, at);
    bool number = skip_number(json, at) == end;
    if (number) out += '"';
    out += json.substr(at, end - at);
    if (number) out += '"';
    at = end;
  }
  return out;
}

}  // namespace ctk::dynamodb
