#include "cli/prompt.h"

#include <editline/readline.h>
#include <poll.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <filesystem>

namespace ctk::cli {
namespace {

constexpr int kHistoryLength = 1000;

std::string history_path(const aws::Environment& environment) {
  if (const auto state = environment.get("XDG_STATE_HOME")) return *state + "/ctk/history";
  return environment.home.empty() ? "" : environment.home + "/.local/state/ctk/history";
}

/// libedit calls plain functions, which know the prompt by this.
struct Editing {
  Interrupts* interrupts = nullptr;
  Prompt::Completer completer;
  std::vector<std::string> offers;
  bool dropped = false;
  volatile std::sig_atomic_t resized = 0;
  volatile std::sig_atomic_t continued = 0;
};
Editing editing;

extern "C" void on_resized(int) { editing.resized = 1; }
extern "C" void on_continued(int) { editing.continued = 1; }

/// What was noted while nothing could be done about it: the terminal has another size, or was another program's.
void repair_display() {
  if (editing.resized != 0) rl_resize_terminal();
  if (editing.continued != 0) {
    rl_prep_terminal(1);
    rl_forced_update_display();
  }
  editing.resized = 0;
  editing.continued = 0;
}

/// One character, as the wide one that libedit works with; -1 ends the line.
int read_character(std::FILE*) {
  std::mbstate_t state{};
  while (true) {
    pollfd ends[] = {{STDIN_FILENO, POLLIN, 0}, {editing.interrupts->descriptor(), POLLIN, 0}};
    const int ready = poll(ends, 2, -1);
    repair_display();
    if (ready < 0) continue;
    if (editing.interrupts->take()) {
      editing.dropped = true;
      return -1;
    }
    char byte = 0;
    if (read(STDIN_FILENO, &byte, 1) != 1) return -1;
    wchar_t wide = 0;
    const size_t used = std::mbrtowc(&wide, &byte, 1, &state);
    if (used == static_cast<size_t>(-2)) continue;
    return used == static_cast<size_t>(-1) ? '?' : static_cast<int>(wide);
  }
}

char* next_offer(const char*, int again) {
  static size_t next;
  if (again == 0) next = 0;
  return next < editing.offers.size() ? strdup(editing.offers[next++].c_str()) : nullptr;
}

char** offer(const char* word, int, int) {
  editing.offers = editing.completer(word);
  rl_attempted_completion_over = 1;  // no names of files
  return editing.offers.empty() ? nullptr : rl_completion_matches(word, next_offer);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigaction(signal, &action, nullptr);
}

}  // namespace

Prompt::Prompt(const aws::Environment& environment, Interrupts& interrupts, Completer completer)
    : history_file_(history_path(environment)) {
  editing.interrupts = &interrupts;
  editing.completer = std::move(completer);
  std::setlocale(LC_CTYPE, "");  // so that characters have their widths
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  static char name[] = "ctk";
  static char breaks[] = " \t\n,;()=<>+-*/.'";
  rl_readline_name = name;
  rl_catch_signals = 0;
  rl_getc_function = read_character;
  rl_attempted_completion_function = offer;
  rl_completer_word_break_characters = breaks;
  using_history();
  stifle_history(kHistoryLength);
  handle(SIGWINCH, on_resized);
  handle(SIGCONT, on_continued);
  if (history_file_.empty()) return;
  std::error_code failed;  // a history that cannot be kept is no reason to stop
  std::filesystem::create_directories(std::filesystem::path(history_file_).parent_path(), failed);
  read_history(history_file_.c_str());
}

Prompt::~Prompt() {
  handle(SIGWINCH, SIG_DFL);
  handle(SIGCONT, SIG_DFL);
  if (history_file_.empty()) return;
  write_history(history_file_.c_str());
  std::error_code failed;  // statements may hold passwords
  using std::filesystem::perms;
  std::filesystem::permissions(history_file_, perms::owner_read | perms::owner_write, failed);
}

PromptLine Prompt::read_line(const char* prompt) {
  editing.dropped = false;
  char* line = readline(prompt);
  if (line == nullptr) return {editing.dropped ? PromptLine::Kind::dropped : PromptLine::Kind::end, ""};
  PromptLine read{PromptLine::Kind::text, line};
  std::free(line);
  return read;
}

/// As it was typed: joined to one line, a `--` comment would swallow what follows it.
void Prompt::remember(const std::string& statement) { add_history(statement.c_str()); }

}  // namespace ctk::cli
