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

namespace {

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::string hint_line(const Error& error) { return error.hint.empty() ? "" : "  hint: " + one_line(error.hint) + "\n"; }

}  // namespace

std::string error_text(const Error& error) {
  return "ctk: " + to_string(Error{error.kind, error.message, error.peer, ""}) + "\n" + hint_line(error);
}

std::string statement_error_text(const Error& error) {
  if (error.kind == ErrorKind::unreachable) return error_text(error);
  const std::string message = to_string(Error{error.kind, error.message, "", ""});
  return "ctk: " + message + (error.peer.empty() ? "" : ": " + error.peer) + "\n" + hint_line(error);
}

}  // namespace ctk::cli
