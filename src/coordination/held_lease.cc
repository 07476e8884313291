#include "coordination/held_lease.h"

#include <algorithm>
#include <utility>

namespace ctk::coordination {

HeldLease::HeldLease(const LeaseSettings& settings, Lease row, Duration sent, Duration now, bool forced)
    : settings_(&settings),
      row_(std::move(row)),
      fence_(row_.counter),
      phase_(forced ? Phase::settling : Phase::held),
      renewed_(sent),
      ready_at_(settings.expiry(now)) {}

uint64_t HeldLease::store(LeaseProgress progress, const std::set<aws::ShardId>& children_without_row) {
  ++storing_.asked;
  const LeaseProgress reached =
      storing_.waiting ? *storing_.waiting : LeaseProgress{row_.checkpoint, row_.own, row_.children};
  if (progress.checkpoint < reached.checkpoint) {
    progress.checkpoint = reached.checkpoint;
    progress.own.position = reached.own.position;
  }
  // What was read up to a moment stays read.
  progress.own.read_to = std::max(progress.own.read_to, reached.own.read_to);
  if (progress.children.empty()) progress.children = reached.children;
  storing_.waiting = std::move(progress);
  storing_.children_without_row = children_without_row;
  return storing_.asked;
}

bool HeldLease::is_new() {
  const bool usable = phase_ == Phase::held || phase_ == Phase::asked;
  return usable && !std::exchange(reported_gained_, true);
}

bool HeldLease::is_newly_asked_for() { return phase_ == Phase::asked && !std::exchange(reported_asked_, true); }

std::optional<uint64_t> HeldLease::newly_stored() {
  if (storing_.reported == storing_.stored) return std::nullopt;
  storing_.reported = storing_.stored;
  return storing_.stored;
}

void HeldLease::let_go() {
  if (phase_ != Phase::gone) phase_ = Phase::leaving;
}

void HeldLease::finish(End end) {
  phase_ = Phase::gone;
  end_ = end;
}

void HeldLease::advance(Duration now) {
  if (phase_ == Phase::gone) return;
  if (now >= fence_until()) return finish(End::expired);
  if (phase_ == Phase::settling && now >= ready_at_) phase_ = row_.handed_over() ? Phase::asked : Phase::held;
}

Duration HeldLease::progress_due() const {
  if (!storing_.waiting || !storing_.children_without_row.empty()) return Duration::max();
  const bool at_once = phase_ == Phase::leaving || storing_.waiting->checkpoint.ended();
  return at_once ? Duration::min() : storing_.last_time + settings_->checkpoint_every;
}

std::optional<HoldLease> HeldLease::next_write(Duration now, std::optional<double> throughput) {
  if (phase_ == Phase::gone || write_ || now < next_try_) return std::nullopt;
  // Who was asked and does not let go is stuck: its time runs out.
  const bool stores = now >= progress_due() && !is_stuck(now);
  const bool renews = now >= renewed_ + settings_->renew_every() && !is_stuck(now);
  const bool leaves = phase_ == Phase::leaving && storing_.children_without_row.empty();
  if (!stores && !renews && !leaves) return std::nullopt;
  HoldLease write{.shard = row_.shard, .counter = row_.counter, .worker = settings_->worker};
  if (row_.handed_over()) write.asked_by = row_.owner;
  if (leaves) write.after = row_.handed_over() ? LeaseAfter::handed_over : LeaseAfter::released;
  if (stores) write.progress = storing_.waiting;
  if (!row_.throughput) write.throughput = throughput;
  storing_.writing = stores ? storing_.asked : storing_.stored;
  write_ = write;
  return write;
}

bool HeldLease::wants_row(Duration now) {
  if (phase_ == Phase::gone || !in_doubt_ || reading_row_ || now < next_try_) return false;
  reading_row_ = true;
  return true;
}

Duration HeldLease::due() const {
  if (phase_ == Phase::gone) return Duration::max();
  Duration due = fence_until();
  if (phase_ == Phase::settling) due = std::min(due, ready_at_);
  if (in_doubt_ && !reading_row_) return std::min(due, next_try_);
  if (write_) return due;
  const bool leaves = phase_ == Phase::leaving && storing_.children_without_row.empty();
  const Duration write = leaves ? Duration::min() : std::min(progress_due(), renewed_ + settings_->renew_every());
  return is_stuck(write) ? due : std::min(due, std::max(write, next_try_));
}

void HeldLease::answered(const HoldLease& write, const LeaseWriteAnswer& answer, Duration sent, Duration now) {
  if (phase_ == Phase::gone || in_doubt_ || !is_in_flight(write)) return;
  const Duration first = std::min(first_sent_.value_or(sent), sent);
  switch (answer.kind) {
    case LeaseWriteAnswer::Kind::applied: return applied(sent, now);
    case LeaseWriteAnswer::Kind::refused: return keep_trying(now);
    case LeaseWriteAnswer::Kind::conflict:
      if (answer.row) return settle(judge(*write_, answer.row), answer.row, first, now);
      break;
    case LeaseWriteAnswer::Kind::unknown: break;
  }
  first_sent_ = first;
  in_doubt_ = true;
  next_try_ = now;
}

void HeldLease::row_read(const std::optional<Lease>& row, Duration now) {
  reading_row_ = false;
  if (phase_ == Phase::gone || !in_doubt_ || !write_) return;
  in_doubt_ = false;
  settle(judge(*write_, row), row, first_sent_.value_or(now), now);
}

void HeldLease::row_not_read(Duration now) {
  reading_row_ = false;
  next_try_ = now + settings_->retry_after();
}

void HeldLease::settle(WriteVerdict verdict, const std::optional<Lease>& row, Duration sent, Duration now) {
  switch (verdict) {
    case WriteVerdict::applied: return applied(sent, now);
    case WriteVerdict::not_applied:
      if (!take_note(*row, now)) next_try_ = now + settings_->retry_after();
      write_.reset();
      return;
    case WriteVerdict::mine_since:
      // Which write it was is not known, so the fence stays where it is.
      row_.counter = row->counter;
      take_note(*row, now);
      write_.reset();
      first_sent_.reset();
      return;
    case WriteVerdict::lost: return finish(End::taken);
  }
}

void HeldLease::applied(Duration sent, Duration now) {
  const HoldLease write = std::move(*write_);
  write_.reset();
  first_sent_.reset();
  ++row_.counter;
  renewed_ = std::max(renewed_, sent);
  if (write.progress) {
    row_.checkpoint = write.progress->checkpoint;
    row_.own = write.progress->own;
    row_.children = write.progress->children;
    storing_.last_time = now;
    storing_.stored = storing_.writing;
    if (storing_.stored == storing_.asked) storing_.waiting.reset();
  }
  if (write.throughput) row_.throughput = write.throughput;
  if (write.after == LeaseAfter::released) row_.owner = {};
  if (write.after == LeaseAfter::handed_over) row_.checkpoint_owner = {};
  if (write.after != LeaseAfter::kept) return finish(End::let_go);
  if (row_.finished()) return finish(End::stored_end);
}

void HeldLease::keep_trying(Duration now) {
  write_.reset();
  next_try_ = now + settings_->retry_after();
}

bool HeldLease::take_note(const Lease& row, Duration now) {
  const bool asks = row.checkpoint_owner == settings_->worker && row.owner != settings_->worker;
  const bool is_new = row_.owner != row.owner;
  row_.owner = row.owner;
  row_.checkpoint_owner = asks ? row.checkpoint_owner : WorkerName();
  if (asks && phase_ == Phase::held) {
    phase_ = Phase::asked;
    asked_at_ = now;
  }
  return is_new;
}

}  // namespace ctk::coordination
