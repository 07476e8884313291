// What a relay asks of its source and its target, call by call, in the world's diary: what tells one behaviour of the
// engine from another. A change of its shape leaves the traces of all seeds as they are.
#pragma once

#include <memory>

#include "base/log.h"
#include "relay/relay.h"
#include "relay/snapshot_source.h"
#include "relay/source.h"
#include "sink/sink.h"

namespace ctk::simulation {

/// These pass everything on. `log` outlives them.
std::unique_ptr<relay::StreamSource> trace_calls(std::unique_ptr<relay::StreamSource> source, Log& log);
std::unique_ptr<relay::SnapshotSource> trace_calls(std::unique_ptr<relay::SnapshotSource> source, Log& log);
std::unique_ptr<sink::Sink> trace_calls(std::unique_ptr<sink::Sink> sink, Log& log);
void trace_counters(Log& log, const relay::RelayStats& stats);

}  // namespace ctk::simulation
