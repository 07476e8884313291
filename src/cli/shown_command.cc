// A command line as it may be shown: words quoted for a shell, secrets left out.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/command_line.h"
#include "cli/commands.h"

namespace ctk::cli {
namespace {

bool is_plain_word(std::string_view word) {
  static constexpr std::string_view kPlain = "_-+=:,./@%";
  return !word.empty() && std::ranges::all_of(word, [](unsigned char c) {
    return std::isalnum(c) || kPlain.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string shell_quoted(const std::string& word) {
  if (is_plain_word(word)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string shown_command(const std::vector<std::string>& words) {
  std::string text;
  bool hide_next = false;
  for (const std::string& word : words) {
    const std::string name = word.starts_with("--") ? word.substr(2, word.find('=') - 2) : "";
    const bool is_secret = is_secret_flag(name);
    const bool has_value = word.find('=') != std::string::npos;
    std::string shown = word.find(':') == std::string::npos ? word : net::redact_url(word);
    if (hide_next) shown = "***";
    if (is_secret && has_value) shown = fmt::format("--{}=***", name);
    hide_next = is_secret && !has_value;
    text += (text.empty() ? "" : " ") + shell_quoted(shown);
  }
  return text;
}

}  // namespace ctk::cli
