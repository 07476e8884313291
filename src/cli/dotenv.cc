#include "cli/dotenv.h"

#include <algorithm>

namespace ctk::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool is_name(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text.front())) && std::ranges::all_of(text, allowed);
}

/// The text between double quotes, up to the closing one.
std::string unescaped(std::string_view text) {
  std::string value;
  for (size_t i = 0; i < text.size() && text[i] != '"'; ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (!escape) {
      value += text[i];
      continue;
    }
    ++i;
    value += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
  }
  return value;
}

std::string value_of(std::string_view text) {
  if (text.starts_with('\'')) return std::string(text.substr(1, text.find('\'', 1) - 1));
  if (text.starts_with('"')) return unescaped(text.substr(1));
  if (text.starts_with('#')) return "";
  const size_t comment = std::min(text.find(" #"), text.size());
  return std::string(trimmed(text.substr(0, comment)));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_dotenv(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> variables;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, equals));
    if (is_name(name)) variables.emplace_back(name, value_of(trimmed(line.substr(equals + 1))));
  }
  return variables;
}

}  // namespace ctk::cli
