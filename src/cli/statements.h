// SQL text cut into statements at `;`. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ctk::cli {

/// Takes text as it comes, in pieces of any size, and gives whole statements. Semicolons inside of '…', "…", -- comments,
/// /* comments */ (nested as in PostgreSQL) and $tag$ … $tag$ do not end a statement.
///   splitter.feed("SELECT 1; SEL"); splitter.next() → "SELECT 1"; splitter.next() → nothing
class StatementSplitter {
 public:
  void feed(std::string_view text) { text_ += text; }
  /// The next statement that has its semicolon, without it, trimmed; empty ones are passed over.
  std::optional<std::string> next();
  /// What is left at the end of the input: a last statement without its semicolon.
  std::optional<std::string> rest();
  /// Something but blanks has been fed and is no whole statement yet.
  bool pending() const;

 private:
  std::string text_;
};

/// Whether there is anything in it but blanks and comments.
bool has_sql(std::string_view text);

}  // namespace ctk::cli
