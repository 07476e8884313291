// JSON text (RFC 8259) by appending. What it must not know: what the values mean.
#include "json/writer.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace ctk::json {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

/// Sets the high bit of a byte that is zero; may set others above the first one.
uint64_t zero_bytes(uint64_t word) { return (word - kOnes) & ~word & kHighs; }

/// Whether one of eight bytes is a quote, a backslash or a control character.
bool any_to_escape(uint64_t word) {
  uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
  return (control | zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\'))) != 0;
}

bool must_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

/// How many bytes from `from` on can be copied as they are.
size_t plain_run(std::string_view text, size_t from) {
  size_t at = from;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if (any_to_escape(word)) break;
  }
  while (at < text.size() && !must_escape(text[at])) ++at;
  return at - from;
}

void append_escape(std::string& out, char c) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '\\';
  switch (c) {
    case '"':
    case '\\': out += c; return;
    case '\b': out += 'b'; return;
    case '\f': out += 'f'; return;
    case '\n': out += 'n'; return;
    case '\r': out += 'r'; return;
    case '\t': out += 't'; return;
    default: break;
  }
  out += "u00";
  out += kHex[(c >> 4) & 15];
  out += kHex[c & 15];
}

/// Bytes of the character that the text begins with; 0 where it is no UTF-8.
size_t character_length(std::string_view text) {
  constexpr size_t kLongest = 4;
  for (size_t length = 1; length <= std::min(kLongest, text.size()); ++length) {
    if (simdjson::validate_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (size_t at = 0; at < text.size();) {
    size_t run = plain_run(text, at);
    out.append(text, at, run);
    at += run;
    if (at < text.size()) append_escape(out, text[at++]);
  }
  out += '"';
}

std::string to_utf8(std::string text) {
  if (simdjson::validate_utf8(text.data(), text.size())) return text;
  std::string valid;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t length = character_length(rest);
    valid += length == 0 ? "\xef\xbf\xbd" : rest.substr(0, length);
    rest.remove_prefix(std::max<size_t>(length, 1));
  }
  return valid;
}

void append_base64(std::string& out, std::string_view bytes) {
  size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])); };
  size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    uint32_t group = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    *to++ = kAlphabet[group >> 18];
    *to++ = kAlphabet[group >> 12 & 63];
    *to++ = kAlphabet[group >> 6 & 63];
    *to++ = kAlphabet[group & 63];
  }
  if (at == bytes.size()) return;
  bool two = at + 2 == bytes.size();
  uint32_t group = byte(at) << 16 | (two ? byte(at + 1) << 8 : 0);
  *to++ = kAlphabet[group >> 18];
  *to++ = kAlphabet[group >> 12 & 63];
  *to++ = two ? kAlphabet[group >> 6 & 63] : '=';
  *to = '=';
}

void Writer::separate() {
  if (needs_comma_) out_ += ',';
  needs_comma_ = true;
}

void Writer::open(char bracket) {
  separate();
  out_ += bracket;
  needs_comma_ = false;
}

void Writer::close(char bracket) {
  out_ += bracket;
  needs_comma_ = true;
}

void Writer::key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_ += ':';
  needs_comma_ = false;
}

void Writer::string(std::string_view text) {
  separate();
  append_string(out_, text);
}

void Writer::number(std::string_view digits) { raw(digits); }

void Writer::number(int64_t value) {
  std::array<char, 24> digits;
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  raw(std::string_view(digits.data(), static_cast<size_t>(end - digits.data())));
}

void Writer::boolean(bool value) { raw(value ? "true" : "false"); }

void Writer::null() { raw("null"); }

void Writer::raw(std::string_view json) {
  separate();
  out_ += json;
}

}  // namespace ctk::json
