#include "cli/exit_code.h"

#include <algorithm>

namespace ctk::cli {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return kUsage;
    case ErrorKind::gap:
    case ErrorKind::mismatch: return kGap;
    default: return kFailed;
  }
}

std::string error_text(const Error& error) {
  const std::string sentence = to_string(Error{error.kind, error.message, error.peer, ""});
  std::string hint = error.hint;
  std::ranges::replace(hint, '\n', ' ');
  return "ctk: " + sentence + "\n" + (hint.empty() ? "" : "  hint: " + hint + "\n");
}

}  // namespace ctk::cli
