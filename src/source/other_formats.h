// What a file may be that is not read: told by its first bytes, and named with the command that turns it into what is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ctk::source {

/// As many bytes tell all but tar.
constexpr size_t kShortHead = 4;
/// As many tell tar.
constexpr size_t kTarHead = 512;

/// Whether a text that begins so may be a tar archive: there, a member's name stands first. JSON has no such beginning.
bool may_be_tar(std::string_view first);

/// `refused` where `first`, the beginning of a text, is that of an archive, of a binary format, or of UTF-16 or UTF-32.
/// `name` is the file's as errors show it; `packed_by` is the format that the text was found in ("gzip"), or empty.
Status check_other_formats(std::string_view first, const std::string& name, std::string_view packed_by);

/// Whether a name, plain or in the quotes of name_of(), has one of the endings.
bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings);

}  // namespace ctk::source
