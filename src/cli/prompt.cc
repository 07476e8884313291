#include "cli/prompt.h"

#include <editline/readline.h>
#include <langinfo.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <filesystem>

namespace ctk::cli {
namespace {

constexpr int kHistoryLength = 1000;
constexpr wchar_t kReplacement = L'\ufffd';

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
  bool replaced = false;  ///< something that was typed
  int stirred = -1;       ///< readable after a signal that concerns the display, which may have come to any thread
  std::atomic<bool> resized = false;
  std::atomic<bool> continued = false;
};
Editing editing;

extern "C" void on_display_signal(int signal) {
  const int saved = errno;
  (signal == SIGWINCH ? editing.resized : editing.continued) = true;
  eventfd_write(editing.stirred, 1);
  errno = saved;
}

/// The terminal has another size, or was another program's meanwhile.
void repair_display() {
  eventfd_t count = 0;
  eventfd_read(editing.stirred, &count);
  if (editing.resized.exchange(false)) rl_resize_terminal();
  if (editing.continued.exchange(false)) {
    rl_deprep_terminal();  // libedit does not know that its modes are gone
    rl_prep_terminal(1);
    rl_forced_update_display();
  }
}

/// One character, as the wide one that libedit works with; -1 ends the line.
int read_character(std::FILE*) {
  std::mbstate_t state{};
  while (true) {
    pollfd ends[] = {
        {STDIN_FILENO, POLLIN, 0}, {editing.interrupts->descriptor(), POLLIN, 0}, {editing.stirred, POLLIN, 0}};
    const int ready = poll(ends, 3, -1);
    repair_display();
    if (ready < 0) continue;
    if (editing.interrupts->take()) {
      editing.dropped = !editing.interrupts->is_to_end();
      return -1;
    }
    if (ends[0].revents == 0) continue;
    char byte = 0;
    if (read(STDIN_FILENO, &byte, 1) != 1) return -1;
    wchar_t wide = 0;
    const size_t used = std::mbrtowc(&wide, &byte, 1, &state);
    if (used == static_cast<size_t>(-2)) continue;
    if (used != static_cast<size_t>(-1)) return static_cast<int>(wide);
    editing.replaced = true;
    return kReplacement;
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
  if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
  static char name[] = "ctk";
  static char breaks[] = " \t\n,;()=<>+-*/.'";
  rl_readline_name = name;
  rl_catch_signals = 0;
  rl_getc_function = read_character;
  rl_attempted_completion_function = offer;
  rl_completer_word_break_characters = breaks;
  using_history();
  stifle_history(kHistoryLength);
  editing.stirred = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  handle(SIGWINCH, on_display_signal);
  handle(SIGCONT, on_display_signal);
  if (history_file_.empty()) return;
  std::error_code failed;  // a history that cannot be kept is no reason to stop
  std::filesystem::create_directories(std::filesystem::path(history_file_).parent_path(), failed);
  read_history(history_file_.c_str());
}

Prompt::~Prompt() {
  handle(SIGWINCH, SIG_DFL);
  handle(SIGCONT, SIG_DFL);
  close(editing.stirred);
  if (history_file_.empty()) return;
  write_history(history_file_.c_str());
  std::error_code failed;  // statements may hold passwords
  using std::filesystem::perms;
  std::filesystem::permissions(history_file_, perms::owner_read | perms::owner_write, failed);
}

PromptLine Prompt::read_line(const char* prompt) {
  editing.dropped = false;
  editing.replaced = false;
  char* line = readline(prompt);
  if (line == nullptr) return {editing.dropped ? PromptLine::Kind::dropped : PromptLine::Kind::end, ""};
  PromptLine read{PromptLine::Kind::text, line};
  read.is_whole = !editing.replaced || !read.text.contains("\ufffd");  // it may have been wiped out again
  std::free(line);
  return read;
}

/// As it was typed: joined to one line, a `--` comment would swallow what follows it.
void Prompt::remember(const std::string& statement) { add_history(statement.c_str()); }

}  // namespace ctk::cli
