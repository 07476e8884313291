#include "cli/statement_splitter.h"

#include <algorithm>

namespace ctk::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

bool StatementSplitter::skip_byte_order_mark() {
  if (began_) return true;
  const std::string_view beginning = std::string_view(text_).substr(0, kByteOrderMark.size());
  if (beginning.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(beginning)) return false;
  began_ = true;
  if (beginning == kByteOrderMark) text_.erase(0, kByteOrderMark.size());
  return true;
}

std::optional<SqlStatement> StatementSplitter::next() {
  if (!skip_byte_order_mark()) return std::nullopt;
  while (scanned_ < text_.size()) {
    const bool has_sql = scanner_.has_sql();
    if (!scanner_.take(text_[scanned_++])) continue;
    SqlStatement statement = take(scanned_ - 1 - begin_);
    if (has_sql) return statement;
  }
  text_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
  return std::nullopt;
}

/// `size` bytes from begin_; what comes next begins behind the semicolon.
SqlStatement StatementSplitter::take(size_t size) {
  const std::string_view whole = std::string_view(text_).substr(begin_, size);
  const size_t first = std::min(whole.find_first_not_of(kBlanks), whole.size());
  const std::string_view trimmed = whole.substr(first, whole.find_last_not_of(kBlanks) + 1 - first);
  const auto lines = [](std::string_view text) { return static_cast<size_t>(std::ranges::count(text, '\n')); };
  SqlStatement statement{std::string(trimmed), line_ + lines(whole.substr(0, first))};
  line_ += lines(whole);
  begin_ = scanned_;
  return statement;
}

std::optional<SqlStatement> StatementSplitter::rest() {
  began_ = skip_byte_order_mark() || !text_.empty();
  if (auto whole = next()) return whole;
  const bool has_sql = scanner_.has_sql() || scanner_.place() == SqlScanner::Place::block_comment;
  scanned_ = text_.size();
  SqlStatement statement = take(text_.size());
  drop();
  return has_sql ? std::optional(std::move(statement)) : std::nullopt;
}

void StatementSplitter::drop() {
  text_.clear();
  begin_ = scanned_ = 0;
  scanner_.restart();
}

void StatementSplitter::begin_anew() {
  drop();
  line_ = 1;
  began_ = false;
}

bool StatementSplitter::pending() const {
  return scanner_.has_sql() || scanner_.place() == SqlScanner::Place::block_comment;
}

bool looks_like_utf16(std::string_view beginning) {
  if (beginning.size() < 2) return false;
  const bool marked = beginning.starts_with("\xff\xfe") || beginning.starts_with("\xfe\xff");
  return marked || (beginning[0] == '\0') != (beginning[1] == '\0');
}

}  // namespace ctk::cli
