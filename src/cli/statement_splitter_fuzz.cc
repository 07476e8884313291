// Fuzzes the splitter of SQL text, in each dialect: nothing is lost, pieces give what the whole gives, a statement is one
// statement, and SQLite's end where SQLite says so.
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "cli/statement_splitter.h"

namespace {

using ctk::cli::StatementSplitter;
using ctk::table::Target;

struct Input {
  Target dialect;
  bool backslashes;
  size_t piece;  ///< bytes fed at once
};

std::vector<std::string> split(const Input& input, std::string_view text, size_t piece) {
  StatementSplitter splitter(input.dialect);
  splitter.set_backslashes(input.backslashes);
  std::vector<std::string> statements;
  while (!text.empty()) {
    splitter.feed(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
    while (auto statement = splitter.next()) statements.push_back(statement->sql);
  }
  while (auto statement = splitter.rest()) statements.push_back(statement->sql);
  return statements;
}

void check_sqlite(std::string_view text) {
  ctk::cli::SqlScanner scanner(Target::sqlite);
  constexpr size_t kFew = 4096;  // SQLite begins at the beginning each time
  for (size_t i = 0; i < std::min(text.size(), kFew); ++i) {
    const bool ends = scanner.take(text[i]);
    const bool complete = text[i] == ';' && sqlite3_complete(std::string(text.substr(0, i + 1)).c_str()) != 0;
    if (ends != complete) std::abort();
    if (ends) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  constexpr Target kDialects[] = {Target::cratedb, Target::postgres, Target::sqlite};
  const Input input{kDialects[data[0] % 3], data[0] >= 128, static_cast<size_t>(data[1]) + 1};
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto statements = split(input, text, text.size());
  if (split(input, text, input.piece) != statements) std::abort();
  size_t kept = 0;
  for (const std::string& statement : statements) {
    kept += statement.size();
    const bool open = &statement == &statements.back();  // the last one may end in the midst of a quote
    if (!open && split(input, "\n" + statement + "\n;", text.size() + 3) != std::vector{statement}) std::abort();
  }
  if (kept > text.size()) std::abort();
  if (input.dialect == Target::sqlite && text.find('\0') == std::string_view::npos) check_sqlite(text);
  return 0;
}
