// Lines from a person: libedit's line editing, with a history that outlives the program.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "aws/environment.h"
#include "cli/interrupts.h"

namespace ctk::cli {

struct PromptLine {
  enum class Kind {
    text,
    dropped,  ///< Ctrl-C: what was typed does not count
    end,      ///< Ctrl-D, or a signal that ends the program
  };
  Kind kind = Kind::text;
  std::string text;
  bool is_whole = true;  ///< false: bytes that are no UTF-8 were typed, and U+FFFD stands in their place
};

/// One at a time, on the main thread.
class Prompt {
 public:
  /// What Tab may put in place of a word.
  using Completer = std::function<std::vector<std::string>(const std::string& word)>;

  /// The history lies in $XDG_STATE_HOME/ctk/history, else ~/.local/state/ctk/history; nowhere without a home.
  Prompt(const aws::Environment& environment, Interrupts& interrupts, Completer completer);
  ~Prompt();
  Prompt(const Prompt&) = delete;
  Prompt& operator=(const Prompt&) = delete;

  PromptLine read_line(const char* prompt);
  void remember(const std::string& statement);

 private:
  std::string history_file_;
};

}  // namespace ctk::cli
