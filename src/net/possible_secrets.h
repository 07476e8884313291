// What could be a secret in a text that was meant for a URL and is written as none. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ctk::net {

/// Of "SCHEME:REST", whatever slashes stand or fail between the two: what stands between a colon and an `@`, also in values
/// of options; what stands behind a colon that no port follows, where there is no `@`; what follows `PWD=` and its like. As
/// it is written, and percent-decoded. Short ones come with the user before them and the `@` behind, so that they are no
/// part of ordinary words. A file's path (schemes file+…, sqlite, ndjson) may hold all these signs: of it the first
/// segment is looked at alone, and only for a colon and an `@`. A text of thousands of colons is not read to its end.
std::vector<std::string> possible_secrets(std::string_view text);

/// Of any text, such as "dsn;PWD=secret": the values of its members `NAME=` that are secrets by their name.
std::vector<std::string> possible_secrets_of_members(std::string_view text);

}  // namespace ctk::net
