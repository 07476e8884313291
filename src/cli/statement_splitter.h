// SQL text cut into statements at `;`, as the database's own lexer would. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/sql_scanner.h"

namespace ctk::cli {

struct SqlStatement {
  std::string sql;  ///< without its semicolon, and without blanks around it
  size_t line = 1;  ///< of the text that it begins on
};

/// Takes text as it comes, in pieces of any size, and gives whole statements. A byte order mark before the first is no SQL.
///   splitter.feed("SELECT 1; SEL"); splitter.next() → "SELECT 1"; splitter.next() → nothing
class StatementSplitter {
 public:
  explicit StatementSplitter(table::Target dialect) : scanner_(dialect) {}

  void feed(std::string_view text) { text_ += text; }
  /// The next statement that has its semicolon; empty ones are passed over.
  std::optional<SqlStatement> next();
  /// What is left at the end of the input: a last statement without its semicolon.
  std::optional<SqlStatement> rest();
  /// Forgets what is no whole statement yet.
  void drop();
  /// The same, and begins another text: at line 1, and perhaps with a byte order mark.
  void begin_anew();
  /// More than blanks and whole comments has been fed and is no whole statement yet; for what next() has looked at.
  bool pending() const;
  /// What the text fed so far ends in; for what next() has looked at.
  SqlScanner::Place place() const { return scanner_.place(); }
  void set_backslashes(bool escape) { scanner_.set_backslashes(escape); }

 private:
  SqlStatement take(size_t size);
  bool skip_byte_order_mark();

  SqlScanner scanner_;
  std::string text_;
  size_t begin_ = 0;    ///< of the statement in text_; what is before it has been given out
  size_t scanned_ = 0;  ///< what is before it has been looked at
  size_t line_ = 1;     ///< at begin_
  bool began_ = false;
};

/// By its byte order mark, or by the zero byte in its first character.
bool looks_like_utf16(std::string_view beginning);

}  // namespace ctk::cli
