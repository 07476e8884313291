// Connection strings as ODBC has them: NAME=VALUE;NAME={VALUE};…, a `}` within braces doubled.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ctk::net {

using ConnectionParts = std::vector<std::pair<std::string, std::string>>;

/// In their order, values without their braces. What has no `=` is passed over.
ConnectionParts parse_connection(std::string_view text);
std::string to_connection(const ConnectionParts& parts);
/// The value of that name, in any case of letters; of several the first, as ODBC has it.
std::optional<std::string> connection_value(const ConnectionParts& parts, std::string_view name);

/// Whether what is named so is a secret: a password, a token, a secret key.
bool names_a_secret(std::string_view name);
/// The values of the parts that are secrets.
std::vector<std::string> secrets_of_connection(std::string_view text);
/// For people and logs: those values become `***`.
std::string redact_connection(std::string_view text);

}  // namespace ctk::net
