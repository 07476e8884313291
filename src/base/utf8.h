// Texts in UTF-8 that are too long for where they go.
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

}  // namespace ctk
