#include "sink/cratedb/testing/fake_tokens.h"

#include <cctype>

namespace ctk::sink::cratedb::testing {
namespace {

bool starts_word(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool continues_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  Token next() {
    skip_space();
    Token token;
    token.line = line_;
    token.column = at_ - line_start_ + 1;
    const size_t start = at_;
    if (at_ < sql_.size()) scan(token);
    token.source = std::string(sql_.substr(start, at_ - start));
    return token;
  }

 private:
  /// Comments to the end of a line are space, too.
  void skip_space() {
    while (at_ < sql_.size()) {
      if (sql_.substr(at_, 2) == "--") at_ = std::min(sql_.find('\n', at_), sql_.size());
      if (at_ >= sql_.size() || std::isspace(static_cast<unsigned char>(sql_[at_])) == 0) return;
      if (sql_[at_++] != '\n') continue;
      line_++;
      line_start_ = at_;
    }
  }

  void scan(Token& token) {
    const char c = sql_[at_];
    if (c == '"' || c == '\'') {
      token.kind = c == '"' ? Token::Kind::quoted : Token::Kind::text;
      token.text = scan_quoted(c);
    } else if (starts_word(c)) {
      token.kind = Token::Kind::word;
      while (at_ < sql_.size() && continues_word(sql_[at_])) {
        token.text += static_cast<char>(std::tolower(static_cast<unsigned char>(sql_[at_++])));
      }
    } else if (is_digit(c) || (c == '-' && at_ + 1 < sql_.size() && is_digit(sql_[at_ + 1]))) {
      token.kind = Token::Kind::number;
      token.text += sql_[at_++];
      while (at_ < sql_.size() && (is_digit(sql_[at_]) || sql_[at_] == '.')) token.text += sql_[at_++];
    } else {
      token.kind = Token::Kind::symbol;
      const std::string_view two = sql_.substr(at_, 2);
      token.text = std::string(two == "<=" || two == ">=" || two == "<>" || two == "!=" ? two : two.substr(0, 1));
      at_ += token.text.size();
    }
  }

  std::string scan_quoted(char quote) {
    std::string text;
    for (at_++; at_ < sql_.size(); at_++) {
      if (sql_[at_] == quote) {
        if (at_ + 1 >= sql_.size() || sql_[at_ + 1] != quote) break;
        at_++;
      }
      text += sql_[at_];
    }
    at_ = std::min(at_ + 1, sql_.size());
    return text;
  }

  std::string_view sql_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t line_start_ = 0;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view sql) {
  Scanner scanner(sql);
  std::vector<Token> tokens;
  do {
    tokens.push_back(scanner.next());
  } while (tokens.back().kind != Token::Kind::end);
  return tokens;
}

}  // namespace ctk::sink::cratedb::testing
