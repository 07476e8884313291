// Completion scripts and the manual page, made from the tables of commands and options. Pure.
#pragma once

#include <string>

namespace ctk::cli {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

/// The manual page as troff source (man macros).
std::string manual_page();

}  // namespace ctk::cli
