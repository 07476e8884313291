// Text as a terminal may show it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ctk::cli {

/// One line that does nothing but be shown: line ends, control characters, marks that turn the direction of writing and
/// bytes that are no UTF-8 become escapes.
std::string one_line(std::string_view text);

/// The same with its line ends as they are.
std::string many_lines(std::string_view text);

/// A person's or a program's message, whose tabs are blanks (PostgreSQL's point at nothing): its line ends become blanks,
/// or stay in shown_lines.
std::string shown_line(std::string_view text);
std::string shown_lines(std::string_view text);

/// Columns that such a line takes: two for wide characters, none for combining ones.
size_t shown_width(std::string_view line);

}  // namespace ctk::cli
