// URLs as people type them on this command line.
//
//   SCHEME ":" [ "//" [ USER [ ":" PASSWORD ] "@" ] HOST { "," HOST } [ ":" PORT ] ] PATH [ "?" NAME "=" VALUE { "&" … } ]
//
// More tolerant than RFC 3986 where people paste secrets: a raw `/` or `+` in the password is accepted (the last `@` before
// the path's first `/` that follows it ends the user part). Percent-escapes are decoded in user, password, path and query.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/named.h"

namespace ctk::net {

struct Endpoint {
  std::string host;
  std::optional<int> port;
  bool operator==(const Endpoint&) const = default;
};

struct Url {
  std::string scheme;              ///< lower case, "kinesis+dynamodb+cdc"
  std::string user;                ///< decoded; empty if there is none
  std::optional<Secret> password;  ///< decoded
  std::vector<Endpoint> hosts;     ///< empty for `file:///x` and `sqlite:///x`; IPv6 without brackets
  std::string path;                ///< decoded, with its leading `/` where there is one
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order; a name without `=` has the value "true"

  std::optional<std::string> option(std::string_view name) const;
};

/// `usage` errors say what is wrong and never repeat the password.
Result<Url> parse_url(std::string_view text);

/// For people and logs: password, and query values whose name says secret, password or token, become `***`; so does the
/// user part of a source URL whose user is an access key's id only as far as its secret goes.
std::string redact_url(std::string_view text);

/// RFC 3986 unreserved characters stay, the rest becomes %XX; `keep_slash` for paths.
std::string percent_encode(std::string_view text, bool keep_slash = false);
std::string percent_decode(std::string_view text);

}  // namespace ctk::net
