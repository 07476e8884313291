#include "cli/sql_scanner.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace ctk::cli {
namespace {

constexpr size_t kLongestWord = 16;  // "temporary", "procedure" and others fit

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_line_end(char c) { return c == '\n' || c == '\r'; }

}  // namespace

void SqliteBody::step(Token token) {
  // Rows are states: start, any statement, EXPLAIN, CREATE, in a trigger, its `;`, its END. Columns are tokens.
  static constexpr std::array<std::array<uint8_t, 7>, 7> kNext = {{
      {0, 1, 2, 3, 1, 1, 1},
      {0, 1, 1, 1, 1, 1, 1},
      {0, 2, 1, 3, 1, 1, 1},
      {0, 1, 1, 1, 3, 4, 1},
      {5, 4, 4, 4, 4, 4, 4},
      {5, 4, 4, 4, 4, 4, 6},
      {0, 4, 4, 4, 4, 4, 4},
  }};
  state_ = kNext[state_][token];
}

void SqliteBody::word(std::string_view lower) {
  step(lower == "create"                         ? kCreate
       : lower == "trigger"                      ? kTrigger
       : lower == "temp" || lower == "temporary" ? kTemporary
       : lower == "end"                          ? kEnd
       : lower == "explain"                      ? kExplain
                                                 : kOther);
}

bool SqliteBody::semicolon() {
  step(kSemicolon);
  return state_ == 0;
}

void PostgresBody::word(std::string_view lower) {
  const bool atomic = after_begin_ && lower == "atomic";
  after_begin_ = head_ == Head::routine && lower == "begin";
  if (atomic || (depth_ > 0 && lower == "case")) ++depth_;
  if (depth_ > 0 && lower == "end") --depth_;
  const bool routine = lower == "function" || lower == "procedure";
  switch (head_) {
    case Head::start: head_ = lower == "create" ? Head::create : Head::none; break;
    case Head::create: head_ = routine ? Head::routine : lower == "or" ? Head::create_or : Head::none; break;
    case Head::create_or: head_ = lower == "replace" ? Head::create : Head::none; break;
    case Head::routine:
    case Head::none: break;
  }
}

SqlScanner::Place SqlScanner::place() const {
  switch (mode_) {
    case Mode::line_comment: return Place::line_comment;
    case Mode::block_comment: return Place::block_comment;
    case Mode::dollar_text: return Place::dollar_text;
    case Mode::quoted: return closing_ == '\'' ? Place::text : Place::name;
    case Mode::code:
    case Mode::dollar_tag: break;
  }
  if (parentheses_ > 0) return Place::parentheses;
  return routine_.inside() || trigger_.inside() ? Place::body : Place::code;
}

bool SqlScanner::take(char c) {
  switch (mode_) {
    case Mode::code: return take_code(c);
    case Mode::line_comment:
      if (c == '\n' || (c == '\r' && rules_->return_ends_line)) {
        mode_ = Mode::code;
        note_gap(c);
      }
      return false;
    case Mode::block_comment: take_block_comment(c); return false;
    case Mode::quoted: take_quoted(c); return false;
    case Mode::dollar_tag: return take_dollar_tag(c);
    case Mode::dollar_text: take_dollar_text(c); return false;
  }
  return false;
}

/// Words are read to their end before they count: `e` in front of a quote is not the `e` of `name'…'`.
bool SqlScanner::take_code(char c) {
  if (goes_on_as_word(c)) {
    if (word_.empty()) end_operator();
    if (word_.size() < kLongestWord) word_ += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    gap_ = Gap::none;
    return false;
  }
  if (begins_comment(c)) return false;
  end_operator();
  if (begins_quote(c)) return false;
  end_word();
  note_gap(c);
  if (is_blank(c)) return false;
  return c == ';' ? take_semicolon() : take_operator(c);
}

bool SqlScanner::take_operator(char c) {
  if (c == '-' || c == '/') {
    pending_ = c;
  } else if (c == '$' && rules_->dollar_quotes) {
    mode_ = Mode::dollar_tag;
    tag_ = "$";
  } else {
    note_other();
    if (rules_->parentheses && c == '(') ++parentheses_;
    if (rules_->parentheses && c == ')' && parentheses_ > 0) --parentheses_;
  }
  return false;
}

bool SqlScanner::take_semicolon() {
  const bool within = parentheses_ > 0 || routine_.inside();
  const bool ends = rules_->trigger_bodies ? trigger_.semicolon() : !within;
  if (ends) restart();
  return ends;
}

