// Words of SQL.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ctk::sink::cratedb::testing {

struct Token {
  enum class Kind { word, quoted, text, number, symbol, end };
  Kind kind = Kind::end;
  std::string text;    ///< a word in lower case; a quoted name or a text without its quotes
  std::string source;  ///< as it was written
  size_t line = 1;
  size_t column = 1;  ///< from 0 within the line, as CrateDB counts it, plus one
};

std::vector<Token> tokens_of(std::string_view sql);

}  // namespace ctk::sink::cratedb::testing
