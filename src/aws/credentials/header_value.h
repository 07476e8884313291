// Tokens from files and answers, as a request's header takes them.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace ctk::aws {

/// Without the line's end that editors and services leave behind it; nothing where it is empty or no line of text, which
/// would write headers of its own.
inline std::optional<std::string> header_value(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  const bool is_line = std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  return is_line && !text.empty() ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace ctk::aws
