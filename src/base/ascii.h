// Letters of protocols and options, which are ASCII whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace ctk {

/// A to Z as a to z, everything else as it is.
inline std::string ascii_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

/// a to z as A to Z, everything else as it is.
inline std::string ascii_upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

}  // namespace ctk
