// A `.env` file: variables for people who do not want to export them. Pure.
//
//   file  = { line "\n" }
//   line  = [ "export " ] NAME "=" value [ " #" comment ] | "#" comment | ""
//   value = 'verbatim' | "with \n \t \" \\ escapes" | bare, trimmed
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ctk::cli {

/// In the order of the file; lines that are no assignment are passed over.
std::vector<std::pair<std::string, std::string>> parse_dotenv(std::string_view text);

}  // namespace ctk::cli
