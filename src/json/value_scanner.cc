#include "json/value_scanner.h"

namespace ctk::json {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Of a number, or of true, false and null.
bool is_token(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

}  // namespace

void ValueScanner::begin() {
  place_ = Place::value;
  depth_ = 0;
}

ValueScanner::Progress ValueScanner::feed(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    if (place_ == Place::text || place_ == Place::escape) {
      at = feed_text(text, at);
      if (at < text.size() && (place_ == Place::text || place_ == Place::escape)) return {State::broken, at};
      continue;
    }
    if (!feed_byte(text[at])) return {State::broken, at};
    ++at;
    if (depth_ == 0) return {State::complete, at};
  }
  return {State::open, at};
}

/// Behind the string's end, or where the text ends; at the byte that no string may hold, with the place unchanged.
size_t ValueScanner::feed_text(std::string_view text, size_t at) {
  if (place_ == Place::escape) {
    if (static_cast<unsigned char>(text[at]) < 0x20) return at;
    place_ = Place::text;
    ++at;
  }
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      place_ = text_is_key_ ? Place::colon : Place::comma_or_end;
      return at + 1;
    }
    if (static_cast<unsigned char>(c) < 0x20) return at;
    if (c != '\\') continue;
    if (++at == text.size()) {
      place_ = Place::escape;
      return at;
    }
    if (static_cast<unsigned char>(text[at]) < 0x20) return at;
  }
  return at;
}

bool ValueScanner::feed_byte(char c) {
  if (place_ == Place::token) {
    if (is_token(c)) return true;
    place_ = Place::comma_or_end;
  }
  if (is_blank(c)) return true;
  switch (place_) {
    case Place::key_or_end:
      if (c == '}') return close(true);
      [[fallthrough]];
    case Place::key:
      if (c != '"') return false;
      text_is_key_ = true;
      place_ = Place::text;
      return true;
    case Place::colon:
      if (c != ':') return false;
      place_ = Place::value;
      return true;
    case Place::comma_or_end:
      if (c == '}') return close(true);
      if (c == ']') return close(false);
      if (c != ',') return false;
      place_ = in_object() ? Place::key : Place::value;
      return true;
    case Place::value_or_end:
      if (c == ']') return close(false);
      [[fallthrough]];
    default: return take_value(c);
  }
}

bool ValueScanner::take_value(char c) {
  if (c == '{') return open(true);
  if (c == '[') return open(false);
  if (depth_ == 0) return false;
  if (c == '"') {
    text_is_key_ = false;
    place_ = Place::text;
    return true;
  }
  place_ = Place::token;
  return is_token(c);
}

bool ValueScanner::open(bool object) {
  if (depth_ == kDeepest) return false;
  objects_[depth_++] = object;
  place_ = object ? Place::key_or_end : Place::value_or_end;
  return true;
}

bool ValueScanner::close(bool object) {
  if (in_object() != object) return false;
  --depth_;
  place_ = Place::comma_or_end;
  return true;
}

}  // namespace ctk::json
