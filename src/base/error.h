// Errors are values: a kind that decides what happens next, our words, the peer's words, and a hint.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace ctk {

/// What kind of failure this is. The kind alone decides retry, parking and exit codes; no caller reads the texts.
enum class ErrorKind {
  usage,        ///< the user's words are wrong: exit 2, nothing was touched
  unreachable,  ///< no answer, refused connection, time-out, 5xx: worth another try
  throttled,    ///< the peer asks us to slow down: worth another try, later
  denied,       ///< wrong credentials or missing rights
  not_found,    ///< the stream, shard, file, table or row is not there
  expired,      ///< an iterator or a token that was good before
  skewed,       ///< our clock is too far from the peer's
  gap,          ///< the source no longer has what we need: exit 3 unless a policy says otherwise
  mismatch,     ///< stored state belongs to another incarnation or kind: exit 3
  fenced,       ///< another worker has taken over what we were writing
  stale_epoch,  ///< the table's epoch was raised: drop what is held and read again
  refused,      ///< the peer refuses this one input for itself (a row, a statement)
  too_large,    ///< the answer would be longer than we have room for: ask for less
  corrupt,      ///< bytes that cannot be what they claim to be
  stopped,      ///< we were asked to stop
  internal,     ///< a broken promise between two parts of this program
};

/// A failure. `peer` holds the other side's words verbatim: it may contain user data, so it is kept apart from ours.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  ///< our sentence, without a final full stop
  std::string peer;     ///< what the server, library or system said; may be empty
  std::string hint;     ///< what the user can do next; may be empty

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// Makes the unexpected branch of any Result.
inline std::unexpected<Error> fail(ErrorKind kind, std::string message, std::string peer = {}, std::string hint = {}) {
  return std::unexpected<Error>(Error{kind, std::move(message), std::move(peer), std::move(hint)});
}

/// Hands an error of one Result on as the error of another.
template <class T>
std::unexpected<Error> forward_error(Result<T>&& result) {
  return std::unexpected<Error>(std::move(result).error());
}

/// Whether another try alone may mend it: nobody answers, or we are asked to slow down.
constexpr bool may_pass(ErrorKind kind) { return kind == ErrorKind::unreachable || kind == ErrorKind::throttled; }

/// The name of a kind, as logs and JSON show it ("not_found").
std::string to_string(ErrorKind kind);

/// "message: peer (hint)", on one line.
std::string to_string(const Error& error);

}  // namespace ctk
