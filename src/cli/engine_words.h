// What commands that another engine starts (kcl-processor, lambda) have of their words in the environment: CTK_TARGET and
// CTK_OPTIONS. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/environment.h"
#include "base/error.h"

namespace ctk::cli {

/// Words as a POSIX shell splits a line, without its expansions: blanks and line ends between them, '…' verbatim, "…" in
/// which \" \\ \$ and \` stand for the second, and a backslash before any character outside of both. `usage` where a quote
/// is not closed.
Result<std::vector<std::string>> split_words(std::string_view line);

/// AWS Lambda starts its function under the name `bootstrap`, without words, its emulator with the handler's name
/// (_HANDLER): then they are those of `ctk lambda`.
std::vector<std::string> words_of_program(std::string_view program, std::vector<std::string> words,
                                          const aws::Environment& environment);

/// The words with those of the environment before them, so that the command line's own win. Other commands' stay as they
/// are.
Result<std::vector<std::string>> with_engine_words(const std::vector<std::string>& words,
                                                   const aws::Environment& environment);

}  // namespace ctk::cli
