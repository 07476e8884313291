// Words and expressions of SQL; the statements' parser (fake_sql.cc) stands on it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sink/cratedb/testing/fake_sql.h"
#include "sink/cratedb/testing/fake_tokens.h"

namespace ctk::sink::cratedb::testing {

/// Ends a parse; caught in parse_sql only.
struct Mismatch {
  SqlError error;
};

class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view sql) : tokens_(tokens_of(sql)) {}

 protected:
  const Token& peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool is_word(std::string_view word, size_t ahead = 0) const {
    return peek(ahead).kind == Token::Kind::word && peek(ahead).text == word;
  }
  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    at_++;
    return true;
  }
  bool take_symbol(std::string_view symbol) {
    if (peek().kind != Token::Kind::symbol || peek().text != symbol) return false;
    at_++;
    return true;
  }
  void need_word(std::string_view word) {
    if (!take_word(word)) expected(fmt::format("'{}'", word));
  }
  void need_symbol(std::string_view symbol) {
    if (!take_symbol(symbol)) expected(fmt::format("'{}'", symbol));
  }
  [[noreturn]] void expected(const std::string& what) const {
    const std::string found = peek().kind == Token::Kind::end ? "<EOF>" : peek().source;
    throw Mismatch{parse_exception(
        fmt::format("line {}:{}: mismatched input '{}' expecting {}", peek().line, peek().column, found, what))};
  }
  std::string identifier() {
    if (peek().kind != Token::Kind::word && peek().kind != Token::Kind::quoted) expected("a name");
    return tokens_[at_++].text;
  }
  TableName table_name() {
    TableName name;
    name.table = identifier();
    if (take_symbol(".")) {
      name.schema = std::exchange(name.table, "");
      name.table = identifier();
    }
    return name;
  }
  template <class Each>
  void list(Each each) {
    do {
      each();
    } while (take_symbol(","));
  }

  Expr expression();
  Expr primary();
  Expr column_or_call();

  /// The next token, taken as it is.
  const Token& any_token() { return tokens_[at_++]; }

 private:
  Expr conjunction();
  Expr negation();
  Expr comparison();
  Expr null_test(Expr operand);
  Expr in_list(Expr left);
  Expr choice();

  std::vector<Token> tokens_;
  size_t at_ = 0;
  size_t parameters_ = 0;
};

}  // namespace ctk::sink::cratedb::testing