bool SqlScanner::goes_on_as_word(char c) const {
  if (is_letter(c) || is_digit(c) || (c == '$' && rules_->dollar_is_letter)) return true;
  return c == '$' && rules_->dollar_in_names && !word_.empty() && !is_digit(word_.front());
}

bool SqlScanner::begins_comment(char c) {
  const bool line = (pending_ == '-' && c == '-') || (c == '#' && rules_->hash_comments);
  const bool block = pending_ == '/' && c == '*';
  if (!line && !block) return false;
  if (c == '#') end_operator();
  pending_ = 0;
  mode_ = line ? Mode::line_comment : Mode::block_comment;
  comments_ = 1;
  previous_ = 0;
  if (block) gap_ = Gap::none;
  return true;
}

/// A quote that begins a text or a name.
bool SqlScanner::begins_quote(char c) {
  const bool quote = c == '\'' || c == '"' || (c == '`' && rules_->backquotes) || (c == '[' && rules_->brackets);
  if (!quote) return false;
  const bool prefixed = rules_->escape_strings && word_ == "e";
  const bool goes_on = gap_ == Gap::adjacent || (gap_ == Gap::line_end && rules_->text_goes_on);
  end_word();
  note_other();
  mode_ = Mode::quoted;
  closing_ = c == '[' ? ']' : c;
  escapes_ = c == '\'' && (prefixed || plain_escapes_ || goes_on);
  escapes_ = escapes_ || (rules_->backslashes && (c == '\'' || c == '"'));
  backslash_ = false;
  gap_ = Gap::none;
  return true;
}

void SqlScanner::take_quoted(char c) {
  if (escapes_ && backslash_) {
    backslash_ = rules_->backslash_runs && c == '\\';
  } else if (escapes_ && c == '\\') {
    backslash_ = true;
  } else if (c == closing_) {  // a doubled quote begins the next text at once, which ends at the same place
    mode_ = Mode::code;
    gap_ = escapes_ ? Gap::adjacent : Gap::none;
  }
}

void SqlScanner::take_block_comment(char c) {
  const bool closes = previous_ == '*' && c == '/';
  const bool opens = rules_->nested_comments && previous_ == '/' && c == '*';
  comments_ += opens ? 1 : closes ? -1 : 0;
  previous_ = closes || opens ? '\0' : c;
  if (comments_ == 0) mode_ = Mode::code;
}

/// `$1` is a parameter, and a `$` that begins no tag stands for itself.
bool SqlScanner::take_dollar_tag(char c) {
  const bool goes_on = is_letter(c) || (tag_.size() > 1 && is_digit(c));
  const bool at = rules_->at_in_dollar_tags && tag_.size() > 1 && c == '@';
  if (goes_on || at) {
    tag_ += c;
    return false;
  }
  note_other();
  if (c == '$') {
    tag_ += c;
    matched_.clear();
    mode_ = Mode::dollar_text;
    return false;
  }
  mode_ = Mode::code;
  const std::string name = tag_.substr(1);
  for (const char letter : name) take_code(letter);
  return take_code(c);
}

void SqlScanner::take_dollar_text(char c) {
  // A tag holds a dollar at its ends only: what does not go on begins anew at most with this one.
  const bool goes_on = tag_[matched_.size()] == c;
  if (!goes_on) matched_.clear();
  if (goes_on || c == '$') matched_ += c;
  if (matched_.size() == tag_.size()) mode_ = Mode::code;
}

void SqlScanner::end_word() {
  if (word_.empty()) return;
  has_sql_ = true;
  if (rules_->trigger_bodies) trigger_.word(word_);
  if (rules_->atomic_bodies && parentheses_ == 0) routine_.word(word_);
  word_.clear();
}

void SqlScanner::end_operator() {
  if (pending_ == 0) return;
  pending_ = 0;
  note_other();
}

void SqlScanner::note_other() {
  has_sql_ = true;
  gap_ = Gap::none;
  if (rules_->trigger_bodies) trigger_.other();
  if (rules_->atomic_bodies) routine_.other();
}

/// Keeps count of what lies between two texts; a `-` may begin a comment, which counts as blank.
void SqlScanner::note_gap(char c) {
  if (gap_ == Gap::none || (c == '-' && gap_ != Gap::none)) return;
  if (!is_blank(c)) {
    gap_ = Gap::none;
  } else if (is_line_end(c)) {
    gap_ = Gap::line_end;
  } else if (gap_ == Gap::adjacent) {
    gap_ = Gap::blanks;
  }
}

void SqlScanner::restart() {
  const bool escapes = plain_escapes_;
  *this = SqlScanner(*rules_);
  plain_escapes_ = escapes;
}

}  // namespace ctk::cli
