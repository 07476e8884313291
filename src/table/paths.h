// Attribute paths as people write them.
//
//   list   = path {"," path}
//   path   = name {"." name}
//   rename = path ":" name
//   name   = bare | '"' {any character, '"' doubled} '"'      (bare: at least one character, none of . , : = ")
//
// Bare names of a list and of `type.PATH` may hold `:` and `=` too, since nothing else is meant there.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "table/learned_types.h"

namespace ctk::table {

/// Names from the top. `usage` where the text is no path.
Result<Path> parse_path(std::string_view text);

/// The path as its text, names quoted where they must be.
std::string path_text(const Path& path);

}  // namespace ctk::table
