#include "base/error.h"

namespace ctk {

std::string to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return "usage";
    case ErrorKind::unreachable: return "unreachable";
    case ErrorKind::throttled: return "throttled";
    case ErrorKind::denied: return "denied";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::expired: return "expired";
    case ErrorKind::skewed: return "skewed";
    case ErrorKind::gap: return "gap";
    case ErrorKind::mismatch: return "mismatch";
    case ErrorKind::fenced: return "fenced";
    case ErrorKind::stale_epoch: return "stale_epoch";
    case ErrorKind::refused: return "refused";
    case ErrorKind::too_large: return "too_large";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::stopped: return "stopped";
    case ErrorKind::internal: return "internal";
  }
  return "unknown";
}

std::string to_string(const Error& error) {
  std::string text = error.message;
  if (!error.peer.empty()) text += ": " + error.peer;
  if (!error.hint.empty()) text += " (" + error.hint + ")";
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace ctk
