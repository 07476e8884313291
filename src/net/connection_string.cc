#include "net/connection_string.h"

#include <algorithm>

#include "base/ascii.h"

namespace ctk::net {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Takes a value off `rest`, and the semicolon behind it.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('{')) {
    const size_t end = std::min(rest.find(';'), rest.size());
    value = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return value;
  }
  size_t at = 1;
  for (; at < rest.size(); ++at) {
    if (rest[at] == '}' && !rest.substr(at + 1).starts_with('}')) break;
    if (rest[at] == '}') ++at;
    value += rest[at];
  }
  const size_t end = rest.find(';', std::min(at, rest.size()));
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return value;
}

std::string braced(const std::string& value) {
  const bool plain = value.find_first_of(";{}[]()?*!@, =") == std::string::npos;
  if (plain) return value;
  std::string text = "{";
  for (const char c : value) text += c == '}' ? "}}" : std::string(1, c);
  return text + "}";
}

}  // namespace

ConnectionParts parse_connection(std::string_view text) {
  ConnectionParts parts;
  while (!text.empty()) {
    const size_t equals = text.find('='), semicolon = text.find(';');
    if (semicolon < equals) {
      text.remove_prefix(semicolon + 1);
      continue;
    }
    if (equals == std::string_view::npos) break;
    std::string name(trimmed(text.substr(0, equals)));
    text.remove_prefix(equals + 1);
    while (text.starts_with(' ')) text.remove_prefix(1);
    parts.emplace_back(std::move(name), take_value(text));
  }
  return parts;
}

std::string to_connection(const ConnectionParts& parts) {
  std::string text;
  for (const auto& [name, value] : parts) text += name + "=" + braced(value) + ";";
  return text;
}

std::optional<std::string> connection_value(const ConnectionParts& parts, std::string_view name) {
  const auto found =
      std::ranges::find_if(parts, [&](const auto& part) { return ascii_lower(part.first) == ascii_lower(name); });
  if (found == parts.end()) return std::nullopt;
  return found->second;
}

bool names_a_secret(std::string_view name) {
  const std::string text = ascii_lower(name);
  return std::ranges::any_of(std::initializer_list<std::string_view>{"secret", "password", "passwd", "pwd", "token"},
                             [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

std::vector<std::string> secrets_of_connection(std::string_view text) {
  std::vector<std::string> secrets;
  for (auto& [name, value] : parse_connection(text)) {
    if (names_a_secret(name) && !value.empty()) secrets.push_back(std::move(value));
  }
  return secrets;
}

std::string redact_connection(std::string_view text) {
  ConnectionParts parts = parse_connection(text);
  std::string shown;
  for (auto& [name, value] : parts) {
    shown += name + "=" + (names_a_secret(name) ? "***" : braced(value)) + ";";
  }
  if (shown.ends_with(';') && !text.ends_with(';')) shown.pop_back();
  return shown;
}

}  // namespace ctk::net
