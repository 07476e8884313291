// A recording as a target: the lines that changes hold, and the positions with them.
#pragma once

#include <memory>
#include <string>

#include "sink/sink.h"
#include "sink/target_options.h"

namespace ctk::record {

/// `path` "-" is standard output, where positions do not last.
std::unique_ptr<sink::Sink> make_recording_sink(const std::string& path, const sink::SinkEnvironment& environment);

}  // namespace ctk::record
