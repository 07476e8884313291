// What a relay asks of its source and its target, call by call, in the world's diary: what tells one behaviour of the
// engine from another. A change of its shape leaves the traces of all seeds as they are.
#pragma once

#include <memory>

#include "base/log.h"
#include "relay/relay.h"
#include "sink/sink.h"
#include "source/snapshot_source.h"
#include "source/source.h"

namespace ctk::simulation {

/// These pass everything on. `log` outlives them.
std::unique_ptr<source::StreamSource> trace_calls(std::unique_ptr<source::StreamSource> source, Log& log);
std::unique_ptr<source::SnapshotSource> trace_calls(std::unique_ptr<source::SnapshotSource> source, Log& log);
std::unique_ptr<sink::Sink> trace_calls(std::unique_ptr<sink::Sink> sink, Log& log);
void trace_counters(Log& log, const relay::RelayStats& stats);

}  // namespace ctk::simulation
