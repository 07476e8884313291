// How SQL is read and asked, for the shell: it cuts what a user types into statements, and asks what there is. One value a
// target (target.h).
#pragma once

#include <string_view>

namespace ctk::table {

/// What a dialect's text is made of, besides '…', "…", `--` comments and /* comments */ which all have.
struct LexicalRules {
  bool nested_comments = false;   ///< /* /* */ */
  bool return_ends_line = true;   ///< a lone carriage return ends a `--` comment
  bool escape_strings = false;    ///< E'a\'b'
  bool backslashes = false;       ///< one escapes in '…' and "…"
  bool hash_comments = false;     ///< # begins a comment as -- does
  bool dollar_quotes = false;     ///< $tag$ … $tag$
  bool dollar_in_names = false;   ///< a$b is a name
  bool dollar_is_letter = false;  ///< and so is $b
  bool backquotes = false;        ///< `name`
  bool brackets = false;          ///< [name]
  bool parentheses = false;       ///< `;` between ( and ) ends nothing
  bool text_goes_on = false;      ///< 'a' and 'b' on two lines are one text
  /// A run of backslashes and whatever follows it stand for themselves; otherwise a backslash and one character do.
  bool backslash_runs = false;
  bool at_in_dollar_tags = false;  ///< $a@b$ … $a@b$
  bool trigger_bodies = false;     ///< what begins with CREATE TRIGGER is over at `; END ;` only
  bool atomic_bodies = false;      ///< BEGIN ATOMIC …; END within CREATE FUNCTION and CREATE PROCEDURE
  bool names_keep_case = false;    ///< those without quotes stand as they are written
  bool nul_in_text = false;        ///< U+0000 may stand in a statement, and does not end it
};

/// Questions about what a target holds, in its own SQL. Names in it are the database's.
struct Catalogue {
  std::string_view tables = {};  ///< rows of schema, table and kind, without the database's own
  /// Rows of column, type, nullable and key; none where there is no such table. `{schema}` and `{table}` stand for texts.
  std::string_view columns = {};
  std::string_view names = {};  ///< rows of schema, table and column, 5,000 at most
};

struct SqlText {
  LexicalRules lexical = {};
  Catalogue catalogue = {};
  /// A statement that fails spoils the transaction that it is in: all after it fail, too.
  bool failure_spoils_transaction = false;
};

}  // namespace ctk::table
