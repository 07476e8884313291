#include "cli/prompt.h"

#include <editline/readline.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace ctk::cli {
namespace {

constexpr int kHistoryLength = 1000;

std::string history_path(const aws::Environment& environment) {
  if (const auto state = environment.get("XDG_STATE_HOME")) return *state + "/ctk/history";
  return environment.home.empty() ? "" : environment.home + "/.local/state/ctk/history";
}

}  // namespace

Prompt::Prompt(const aws::Environment& environment) : history_file_(history_path(environment)) {
  static char name[] = "ctk";
  rl_readline_name = name;
  using_history();
  stifle_history(kHistoryLength);
  if (history_file_.empty()) return;
  std::error_code failed;  // a history that cannot be kept is no reason to stop
  std::filesystem::create_directories(std::filesystem::path(history_file_).parent_path(), failed);
  read_history(history_file_.c_str());
}

Prompt::~Prompt() {
  if (!history_file_.empty()) write_history(history_file_.c_str());
}

std::optional<std::string> Prompt::read_line(const char* prompt) {
  char* line = readline(prompt);
  if (line == nullptr) return std::nullopt;
  std::string text(line);
  std::free(line);
  return text;
}

void Prompt::remember(const std::string& statement) {
  std::string line = statement;
  std::ranges::replace(line, '\n', ' ');
  add_history(line.c_str());
}

}  // namespace ctk::cli
