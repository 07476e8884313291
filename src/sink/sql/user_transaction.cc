#include "sink/sql/user_transaction.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace ctk::sink::sql {
namespace {

std::string joined(const std::string& hint, const char* more) { return hint + (hint.empty() ? "" : "; ") + more; }

/// Without blanks, semicolons and comments, which PostgreSQL nests, at its beginning.
std::string_view from_first_word(std::string_view sql) {
  size_t depth = 0;
  while (!sql.empty()) {
    if (sql.starts_with("/*")) {
      ++depth;
      sql.remove_prefix(2);
    } else if (depth > 0) {
      const bool closes = sql.starts_with("*/");
      depth -= closes ? 1 : 0;
      sql.remove_prefix(closes ? 2 : 1);
    } else if (sql.starts_with("--")) {
      sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
    } else if (sql.front() == ';' || std::isspace(static_cast<unsigned char>(sql.front())) != 0) {
      sql.remove_prefix(1);
    } else {
      break;
    }
  }
  return sql;
}

/// Takes a word off the beginning; in upper case.
std::string take_word(std::string_view& sql) {
  sql = from_first_word(sql);
  const auto end = std::ranges::find_if_not(sql, [](unsigned char c) { return std::isalpha(c) != 0; });
  std::string word(sql.begin(), end);
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  sql.remove_prefix(word.size());
  return word;
}

}  // namespace

TransactionWord transaction_word(std::string_view sql) {
  using enum TransactionWord;
  const std::string first = take_word(sql);
  std::string second = take_word(sql);
  if (first == "BEGIN" || (first == "START" && second == "TRANSACTION")) return begins;
  if (first == "PREPARE") return second == "TRANSACTION" ? commits : none;
  if (second == "WORK" || second == "TRANSACTION") second = take_word(sql);
  if (second == "PREPARED" || second == "TO") return none;
  if (first == "COMMIT" || first == "END") return commits;
  return first == "ROLLBACK" || first == "ABORT" ? rolls_back : none;
}

std::optional<Result<ResultSet>> UserTransaction::answer_instead(std::string_view sql) {
  if (!lost_) return std::nullopt;
  switch (transaction_word(sql)) {
    case TransactionWord::begins: lost_ = false; return std::nullopt;
    case TransactionWord::rolls_back: lost_ = false; return ResultSet{};
    case TransactionWord::commits:
      lost_ = false;
      return fail(ErrorKind::refused,
                  "there is nothing to commit: the transaction was lost with its connection, and undone");
    case TransactionWord::none: break;
  }
  return fail(ErrorKind::refused, "the transaction was lost with its connection, and this is not run outside of it", "",
              "ROLLBACK; ends it, BEGIN; begins another");
}

Error UserTransaction::lost(Error error, std::string_view sql, bool in_transaction) {
  if (!in_transaction) {
    error.hint = joined(error.hint, "the next statement is run in a new session, without what was SET in this one");
  } else if (transaction_word(sql) == TransactionWord::commits) {
    error.hint = joined(error.hint, "whether the transaction was committed is not known: look for what it wrote");
  } else {
    lost_ = true;
    error.message += ", and the transaction is lost with the connection";
    error.hint = joined(error.hint, "what it did is undone; ROLLBACK; ends it, BEGIN; begins another");
  }
  return error;
}

Error UserTransaction::undone() {
  return {ErrorKind::refused, "the transaction had failed before, so it was rolled back: nothing of it is stored", "", ""};
}

}  // namespace ctk::sink::sql
