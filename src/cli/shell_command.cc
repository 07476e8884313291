// `ctk shell`: SQL from --command, standard input or a prompt.
#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "cli/exit_code.h"
#include "cli/prompt.h"
#include "cli/result_format.h"
#include "cli/run_commands.h"
#include "cli/statements.h"
#include "cli/target_session.h"

namespace ctk::cli {
namespace {

class Shell {
 public:
  Shell(TargetSession& session, ResultFormat format, World& world) : session_(session), format_(format), world_(world) {}

  /// Runs one statement and prints its rows; the exit code of its failure otherwise.
  int run(const std::string& sql) {
    const auto result = session_.query(sql);
    if (!result) return report_error(world_, result.error());
    if (!result->columns.empty()) return print_result(world_, format_result(*result, format_)) ? kDone : kFailed;
    if (!world_.output.quiet) {
      const std::string count = result->affected < 0 ? "" : ", " + count_rows(static_cast<size_t>(result->affected));
      world_.terminal.write_line("OK" + count);
    }
    return kDone;
  }

  /// Whole statements of what was fed; stops at the first failure.
  int run_all(StatementSplitter& splitter) {
    while (auto statement = splitter.next()) {
      if (const int code = run(*statement); code != kDone) return code;
    }
    return kDone;
  }

  int run_text(const std::string& text) {
    StatementSplitter splitter;
    splitter.feed(text);
    if (const int code = run_all(splitter); code != kDone) return code;
    const auto last = splitter.rest();
    return last ? run(*last) : kDone;
  }

  int run_standard_input();
  int run_prompt();

 private:
  TargetSession& session_;
  ResultFormat format_;
  World& world_;
};

int Shell::run_standard_input() {
  StatementSplitter splitter;
  std::array<char, 65536> buffer;
  ssize_t size = 0;
  while ((size = read(STDIN_FILENO, buffer.data(), buffer.size())) > 0) {
    splitter.feed({buffer.data(), static_cast<size_t>(size)});
    if (const int code = run_all(splitter); code != kDone) return code;
  }
  const auto last = splitter.rest();
  return last ? run(*last) : kDone;
}

int Shell::run_prompt() {
  Prompt prompt(world_.environment());
  world_.terminal.write_line("SQL statements end with a semicolon; \\q or Ctrl-D leaves.");
  StatementSplitter splitter;
  while (auto line = prompt.read_line(splitter.pending() ? "  -> " : "ctk> ")) {
    const bool leaves = *line == "\\q" || *line == "exit" || *line == "quit";
    if (leaves && !splitter.pending()) return kDone;
    splitter.feed(*line + "\n");
    while (auto statement = splitter.next()) {
      prompt.remember(*statement + ";");
      run(*statement);  // a person sees the error and goes on
    }
  }
  print_result(world_, "\n");
  return kDone;
}

}  // namespace

int run_shell(const ShellCommand& command, World& world) {
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, session.error());
  Shell shell(**session, parse_result_format(command.format).value_or(ResultFormat::table), world);
  for (const std::string& text : command.statements) {
    if (const int code = shell.run_text(text); code != kDone) return code;
  }
  if (!command.statements.empty()) return kDone;
  return isatty(STDIN_FILENO) != 0 ? shell.run_prompt() : shell.run_standard_input();
}

}  // namespace ctk::cli
