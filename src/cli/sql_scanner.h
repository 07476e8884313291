// Where a SQL statement ends, as its database's own lexer sees it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "table/target.h"

namespace ctk::cli {

/// What begins with CREATE TRIGGER is over at `; END ;` only. The automaton of SQLite's own sqlite3_complete().
class SqliteBody {
 public:
  void other() { step(kOther); }
  void word(std::string_view lower);
  /// Whether this semicolon ends the statement.
  bool semicolon();
  bool inside() const { return state_ >= kInTrigger; }

 private:
  enum Token { kSemicolon, kOther, kExplain, kCreate, kTemporary, kTrigger, kEnd };
  static constexpr uint8_t kInTrigger = 4;
  void step(Token token);

  uint8_t state_ = 0;
};

/// CREATE [OR REPLACE] FUNCTION or PROCEDURE … BEGIN ATOMIC …; …; END: the semicolons within are the body's.
class PostgresBody {
 public:
  void other() { after_begin_ = false; }
  void word(std::string_view lower);
  bool inside() const { return depth_ > 0; }

 private:
  enum class Head { start, create, create_or, routine, none };
  Head head_ = Head::start;
  bool after_begin_ = false;
  int depth_ = 0;  ///< of BEGIN ATOMIC and of CASE within it
};

/// Reads one statement byte by byte.
class SqlScanner {
 public:
  /// What the text is in the midst of.
  enum class Place { code, text, name, line_comment, block_comment, dollar_text, parentheses, body };

  explicit SqlScanner(table::Target target) : SqlScanner(target->sql.lexical) {}
  explicit SqlScanner(const table::LexicalRules& rules) : rules_(&rules) {}

  /// True: `c` is the semicolon that ends the statement, and the scanner is as new.
  bool take(char c);
  /// Whether anything but blanks and comments was read.
  bool has_sql() const { return has_sql_ || pending_ != 0 || !word_.empty() || mode_ == Mode::dollar_tag; }
  Place place() const;
  /// As new, for the next statement.
  void restart();

  /// PostgreSQL with standard_conforming_strings = off: backslashes escape in '…' too.
  void set_backslashes(bool escape) { plain_escapes_ = escape; }

 private:
  enum class Mode { code, line_comment, block_comment, quoted, dollar_tag, dollar_text };
  enum class Gap { none, adjacent, blanks, line_end };

  bool take_code(char c);
  bool take_operator(char c);
  void take_block_comment(char c);
  void take_quoted(char c);
  void take_dollar_text(char c);
  bool take_dollar_tag(char c);

  bool goes_on_as_word(char c) const;
  bool begins_comment(char c);
  bool begins_quote(char c);
  bool take_semicolon();
  void end_word();
  void end_operator();
  void note_gap(char c);
  void note_other();

  const table::LexicalRules* rules_;
  bool plain_escapes_ = false;

  Mode mode_ = Mode::code;
  bool has_sql_ = false;
  std::string word_;        ///< the one being read, in lower case, cut off where it is longer than any that matters
  char pending_ = 0;        ///< a `-` or `/` that may begin a comment
  char closing_ = 0;        ///< of what is quoted
  bool escapes_ = false;    ///< backslashes in what is quoted
  bool backslash_ = false;  ///< the character before was one that escapes
  char previous_ = 0;       ///< in a block comment
  int comments_ = 0;        ///< how deep they nest
  int parentheses_ = 0;
  std::string tag_;      ///< of the dollar quote, with its dollars
  std::string matched_;  ///< the part of `tag_` that the text ends with
  Gap gap_ = Gap::none;  ///< since the end of a text with escapes
  SqliteBody trigger_;
  PostgresBody routine_;
};

}  // namespace ctk::cli
