#include "cli/wired_recorder.h"

#include <utility>

#include "coordination/memory_store.h"
#include "record/recording_sink.h"
#include "record/recording_source.h"

namespace ctk::cli {

Result<std::unique_ptr<WiredRecorder>> WiredRecorder::make(const LoadPlan& plan, const std::string& file,
                                                           const RecordingEnd& end, World& world, EventLoop& loop,
                                                           Log& log) {
  auto source = WiredSource::make(plan.source, world, loop);
  if (!source) return forward_error(std::move(source));
  return std::unique_ptr<WiredRecorder>(new WiredRecorder(std::move(*source), plan, file, end, world, loop, log));
}

WiredRecorder::WiredRecorder(std::unique_ptr<WiredSource> source, const LoadPlan& plan, const std::string& file,
                             const RecordingEnd& end, World& world, EventLoop& loop, Log& log)
    : source_(std::move(source)),
      records_(record::make_recording_source(
          *source_->sources().stream,
          {end.records, [this, &loop] { loop.post(lifeline_.guard([this] { relay_.stop(); })); }})),
      sink_(record::make_recording_sink(file, sink_environment(world, loop))),
      positions_in_memory_(coordination::make_memory_store(loop, world.clock)),
      worker_(loop, "ctk-worker"),
      relay_(plan.relay, {records_.get(), nullptr}, *sink_,
             plan.positions_in_memory ? relay::Positions{*positions_in_memory_, relay::Positions::Kept::in_memory}
                                      : relay::positions_of(*sink_),
             {loop, world.clock, world.random, log, worker_, nullptr}) {
  if (!end.time) return;
  loop.post(
      lifeline_.guard([this, &loop, time = *end.time] { loop.after(time, lifeline_.guard([this] { relay_.stop(); })); }));
}

}  // namespace ctk::cli
