#include "cli/placeholders.h"

#include <fmt/format.h>

#include "cli/options.h"
#include "net/url.h"

namespace ctk::cli {
namespace {

constexpr std::string_view kFile = "file:";

std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::string> value_of(std::string_view name, const aws::Environment& environment) {
  if (name.starts_with(kFile)) {
    const std::string path(name.substr(kFile.size()));
    auto content = environment.secret(path);
    if (!content)
      return usage(fmt::format("the file {} of ${{{}}} cannot be read: {}", path, name, content.error().message));
    return without_line_end(std::move(*content));
  }
  const auto found = environment.variables.find(std::string(name));
  if (found == environment.variables.end()) return usage(fmt::format("the variable {} is not set", name));
  return found->second;
}

/// Whether what stands between the two is a part of a URL's user and password.
bool is_in_user_part(std::string_view before, std::string_view behind) {
  const size_t scheme = before.find("://");
  if (scheme == std::string_view::npos) return false;
  if (before.substr(scheme + 3).find_first_of("/?@") != std::string_view::npos) return false;
  const size_t end = behind.find_first_of("/?@");
  return end != std::string_view::npos && behind[end] == '@';
}

}  // namespace

Result<FilledText> fill_placeholders(std::string_view text, const aws::Environment& environment) {
  FilledText filled;
  size_t at = 0;
  while (true) {
    const size_t begin = text.find("${", at);
    filled.text += text.substr(at, begin == std::string_view::npos ? begin : begin - at);
    if (begin == std::string_view::npos) return filled;
    if (begin > at && text[begin - 1] == '$') {
      filled.text += '{';  // the first dollar is there already
      at = begin + 2;
      continue;
    }
    const size_t end = text.find('}', begin);
    if (end == std::string_view::npos) return usage("a placeholder does not end", "write ${NAME}, or $${ for the text ${");
    const std::string_view name = text.substr(begin + 2, end - begin - 2);
    if (name.empty()) return usage("a placeholder has no name", "write ${NAME}, or $${ for the text ${");
    auto value = value_of(name, environment);
    if (!value) return forward_error(std::move(value));
    if (name.starts_with(kFile)) filled.secrets.emplace_back(*value);
    filled.text += is_in_user_part(text.substr(0, begin), text.substr(end + 1)) ? net::percent_encode(*value) : *value;
    at = end + 1;
  }
}

}  // namespace ctk::cli
