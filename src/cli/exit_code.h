// What an end means to the shell that started us.
#pragma once

#include <string>

#include "base/error.h"

namespace ctk::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kGap = 3;
inline constexpr int kDeadLetters = 4;  ///< a bounded run finished, some changes are in the dead letters
inline constexpr int kDifferent = 5;    ///< verify found differences

inline constexpr int kFound = 5;  ///< a check has found a failure

int exit_code(ErrorKind kind);

/// "ctk: message: peer's words", and a second line for the hint. Ends with a line end.
std::string error_text(const Error& error);

/// The same without "ctk: ", for a message that begins with a place in a file.
std::string config_error_text(const Error& error);

/// The same for a statement that a database refused: the lines of its words stay lines, so that a caret under the second
/// points at what is meant. Of a lost connection there is nothing to point at.
std::string statement_error_text(const Error& error);

}  // namespace ctk::cli
