// Lines from a person: libedit's line editing, with a history that outlives the program.
#pragma once

#include <optional>
#include <string>

#include "aws/credentials.h"

namespace ctk::cli {

/// One at a time, on the main thread.
class Prompt {
 public:
  /// The history lies in $XDG_STATE_HOME/ctk/history, else ~/.local/state/ctk/history; nowhere without a home.
  explicit Prompt(const aws::Environment& environment);
  ~Prompt();
  Prompt(const Prompt&) = delete;
  Prompt& operator=(const Prompt&) = delete;

  /// Nothing at the end of the input (Ctrl-D).
  std::optional<std::string> read_line(const char* prompt);
  void remember(const std::string& statement);

 private:
  std::string history_file_;
};

}  // namespace ctk::cli
