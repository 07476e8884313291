#include "json/cut_off.h"

#include <algorithm>
#include <cstddef>

namespace ctk::json {
namespace {

/// Behind the string that begins at `at`; npos where it breaks off.
size_t behind_string(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool close_cut_list(std::string& text, std::string_view list) {
  const std::string_view all = text;
  constexpr int kInObject = 1, kInList = 2;
  int depth = 0;
  bool in_list = false;
  std::string_view last;  // the last string at the object's top
  size_t end = 0;         // behind the last whole entry
  for (size_t at = 0; at < all.size();) {
    const char c = all[at];
    if (c == '"') {
      const size_t behind = behind_string(all, at);
      if (behind == std::string_view::npos) break;
      if (depth == kInObject) last = all.substr(at + 1, behind - at - 2);
      at = behind;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      if (c == '[' && depth == kInObject) in_list = last == list;
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
      if (in_list && c == '}' && depth == kInList) end = at;
      if (in_list && c == ']' && depth == kInObject) break;
    }
  }
  if (end == 0) return false;
  text.resize(end);
  text += "]}";
  return true;
}

bool begins_with_list(std::string_view text, std::string_view list) {
  for (const std::string_view token : {std::string_view("{"), std::string_view("\""), list, std::string_view("\""),
                                       std::string_view(":"), std::string_view("[")}) {
    if (token != list) text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (!text.starts_with(token)) return false;
    text.remove_prefix(token.size());
  }
  return true;
}

}  // namespace ctk::json
