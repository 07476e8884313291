// `ctk shell`: SQL from --command, standard input or a prompt.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <string>

#include "cli/catalogue.h"
#include "cli/exit_code.h"
#include "cli/interrupts.h"
#include "cli/prompt.h"
#include "cli/result_format.h"
#include "cli/run_commands.h"
#include "cli/shell_words.h"
#include "cli/statement_splitter.h"
#include "cli/target_session.h"

namespace ctk::cli {
namespace {

/// Nobody waits longer for what Tab may offer, or to leave.
constexpr Duration kPatience = std::chrono::seconds(1);

/// The prompt for another line says what the text before is in the midst of.
const char* prompt_of(const StatementSplitter& splitter) {
  using enum SqlScanner::Place;
  if (!splitter.pending()) return "ctk> ";
  switch (splitter.place()) {
    case text: return "  '> ";
    case name: return "  \"> ";
    case block_comment: return "  *> ";
    case dollar_text: return "  $> ";
    case parentheses: return "  (> ";
    case body: return "END> ";
    case code:
    case line_comment: return "  -> ";
  }
  return "  -> ";
}

Error misread_error() {
  return {ErrorKind::refused, "the statement is not run: bytes that are no UTF-8 were typed", "",
          "set the terminal to UTF-8"};
}

Error open_transaction_error() {
  return {ErrorKind::refused, "the script ends within a transaction, which is rolled back: nothing of it is stored", "",
          "end it with COMMIT"};
}

class Shell {
 public:
  Shell(TargetSession& session, ResultFormat format, World& world)
      : session_(session), dialect_(session.target().kind), format_(format), world_(world), splitter_(dialect_) {}

  int run_text(const std::string& text);
  int run_standard_input();
  /// A transaction that is left open goes with the session.
  int end_script();
  int run_prompt();

 private:
  /// Runs one statement and prints its rows.
  Result<int> run(const std::string& sql, Interrupts& interrupts, const std::function<void()>& again);
  int print_rows(const sink::ResultSet& rows, Interrupts& interrupts);
  /// A statement of a script. An interrupt stops it, and then the program.
  int run_part(const SqlStatement& statement);
  /// The line is said of what the database refused, in texts that have several.
  Error located(Error error, const SqlStatement& statement) const;
  /// Whole statements of what was fed; stops at the first failure.
  int run_whole();
  /// Whole ones, and one that has no semicolon.
  int run_rest();

  int answer_lines(Interrupts& interrupts);
  /// False: the person leaves.
  bool answer_line(const PromptLine& typed, Prompt& prompt, Interrupts& interrupts);
  bool answer_word(const ShellWord& word, Interrupts& interrupts);
  void describe(const std::string& name, Interrupts& interrupts);
  /// The person sees what went wrong and goes on; false where they stopped it, and with it what follows on the line.
  bool run_for_person(const std::string& sql, Interrupts& interrupts);
  std::vector<std::string> offers(const std::string& word, const Interrupts& interrupts);
  /// Says what becomes of a transaction that a person leaves open.
  void end_transaction(const Interrupts& interrupts);

