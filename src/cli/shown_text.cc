#include "cli/shown_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <clocale>
#include <cstdint>
#include <cwchar>

#include "base/utf8.h"

namespace ctk::cli {
namespace {

/// While one lives, this thread takes text for UTF-8, whatever the user's locale is.
class Utf8 {
 public:
  Utf8() : before_(uselocale(locale())) {}
  ~Utf8() { uselocale(before_); }
  Utf8(const Utf8&) = delete;
  Utf8& operator=(const Utf8&) = delete;

 private:
  static locale_t locale() {
    static const locale_t kUtf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return kUtf8 != nullptr ? kUtf8 : LC_GLOBAL_LOCALE;
  }

  locale_t before_;
};

struct Character {
  size_t bytes = 1;
  wchar_t code = 0;
  bool valid = false;
};

/// The first character of a text that is not empty.
Character first_of(std::string_view text) {
  std::mbstate_t state{};
  wchar_t code = 0;
  const size_t bytes = std::mbrtowc(&code, text.data(), text.size(), &state);
  if (bytes == 0) return {1, L'\0', true};
  const bool valid = bytes != static_cast<size_t>(-1) && bytes != static_cast<size_t>(-2);
  return valid ? Character{bytes, code, true} : Character{};
}

std::string escaped(const Character& character, std::string_view bytes) {
  switch (character.valid ? character.code : L'\0') {
    case L'\n': return "\\n";
    case L'\r': return "\\r";
    case L'\t': return "\\t";
    default: break;
  }
  const auto code = std::bit_cast<uint32_t>(character.code);
  if (character.valid && code >= 0x80) return fmt::format("\\u{:04x}", code);
  return fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
}

}  // namespace

std::string one_line(std::string_view text) {
  const Utf8 utf8;
  std::string line;
  while (!text.empty()) {
    const Character character = first_of(text);
    const std::string_view bytes = text.substr(0, character.bytes);
    const bool plain = character.valid && !is_obeyed_by_terminals(static_cast<char32_t>(character.code));
    line += plain ? std::string(bytes) : escaped(character, bytes);
    text.remove_prefix(character.bytes);
  }
  return line;
}

std::string many_lines(std::string_view text) {
  std::string lines;
  while (true) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines += one_line(text.substr(0, end));
    if (end == text.size()) return lines;
    lines += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string shown_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return one_line(line);
}

std::string shown_lines(std::string_view text) {
  std::string lines(text);
  std::ranges::replace_if(lines, [](char c) { return c == '\r' || c == '\t'; }, ' ');
  return many_lines(lines);
}

size_t shown_width(std::string_view line) {
  const Utf8 utf8;
  size_t width = 0;
  while (!line.empty()) {
    const Character character = first_of(line);
    const int columns = character.valid ? wcwidth(character.code) : 1;
    width += static_cast<size_t>(columns < 0 ? 1 : columns);
    line.remove_prefix(character.bytes);
  }
  return width;
}

}  // namespace ctk::cli
