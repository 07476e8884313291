#include "relay/patience.h"

namespace ctk::relay {
namespace {

/// A server that starts knows no tables for a while.
constexpr Duration kMissingTable = std::chrono::minutes(1);

}  // namespace

Patience after_failed_write(ErrorKind kind, const TargetStanding& standing) {
  const bool refuses = kind == ErrorKind::denied || kind == ErrorKind::refused;
  if (refuses && standing.written && standing.stopping) return Patience::leave;
  switch (kind) {
    case ErrorKind::denied: return standing.written ? Patience::wait : Patience::give_up;
    case ErrorKind::not_found:
      if (!standing.written && (!standing.opened || standing.looked)) return Patience::give_up;
      return standing.failing > kMissingTable ? Patience::look_again : Patience::wait;
    case ErrorKind::refused:
      if (standing.written) return Patience::wait;
      return !standing.transactional && standing.failing < standing.start_timeout ? Patience::wait : Patience::give_up;
    default: return Patience::wait;
  }
}

Patience after_failed_open(ErrorKind kind, const OpenStanding& standing) {
  if (may_pass(kind)) {
    return standing.starting && standing.failing >= standing.start_timeout ? Patience::give_up : Patience::wait;
  }
  const bool was_there = kind == ErrorKind::not_found || kind == ErrorKind::denied;
  return standing.opened_before && was_there ? Patience::wait : Patience::give_up;
}

}  // namespace ctk::relay
