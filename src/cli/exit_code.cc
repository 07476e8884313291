#include "cli/exit_code.h"

#include "cli/shown_text.h"

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

/// Words from outside do nothing to a terminal.
std::string hint_line(const Error& error) { return error.hint.empty() ? "" : "  hint: " + shown_line(error.hint) + "\n"; }

}  // namespace

std::string error_text(const Error& error) { return "ctk: " + config_error_text(error); }

std::string config_error_text(const Error& error) {
  return shown_line(to_string(Error{error.kind, error.message, error.peer, ""})) + "\n" + hint_line(error);
}

std::string statement_error_text(const Error& error) {
  if (error.kind == ErrorKind::unreachable) return error_text(error);
  const std::string message = shown_line(error.message);
  return "ctk: " + message + (error.peer.empty() ? "" : ": " + shown_lines(error.peer)) + "\n" + hint_line(error);
}

}  // namespace ctk::cli
