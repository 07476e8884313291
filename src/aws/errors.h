// The one classifier of AWS's errors: code → kind, as a table.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ctk::aws {

/// One row of the table: what a service's error code means to us, and why.
struct ErrorRule {
  std::string_view code;  ///< as in `__type`, without the part before `#`
  ErrorKind kind;
  std::string_view reason;
};

/// The whole table.
std::span<const ErrorRule> error_rules();

/// `status` decides where the code is unknown: 5xx unreachable, 429 throttled, 401 and 403 denied, other 4xx refused.
ErrorKind classify_aws_error(std::string_view code, int status);

/// What an answer that is not 2xx says.
struct ErrorAnswer {
  std::string code;     ///< "ResourceNotFoundException"; empty where the answer names none
  std::string message;  ///< the service's words, or the beginning of a body that is not the service's
};
ErrorAnswer read_error_answer(std::string_view body);

/// The kind of an answer: by its code, and by its message where one code stands for several things (a signature that is
/// wrong or only too old; an argument that is wrong or an iterator that has expired).
ErrorKind classify_error_answer(const ErrorAnswer& answer, int status);

/// Whether it is the credentials that have expired, and not an iterator.
bool is_token_expired(const ErrorAnswer& answer);

/// Whether the access key is not known there: a wrong one, or one that has been replaced.
bool is_key_unknown(const ErrorAnswer& answer);

/// Reads an answer that is not 2xx: JSON or CBOR with `__type` and `message` or `Message`, or an XML or text body of a
/// proxy. `action` is ours, for the message: "GetRecords"; `about` may say of what: " of stream 'cdc'".
Error aws_error(std::string_view action, int status, std::string_view body, std::string_view about = {});

}  // namespace ctk::aws
