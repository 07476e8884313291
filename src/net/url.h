// URLs as people type them on this command line.
//
//   SCHEME ":" [ "//" [ USER [ ":" PASSWORD ] "@" ] [ HOST [ ":" PORT ] { "," HOST [ ":" PORT ] } ] ] PATH
//     [ "?" NAME [ "=" VALUE ] { "&" NAME [ "=" VALUE ] } ]
//
// More tolerant than RFC 3986 where people paste secrets: a raw `/`, `+`, `?` or `#` in the password is accepted. The last
// `@` before the path's first `/` that follows it ends the user part, so an `@` in a password that also holds a `/`, or in
// a path, is written as %40. Percent-escapes are decoded in user, password, host, path and query; what is no escape stays
// as it is, and so does `+`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
  std::vector<Endpoint> hosts;     ///< empty for `file:///x` and `postgresql://u@/x`; IPv6 without brackets
  std::string path;                ///< decoded, with its leading `/` where there is one
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order; a name without `=` has the value "true"

  /// The value of that name; of several the last.
  std::optional<std::string> option(std::string_view name) const;
};

/// `usage` errors say what is wrong and never repeat the password.
Result<Url> parse_url(std::string_view text);

/// For people and logs: password, and query values whose name says secret, password or token, become `***`. The user stays,
/// an access key's id too. Also for texts that parse_url refuses: what could be a secret is hidden.
std::string redact_url(std::string_view text);

/// "localhost", 127.0.0.0/8, "::1"; without brackets or port.
bool is_loopback(std::string_view host);

/// RFC 3986 unreserved characters stay, the rest becomes %XX; `keep_slash` for paths.
std::string percent_encode(std::string_view text, bool keep_slash = false);
std::string percent_decode(std::string_view text);

}  // namespace ctk::net
