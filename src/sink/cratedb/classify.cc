#include "sink/cratedb/classify.h"

#include <fmt/format.h>

#include <array>

namespace ctk::sink::cratedb {
namespace {

/// Zero and "" match anything; the first row that matches decides.
struct Rule {
  int status;
  int code;
  std::string_view exception;
  Action action;
};

// CrateDB reference, "HTTP endpoint: error codes"; the exceptions under 5000 as servers 6.2 to 6.4 send them.
constexpr std::array kRules = {
    Rule{429, 0, "", Action::send_less},
    Rule{0, 5000, "CircuitBreakingException", Action::send_less},
    Rule{0, 5000, "EsRejectedExecutionException", Action::send_less},
    Rule{0, 5000, "ClassCastException", Action::refuse},
    Rule{0, 5000, "UncheckedIOException", Action::refuse},
    Rule{0, 4043, "", Action::relearn},
    Rule{0, 4041, "", Action::wait_table},
    Rule{0, 4045, "", Action::wait_table},
    Rule{0, 4046, "", Action::wait_table},
    Rule{0, 4007, "", Action::blocked},
    Rule{0, 4030, "", Action::blocked},
    Rule{0, 4031, "", Action::blocked},
    Rule{0, 4032, "", Action::blocked},
    Rule{0, 4033, "", Action::blocked},
    Rule{0, 4034, "", Action::blocked},
    Rule{0, 4035, "", Action::blocked},
    Rule{0, 4036, "", Action::blocked},
    Rule{0, 4037, "", Action::blocked},
    Rule{0, 4010, "", Action::deny},
    Rule{0, 4011, "", Action::deny},
    Rule{401, 0, "", Action::deny},
    Rule{403, 0, "", Action::deny},
    Rule{0, 4091, "", Action::exists},
    Rule{0, 4093, "", Action::exists},
    Rule{0, 4097, "", Action::exists},
    Rule{0, 40910, "", Action::exists},
    Rule{0, 4092, "", Action::lost_race},
    Rule{0, 40411, "", Action::row_is_gone},
    Rule{0, 5001, "", Action::wait},
    Rule{0, 5002, "", Action::wait},
    Rule{0, 5003, "", Action::wait},
    Rule{0, 5005, "", Action::wait},
    Rule{0, 5030, "", Action::wait},
    Rule{0, 5031, "", Action::wait},
    Rule{0, 5032, "", Action::wait},
    Rule{0, 5033, "", Action::wait},
    Rule{0, 5034, "", Action::wait},
    Rule{0, 5035, "", Action::wait},
    Rule{503, 0, "", Action::wait},
    // What is left of 5000 in a row (status 0) is a value that the server chokes on, and refused like any other.
    Rule{500, 5000, "", Action::isolate},
    Rule{500, 0, "", Action::wait},
};

/// What lies between us and the server has statuses and pages of its own, and may cut an answer off: nothing of that is
/// said of a row or a statement, and it passes. The server's outer layers say without a code only that a request is too
/// large (halve it), and that they want another password.
Action action_for_foreign(const ServerError& error) {
  if (error.challenge) return Action::deny;
  if (error.status == 413) return Action::refuse;
  return error.status == 429 ? Action::send_less : Action::wait;
}

bool matches(const Rule& rule, const ServerError& error) {
  return (rule.status == 0 || rule.status == error.status) && (rule.code == 0 || rule.code == error.code) &&
         (rule.exception.empty() || rule.exception == error.exception);
}

ErrorKind kind_for(Action action) {
  switch (action) {
    case Action::wait:
    case Action::isolate:
    case Action::lost_race: return ErrorKind::unreachable;
    case Action::send_less: return ErrorKind::throttled;
    case Action::wait_table: return ErrorKind::not_found;
    case Action::deny: return ErrorKind::denied;
    case Action::refuse:
    case Action::relearn:
    case Action::blocked:
    case Action::exists:
    case Action::row_is_gone: break;
  }
  return ErrorKind::refused;
}

std::string_view hint_for(Action action) {
  switch (action) {
    case Action::wait_table:
      return "CrateDB says so also while a node starts, and where the user has no rights on the schema";
    case Action::blocked: return "the table or the node does not take writes: closed, read-only, or its disk is full";
    case Action::send_less: return "the server is short of memory or threads";
    case Action::deny: return "check the user, the password, and GRANT DDL, DML, DQL ON SCHEMA …";
    default: return "";
  }
}

}  // namespace

Action action_for(const ServerError& error) {
  if (error.is_foreign()) return action_for_foreign(error);
  for (const Rule& rule : kRules) {
    if (matches(rule, error)) return rule.action;
  }
  return Action::refuse;
}

bool breaks_a_constraint(const ServerError& error) {
  return error.message.contains("Failed CONSTRAINT ") || error.message.contains(" must not be null");
}

Error to_error(const ServerError& error, const std::string& doing) {
  const Action action = action_for(error);
  if (error.is_foreign() && action == Action::wait) {
    return {ErrorKind::unreachable, fmt::format("{} while {}", kForeignAnswer, doing), error.message,
            std::string(kForeignHint)};
  }
  return {kind_for(action), "CrateDB failed " + doing, error.message, std::string(hint_for(action))};
}

}  // namespace ctk::sink::cratedb
