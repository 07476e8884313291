#include "cli/statements.h"

#include <algorithm>

namespace ctk::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// Behind the closing quote; a doubled quote is read as two texts, which ends at the same place.
size_t behind(std::string_view text, size_t from, std::string_view closing) {
  const size_t end = text.find(closing, from);
  return end == std::string_view::npos ? end : end + closing.size();
}

size_t behind_block_comment(std::string_view text, size_t from) {
  int depth = 1;
  while (from < text.size()) {
    const std::string_view two = text.substr(from, 2);
    depth += two == "/*" ? 1 : two == "*/" ? -1 : 0;
    from += two == "/*" || two == "*/" ? 2 : 1;
    if (depth == 0) return from;
  }
  return std::string_view::npos;
}

/// `$tag$` at `at`, or nothing: `$1` is a parameter, and `a$b$` a name.
std::string_view dollar_tag(std::string_view text, size_t at) {
  if (at > 0 && is_word(text[at - 1])) return "";
  const size_t end = text.find('$', at + 1);
  if (end == std::string_view::npos) return "";
  const std::string_view tag = text.substr(at + 1, end - at - 1);
  const bool valid =
      std::ranges::all_of(tag, is_word) && (tag.empty() || !std::isdigit(static_cast<unsigned char>(tag[0])));
  return valid ? text.substr(at, end - at + 1) : "";
}

/// Where the token at `at` ends; npos where it is not complete.
size_t behind_token(std::string_view text, size_t at) {
  const std::string_view two = text.substr(at, 2);
  if (text[at] == '\'' || text[at] == '"') return behind(text, at + 1, text.substr(at, 1));
  if (two == "--") return behind(text, at + 2, "\n");
  if (two == "/*") return behind_block_comment(text, at + 2);
  if (text[at] == '$') {
    const std::string_view tag = dollar_tag(text, at);
    if (!tag.empty()) return behind(text, at + tag.size(), tag);
  }
  return at + 1;
}

/// The first semicolon that ends a statement.
size_t find_end(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ';') return at;
    at = behind_token(text, at);
    if (at == std::string_view::npos) return at;
  }
  return std::string_view::npos;
}

}  // namespace

bool has_sql(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const std::string_view two = text.substr(at, 2);
    const bool comment = two == "--" || two == "/*";
    if (!comment && kBlanks.find(text[at]) == std::string_view::npos) return true;
    at = std::min(comment ? behind_token(text, at) : at + 1, text.size());
  }
  return false;
}

std::optional<std::string> StatementSplitter::next() {
  while (true) {
    const size_t end = find_end(text_);
    if (end == std::string::npos) return std::nullopt;
    std::string statement(trimmed(std::string_view(text_).substr(0, end)));
    text_.erase(0, end + 1);
    if (has_sql(statement)) return statement;
  }
}

std::optional<std::string> StatementSplitter::rest() {
  const std::string statement(trimmed(text_));
  text_.clear();
  return has_sql(statement) ? std::optional(statement) : std::nullopt;
}

bool StatementSplitter::pending() const { return !trimmed(text_).empty(); }

}  // namespace ctk::cli