  TargetSession& session_;
  table::Target dialect_;
  ResultFormat format_;
  World& world_;
  StatementSplitter splitter_;
  bool from_file_ = false;
  bool misread_ = false;                           ///< what is typed, to its end: it is not what was meant
  std::optional<std::vector<std::string>> names_;  ///< for Tab; nothing: to be asked for
  bool lacks_names_ = false;                       ///< they could not be had
  bool in_transaction_ = false;
};

Result<int> Shell::run(const std::string& sql, Interrupts& interrupts, const std::function<void()>& again) {
  if (!dialect_->sql.lexical.nul_in_text && sql.find('\0') != std::string::npos) {
    return fail(ErrorKind::refused, "the statement holds a NUL byte, which no SQL text of this database can");
  }
  const auto result = session_.query(sql, interrupts, again);
  if (!result) return std::unexpected(result.error());
  splitter_.set_backslashes(result->backslashes_escape);
  in_transaction_ = result->in_transaction;
  if (result->columns.empty() || lacks_names_) names_.reset();
  lacks_names_ = false;
  if (!result->columns.empty()) return print_rows(*result, interrupts);
  if (!world_.output.quiet) {
    const std::string count = result->affected < 0 ? "" : ", " + count_rows(static_cast<size_t>(result->affected));
    world_.terminal.write_line("OK" + count);
  }
  return kDone;
}

/// In pieces, so that what is too long to be looked at can be interrupted.
int Shell::print_rows(const sink::ResultSet& rows, Interrupts& interrupts) {
  constexpr size_t kPiece = 64 << 10;
  const std::string text = format_result(rows, format_);
  for (size_t at = 0; at < text.size(); at += kPiece) {
    if (interrupts.take()) return kFailed;
    if (!print_result(world_, std::string_view(text).substr(at, kPiece))) return kFailed;
  }
  return kDone;
}

int Shell::run_part(const SqlStatement& statement) {
  Interrupts interrupts;
  const auto code = run(statement.sql, interrupts, [&] { end_by_signal(interrupts.signal()); });
  const int ended = code ? *code : report_statement_error(world_, located(code.error(), statement));
  if (interrupts.signal() != 0) end_by_signal(interrupts.signal());
  return ended;
}

Error Shell::located(Error error, const SqlStatement& statement) const {
  const bool refused = !error.peer.empty() || error.kind == ErrorKind::refused;
  const bool names_line = refused && (from_file_ || statement.line > 1);
  if (names_line) error.message = fmt::format("line {}: {}", statement.line, error.message);
  return error;
}

int Shell::run_whole() {
  while (const auto statement = splitter_.next()) {
    if (const int code = run_part(*statement); code != kDone) return code;
  }
  return kDone;
}

int Shell::run_rest() {
  if (const int code = run_whole(); code != kDone) return code;
  const auto last = splitter_.rest();
  return last ? run_part(*last) : kDone;
}

int Shell::run_text(const std::string& text) {
  splitter_.feed(text);
  const int code = run_rest();
  splitter_.begin_anew();
  return code;
}

int Shell::run_standard_input() {
  from_file_ = true;
  std::array<char, 65536> buffer;
  ssize_t size = 0;
  bool first = true;
  while ((size = read(STDIN_FILENO, buffer.data(), buffer.size())) > 0) {
    const std::string_view piece(buffer.data(), static_cast<size_t>(size));
    if (first && looks_like_utf16(piece)) {
      return report_error(world_, {ErrorKind::refused, "standard input is UTF-16 text, expected UTF-8", "",
                                   "convert it: iconv -f UTF-16 -t UTF-8 FILE | ctk shell ..."});
    }
    first = false;
    splitter_.feed(piece);
    if (const int code = run_whole(); code != kDone) return code;
  }
  if (size < 0) {
    return report_error(world_, {ErrorKind::refused, "standard input cannot be read", std::strerror(errno), ""});
  }
  if (const int code = run_rest(); code != kDone) return code;
  return end_script();
}

int Shell::end_script() { return in_transaction_ ? report_error(world_, open_transaction_error()) : kDone; }

int Shell::run_prompt() {
  Interrupts interrupts;
  const int code = answer_lines(interrupts);
  if (interrupts.is_to_end()) end_by_signal(interrupts.signal());
  end_transaction(interrupts);
  return code;
}

/// A statement that failed may have ended it already (SQLite), or have left it to be rolled back (PostgreSQL).
void Shell::end_transaction(const Interrupts& interrupts) {
  if (!in_transaction_) return;
  const auto answer = session_.query_within(kPatience, "SELECT 1", interrupts);
  if (answer && !answer->in_transaction) return;
  world_.terminal.write_line("the transaction is rolled back: nothing of it is stored");
}

int Shell::answer_lines(Interrupts& interrupts) {
  Prompt prompt(world_.environment(), interrupts, [&](const std::string& word) { return offers(word, interrupts); });
  world_.terminal.write_line("SQL statements end with a semicolon; \\? lists what else there is, \\q or Ctrl-D leaves.");
  while (!interrupts.is_to_end()) {
    const PromptLine line = prompt.read_line(prompt_of(splitter_));
    if (line.kind == PromptLine::Kind::end) break;
    if (line.kind == PromptLine::Kind::dropped) {
      splitter_.drop();
      misread_ = false;
      print_result(world_, "^C\n");
    } else if (!answer_line(line, prompt, interrupts)) {
      return kDone;
    }
  }
  print_result(world_, "\n");
  return kDone;
}

bool Shell::answer_line(const PromptLine& typed, Prompt& prompt, Interrupts& interrupts) {
  const std::string& line = typed.text;
  const ShellWord word = read_shell_word(line);
  const bool at_code = splitter_.place() == SqlScanner::Place::code;
  const bool is_command = word.kind != ShellWord::Kind::none && at_code && line.starts_with('\\');
  if (is_command || (word.kind != ShellWord::Kind::none && !splitter_.pending())) {
    if (word.kind != ShellWord::Kind::leave) prompt.remember(line);
    return answer_word(word, interrupts);
  }
  splitter_.feed(line + "\n");
  misread_ = misread_ || !typed.is_whole;
  while (const auto statement = splitter_.next()) {
    if (misread_) {
      report_error(world_, misread_error());
      continue;
    }
    prompt.remember(statement->sql + ";");
    if (!run_for_person(statement->sql, interrupts)) splitter_.drop();
  }
  if (splitter_.pending()) return true;
  splitter_.drop();  // comments
  misread_ = false;
  return true;
}

bool Shell::answer_word(const ShellWord& word, Interrupts& interrupts) {
  using Kind = ShellWord::Kind;
  switch (word.kind) {
    case Kind::leave: return false;
    case Kind::help: print_result(world_, shell_help()); break;
    case Kind::tables: run_for_person(list_tables_sql(dialect_), interrupts); break;
    case Kind::describe: describe(word.argument, interrupts); break;
    case Kind::expand:
      format_ = format_ == ResultFormat::vertical ? ResultFormat::table : ResultFormat::vertical;
      world_.terminal.write_line(format_ == ResultFormat::vertical ? "a line a cell" : "a line a row");
      break;
    case Kind::unknown:
      report_error(world_,
                   {ErrorKind::usage, fmt::format("unknown command {}", word.argument), "", "\\? lists what there is"});
      break;
    case Kind::none: break;
  }
  return true;
}

void Shell::describe(const std::string& name, Interrupts& interrupts) {
  const auto table = resolve_table_name(name, session_.target());
  if (!table) {
    report_error(world_, table.error());
    return;
  }
  const std::string sql = describe_table_sql(dialect_, *table);
  const auto columns = session_.query(sql, interrupts, [] {});
  if (columns && columns->rows.empty()) {
    report_error(world_, {ErrorKind::not_found, fmt::format("there is no table {}", table->str()), "", "\\d lists them"});
  } else if (columns) {
    print_rows(*columns, interrupts);
  } else {
    report_statement_error(world_, columns.error());
  }
}

bool Shell::run_for_person(const std::string& sql, Interrupts& interrupts) {
  const auto code = run(sql, interrupts, [this] {
    world_.terminal.write_line("the database is being asked to stop the statement and has not answered yet");
  });
  if (!code) report_statement_error(world_, code.error());
  return code || code.error().kind != ErrorKind::stopped;
}

/// The names are asked for once, and again after what may have changed them; without them there are still SQL's words. A
/// question that fails would spoil a transaction.
std::vector<std::string> Shell::offers(const std::string& word, const Interrupts& interrupts) {
  const bool may_spoil = in_transaction_ && dialect_->sql.failure_spoils_transaction;
  if (!names_ && !may_spoil) {
    const auto found = session_.query_within(kPatience, list_names_sql(dialect_), interrupts);
    names_ = found ? names_to_offer(dialect_, *found) : std::vector<std::string>{};
    lacks_names_ = !found;
  }
  return completions(word, names_.value_or(std::vector<std::string>{}));
}

}  // namespace

int run_shell(const ShellCommand& command, World& world) {
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, session.error());
  Shell shell(**session, parse_result_format(command.format).value_or(ResultFormat::table), world);
  for (const std::string& text : command.statements) {
    if (const int code = shell.run_text(text); code != kDone) return code;
  }
  if (!command.statements.empty()) return shell.end_script();
  return isatty(STDIN_FILENO) != 0 ? shell.run_prompt() : shell.run_standard_input();
}

}  // namespace ctk::cli
