// A stream whose records are changes that hold them: what the engine reads where a stream is recorded.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "source/source.h"

namespace ctk::record {

/// Hands out at most `most` records, then nothing more, and calls `on_last` once, from within the answer that brings the
/// last one.
struct RecordLimit {
  std::optional<uint64_t> most;
  std::function<void()> on_last;
};

/// `stream` is one of Kinesis or DynamoDB Streams, and outlives it.
std::unique_ptr<source::StreamSource> make_recording_source(source::StreamSource& stream, RecordLimit limit);

}  // namespace ctk::record
