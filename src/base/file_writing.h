// Files of ours, written so that a crash leaves the one before or the one after.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/error.h"

namespace ctk {

/// What `errno` says of a file; `doing` is "write to", "open". `stopped` where nobody reads any more or the process may
/// write no more; `unreachable` where it may go later.
std::unexpected<Error> file_error(const std::string& doing, const std::string& name);

/// Not every file system can: then what was written is as durable as it gets.
bool made_durable(int file);

/// `name` is for errors.
Status write_all(int file, std::string_view text, const std::string& name);

/// A file's content gives way to another as a whole: it is written beside it, made durable and renamed. `mode` is a new
/// file's, less the process's umask.
Status replace_file(const std::string& path, std::string_view content, mode_t mode);

}  // namespace ctk
