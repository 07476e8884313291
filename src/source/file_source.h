// A file of recorded events as a StreamSource: JSON objects (record_reader.h); plain, gzip or zstd, told by its first
// bytes; `-` is standard input. One shard, always bounded. An error comes behind all that could be read before it, and then
// again.
#pragma once

#include <memory>
#include <string>

#include "base/event_loop.h"
#include "source/source.h"

namespace ctk::source {

/// Whether its bytes may be long in coming, and nobody knows how many there are: a pipe, a socket, a terminal.
bool may_wait(const std::string& path);

/// `reader` is a thread of its own: reading may block (standard input). It goes with the source.
std::unique_ptr<StreamSource> make_file_source(std::string path, std::unique_ptr<Executor> reader);

}  // namespace ctk::source
