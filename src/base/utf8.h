// Texts in UTF-8 that are too long, or hold what may not be shown, where they go.
#pragma once

#include <cstddef>
#include <string_view>

namespace ctk {

/// At most so many bytes of the text's beginning, and no part of a character at their end.
inline std::string_view cut_at_character(std::string_view text, size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  size_t end = most_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

/// Whether a terminal that is given it does something else than show it: control characters, what ends a line, marks that
/// turn the direction of writing.
constexpr bool is_obeyed_by_terminals(char32_t code) {
  return code < U' ' || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace ctk
