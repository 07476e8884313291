// A file of recorded events as a Source: one JSON object a line; plain, gzip or zstd, told by its first bytes; `-` is
// standard input. One shard, always bounded.
#pragma once

#include <memory>
#include <string>

#include "base/event_loop.h"
#include "relay/source.h"

namespace ctk::relay {

/// `reader` is a thread of its own: reading may block (standard input).
std::unique_ptr<Source> make_file_source(std::string path, Executor& reader);

}  // namespace ctk::relay
