// number = ["-"] ("0" | digit1-9 *digit) ["." 1*digit] [("e" | "E") ["+" | "-"] 1*digit]        (RFC 8259, section 6)
#include "json/token_walk.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ctk::json {
namespace {

constexpr size_t kLeastCapacity = 4096;

bool is_json_digit(char c) { return c >= '0' && c <= '9'; }

/// Behind the digits that stand there; null where there are none.
const char* behind_digits(const char* at) {
  if (!is_json_digit(*at)) return nullptr;
  while (is_json_digit(*at)) ++at;
  return at;
}

/// Behind the number that begins there; null where none does. The text ends with NUL.
const char* behind_number(const char* at) {
  if (*at == '-') ++at;
  const char* whole = at;
  at = behind_digits(at);
  if (at == nullptr || (*whole == '0' && at != whole + 1)) return nullptr;
  if (*at == '.') at = behind_digits(at + 1);
  if (at == nullptr || (*at != 'e' && *at != 'E')) return at;
  ++at;
  if (*at == '+' || *at == '-') ++at;
  return behind_digits(at);
}

/// Behind the word that begins there; null where none does.
const char* behind_word(const char* at) {
  // Behind a document there is room for as many bytes as a word has.
  if (std::memcmp(at, "true", 4) == 0 || std::memcmp(at, "null", 4) == 0) return at + 4;
  return std::memcmp(at, "false", 5) == 0 ? at + 5 : nullptr;
}

bool is_json_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

bool Walk::begin(std::string_view text, char* plain) {
  failed_ = true;
  const size_t capacity = std::bit_ceil(std::max(text.size(), kLeastCapacity));
  if (stage_ == nullptr) {
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, kDeepest + 1, stage_) !=
        simdjson::SUCCESS) {
      return false;
    }
  } else if (stage_->capacity() < text.size() && stage_->set_capacity(capacity) != simdjson::SUCCESS) {
    return false;
  }
  text_ = text.data();
  plain_ = plain;
  depth_ = 0;
  if (stage_->stage1(reinterpret_cast<const uint8_t*>(text_), text.size(), simdjson::stage1_mode::regular) !=
      simdjson::SUCCESS) {
    return false;
  }
  token_ = stage_->structural_indexes.get();
  end_ = token_ + stage_->n_structural_indexes;
  failed_ = false;
  return true;
}

bool Walk::take_escaped(uint32_t begin, uint32_t end, std::string_view& text) {
  char* to = plain_ + begin;
  const char* from = text_ + begin;
  if (std::memchr(from, '\\', end - begin) == nullptr) {
    std::memcpy(to, from, end - begin);
    text = {to, end - begin};
    return true;
  }
  // It writes some bytes too many, over texts that are yet to be taken.
  const uint8_t* written = stage_->parse_string(reinterpret_cast<const uint8_t*>(from), reinterpret_cast<uint8_t*>(to));
  if (written == nullptr) return fail();
  text = {to, static_cast<size_t>(reinterpret_cast<const char*>(written) - to)};
  return true;
}

inline bool Walk::skip_text() {
  std::string_view unused;
  if (plain_ != nullptr) return take_text(unused);
  if (head() != '"') return fail();
  ++token_;
  return true;
}

bool Walk::take_scalar(Scalar& scalar) {
  const char first = head();
  if (first == '"') {
    scalar.kind = Scalar::Kind::text;
    return take_text(scalar.raw);
  }
  if (first == '{' || first == '[') return false;
  const char* from = text_ + *token_;
  const bool is_number = first == '-' || is_json_digit(first);
  const char* behind = is_number ? behind_number(from) : behind_word(from);
  if (behind == nullptr) return fail();
  ++token_;
  if (behind != text_ + *token_ && !is_json_blank(*behind)) return fail();
  scalar = {is_number ? Scalar::Kind::number : Scalar::Kind::word, {from, static_cast<size_t>(behind - from)}};
  return true;
}

bool Walk::skip() {
  switch (head()) {
    case '"': return skip_text();
    case '{':
      if (plain_ == nullptr && at_pair()) {
        token_ += kPairTokens;
        return true;
      }
      if (!open('{')) return false;
      if (head() == '}') return close('}');
      do {
        if (!skip_text() || !(take(':') || fail()) || !skip()) return false;
      } while (take(','));
      return close('}');
    case '[': return elements([this] { return skip(); });
    default: {
      Scalar unused;
      return take_scalar(unused);
    }
  }
}

}  // namespace ctk::json
