// The one classifier of AWS's errors: code → kind, as a table.
#pragma once

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

/// `status` decides where the code is unknown: 5xx unreachable, 429 throttled, 401 and 403 denied, other 4xx refused.
ErrorKind classify_aws_error(std::string_view code, int status);

/// Reads an answer that is not 2xx: JSON with `__type` and `message` or `Message`, or an XML or text body of a proxy.
/// `action` is ours, for the message: "GetRecords".
Error aws_error(std::string_view action, int status, std::string_view body);

}  // namespace ctk::aws
