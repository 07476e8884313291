// What a file is, told by its first bytes: plain text, or gzip or zstd around it.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "source/byte_stream.h"

namespace ctk::source {

/// The text in `raw`, decompressed if its first bytes say that it is gzip or zstd: any number of members or frames one
/// behind the other, skippable frames among them, zeros behind the last gzip member (as `gzip -t` has it). Where `raw` can
/// be rewound, what is packed is unpacked once before, for its checksums alone: `corrupt` at once where a member or frame
/// is damaged. Else, and of one that only ends too early, whatever can be unpacked is given before an error is; then
/// `corrupt`, with the offset in the file. `refused` for other archives, and for UTF-16 and UTF-32. `name` is the file's as
/// errors show it: "file 'x.gz'".
Result<std::unique_ptr<ByteStream>> decompress(std::unique_ptr<ByteStream> raw, const std::string& name);

}  // namespace ctk::source
