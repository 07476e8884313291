// The way of a batch: planned of what the shards have queued, decoded on the worker, routed (writing_route.cc), given to
// the target, and acknowledged.
#include "relay/writing.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "dynamodb/decode.h"
#include "relay/reason_tally.h"

namespace ctk::relay {
namespace {

/// A planned batch holds its records, their changes and their rows: about this many times the queued bytes.
constexpr size_t kPreparedFactor = 4;

/// Where writes are not fenced, nothing held for longer than half of the floor may still be sent; the other half is for its
/// way. Whoever gives a floor of next to nothing takes that on himself, and still wants it written.
Duration longest_hold(const SweepOptions& sweep) {
  return std::max<Duration>(sweep.unfenced_floor() / 2, std::chrono::seconds(30));
}

}  // namespace

Writing::Writing(Parts parts, WriteQueue::Rules rules)
    : parts_(parts),
      run_(parts.run),
      state_(parts.state),
      writes_(rules),
      decoder_(std::make_shared<dynamodb::Decoder>()) {}

void Writing::pump() {
  while (plan()) {
  }
  apply_ready();
}

/// What Life::with_backlog has, in the order of the shards' ids; their index is the place there.
std::vector<QueueView> Writing::queue_views() {
  std::erase_if(life().with_backlog, [](Shard* one) {
    one->has_backlog = one->queue.has_something();
    return !one->has_backlog;
  });
  std::ranges::sort(life().with_backlog, {}, [](const Shard* one) -> const ShardId& { return one->id; });
  std::vector<QueueView> views;
  views.reserve(life().with_backlog.size());
  for (const Shard* one : life().with_backlog) {
    const bool may_send = one->may_send && life().lineage.has_row(one->id);
    views.push_back({views.size(), one->queue.size(), one->queue.bytes(), one->queue.oldest(), one->progress.writes(),
                     may_send, one->queue.holds_end()});
  }
  return views;
}

/// Plans one batch if one is due. Returns whether it did.
bool Writing::plan() {
  if ((!state_.is_running() && state_.phase != RunState::Phase::stopping) || state_.is_dropping() || writes_.stops())
    return false;
  if (life().with_backlog.empty() && !writes_.has_dead_letters()) return false;
  if (!writes_.has_room()) return false;
  std::vector<QueueView> views = queue_views();
  // From the newest on: the oldest have long ended.
  const bool nothing_more_comes = std::ranges::all_of(std::views::reverse(life().shards),
                                                      [](const auto& entry) { return entry.second->reading.done(); });
  const bool flush = state_.phase == RunState::Phase::stopping || nothing_more_comes;
  const std::vector<Pick> picks = plan_batch(views, writes_.limits(), now(), flush);
  if (picks.empty() && !writes_.has_dead_letters()) {
    if (!views.empty() && lingering_ == 0) {
      lingering_ = run_.env.loop.after(writes_.rules().limits.age, state_.guarded([this] {
        lingering_ = 0;
        pump();
      }));
    }
    return false;
  }
  InFlightBatch& write = writes_.add(oldest_of(picks, views, now()));
  std::vector<Slice> slices;
  const std::vector<Shard*> by_index = life().with_backlog;
  for (const Pick& pick : picks) {
    slices.push_back(take_slice(*by_index[pick.index], pick.records, write));
    write.bytes += slices.back().queued_bytes;
  }
  parts_.budget.correct(write.bytes, write.bytes * kPreparedFactor);
  write.bytes *= kPreparedFactor;

  decode(write, std::move(slices));
  for (const Pick& pick : picks) parts_.owner.on_room(*by_index[pick.index]);
  return true;
}

void Writing::decode(InFlightBatch& write, std::vector<Slice> slices) {
  auto with_worker = std::make_shared<std::vector<Slice>>(std::move(slices));
  const bool old_images = run_.options.tables.deletes == table::Deletes::soft;
  const DecodeRules rules{run_.kind, old_images, run_.options.aggregates, run_.identity.traits.repeats_records};
  run_on(
      run_.env.worker, [decoder = decoder_, with_worker, rules] { return decode_slices(*with_worker, *decoder, rules); },
      state_.guarded([this, id = write.id, with_worker](DecodedBatch decoded) {
        on_decoded(id, std::move(*with_worker), std::move(decoded));
      }));
}

Slice Writing::take_slice(Shard& shard, size_t records, InFlightBatch& write) {
  Slice slice = shard.queue.take(records);
  shard.progress.add(write.id, slice);
  for (std::shared_ptr<SharedPage>& page : slice.pages) {
    if (!page->counted) page->counted = parts_.budget.hold(page->bytes);
    write.pages.push_back(std::move(page));
  }
  slice.pages.clear();
  return slice;
}

void Writing::on_decoded(uint64_t id, std::vector<Slice> slices, DecodedBatch decoded) {
  InFlightBatch* write = writes_.find(id);
  if (write == nullptr) return;
  write->take_decoded(std::move(slices), std::move(decoded));
  if (!run_.kind) run_.kind = write->decoded.kind;
  if (run_.options.on_error == OnError::stop) stop_at(*write, take_undecodable(*write, {&write->decoded.changes}));
  if (writes_.find(id) != nullptr) route(*write);
}

/// What was read so long ago may meet a row that was swept meanwhile. Nothing is swept beside a source that ends by itself,
/// nor in a target without tables.
bool Writing::held_too_long(const InFlightBatch& write) const {
  if (run_.positions_with_rows() || run_.identity.traits.bounded || !run_.sink.traits().holds_own_tables) return false;
  return now() - write.oldest > longest_hold(run_.options.sweep);
}

/// Those of a write that may not be sent: whoever has them now may be at work already.
std::vector<ShardId> Writing::not_to_be_written(const InFlightBatch& write) const {
  std::vector<ShardId> shards;
  if (!run_.is_shared()) return shards;
  for (const Slice& slice : write.slices) {
    if (!run_.positions.assignment.may_write(slice.shard)) shards.push_back(slice.shard);
  }
  return shards;
}

void Writing::apply_ready() {
  // What a run that fails could not route to its end must not be written: its position would pass what is missing of it.
  if (state_.is_over() || pausing_ != 0 || state_.is_dropping()) return;
  while (InFlightBatch* write = writes_.next()) {
    if (held_too_long(*write)) return parts_.owner.cannot_send("it was held for too long to be sent safely");
    if (const std::vector<ShardId> lost = not_to_be_written(*write); !lost.empty()) return parts_.owner.lost_shards(lost);
    apply(*write);
  }
}

void Writing::apply(InFlightBatch& write) {
  sink::Batch& batch = write.begin_applying();
  if (run_.positions_with_rows()) batch.moves = PositionKeeper::moves_of(write, life());
  if (batch.tables.empty() && batch.dead_letters.empty() && batch.moves.empty()) {
    run_.env.loop.post(state_.guarded([this, id = write.id] { on_applied(id, sink::BatchOutcome{}); }));
    return;
  }
  run_.sink.apply(std::get<InFlightBatch::Applying>(write.state).what.batch,
                  state_.guarded([this, id = write.id, begun = now()](Result<sink::BatchOutcome> result) {
                    if (Histogram* seconds = run_.env.write_seconds) seconds->observe(to_seconds(now() - begun));
                    on_applied(id, std::move(result));
                  }));
}

void Writing::on_applied(uint64_t id, Result<sink::BatchOutcome> result) {
  InFlightBatch* write = writes_.find(id);
  if (write == nullptr) return;
  if (!result) {
    write->failed();
    on_apply_error(result.error());
  } else if (!result->refused.empty()) {
    render_before(*write, std::move(result->refused));
  } else {
    parts_.course.report_working(Side::target);
    parts_.attempts.worked(!write->batch().tables.empty() || !write->batch().dead_letters.empty());
    for (auto& [name, renderer] : result->renderers) {
      if (Table* table = parts_.tables.find(name)) table->opened.renderer = std::move(renderer);
    }
    parts_.counters.add(*write, *result);
    report_dead_letters(*result);
    if (std::optional<Error> why = parts_.counters.nothing_is_taken(*result)) parts_.course.fail_run(std::move(*why));
    acknowledge(*write);
  }
  if (state_.ended() || stops_now()) return;
  parts_.owner.on_batch_answered();
}

/// A run that ends says at its end how many there were, and why. A gap has its own line.
void Writing::report_dead_letters(const sink::BatchOutcome& outcome) {
  const auto is_of_a_change = [](const sink::DeadLetter& letter) { return letter.kind != "gap"; };
  const auto one = std::ranges::find_if(outcome.dead_letters, is_of_a_change);
  if (run_.is_bounded() || one == outcome.dead_letters.end()) return;
  const auto came = std::ranges::count_if(outcome.dead_letters, is_of_a_change);
  const uint64_t count = letter_notice_.take(static_cast<uint64_t>(came), now());
  if (count == 0) return;
  run_.env.log.warn("what could not be applied was kept as a dead letter", {{"dead_letters", count},
                                                                            {"shard", one->shard},
                                                                            {"table", one->source_table},
                                                                            {"key", one->key},
                                                                            {"reason", shortened(one->reason)}});
}

void Writing::acknowledge(InFlightBatch& write) {
  if (state_.ended()) return;
  if (!write.batch().moves.empty()) parts_.keeper.still_held(now());
  const std::vector<coordination::PositionMove> ends =
      PositionKeeper::acknowledged(write, run_.positions_with_rows(), life());
  parts_.budget.release(writes_.remove(write.id));
  parts_.owner.acknowledged(ends);
}

void Writing::try_now() {
  if (pausing_ != 0) run_.env.loop.cancel(std::exchange(pausing_, 0));
  apply_ready();
}

void Writing::drop() { parts_.budget.release(writes_.clear()); }

void Writing::on_apply_error(const Error& error) {
  switch (error.kind) {
    case ErrorKind::fenced: return parts_.owner.fenced(error);
    case ErrorKind::internal:
    case ErrorKind::stopped:
    case ErrorKind::usage:
    case ErrorKind::mismatch: return parts_.course.fail_run(error);
    case ErrorKind::stale_epoch: return parts_.course.begin_next_life("the table's epoch was raised");
    default: break;
  }
  TargetStanding standing = parts_.attempts.failed(now());
  standing.opened = parts_.tables.any_opened_before();
  standing.stopping = state_.phase == RunState::Phase::stopping;
  standing.transactional = run_.is_transactional();
  standing.start_timeout = run_.options.deadlines.start_timeout;
  const Patience patience = after_failed_write(error.kind, standing);
  if (patience == Patience::give_up) return parts_.course.fail_run(error);
  if (patience == Patience::leave) {
    run_.env.log.warn("writing failed; " + std::string(run_.what_is_not_stored()), {{"error", to_string(error)}});
    return parts_.owner.leave();
  }
  // Opening it again decides what becomes of a table that was dropped. Positions in memory cannot begin again with it.
  if (patience == Patience::look_again && run_.positions_in_memory() && run_.is_transactional())
    return parts_.course.fail_run(error);
  if (patience == Patience::look_again) {
    parts_.attempts.looking_again(now());
    if (!run_.positions_in_memory()) return parts_.course.begin_next_life("a table is not there");
  }
  if (!parts_.course.report_outage(Side::target, error, "writing")) return;
  if (pausing_ != 0) return;
  pausing_ = run_.env.loop.after(parts_.attempts.pause(now(), run_.env.random), state_.guarded([this] {
    pausing_ = 0;
    apply_ready();
  }));
}

}  // namespace ctk::relay
