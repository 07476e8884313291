// Small files that a user names, read as a whole and never without a bound.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace ctk {

/// What a file holds, a pipe or a device too: of these until their end. An error says why not, as the end of a sentence:
/// "it is no file", "it holds more than 10 bytes".
Result<std::string> read_small_file(const std::string& path, size_t most_bytes);

/// Likewise, of a regular file or a link to one; "it is no regular file" of a pipe or a device, which are not waited for.
Result<std::string> read_small_regular_file(const std::string& path, size_t most_bytes);

}  // namespace ctk
