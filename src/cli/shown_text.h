// Text as a terminal may show it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ctk::cli {

/// One line that does nothing but be shown: line ends, control characters, marks that turn the direction of writing and
/// bytes that are no UTF-8 become escapes.
std::string one_line(std::string_view text);

/// Columns that such a line takes: two for wide characters, none for combining ones.
size_t shown_width(std::string_view line);

}  // namespace ctk::cli
