#include "sink/cratedb/positions.h"

#include <algorithm>

#include "sink/cratedb/statements.h"
#include "sink/cratedb/tables.h"

namespace ctk::sink::cratedb {

using coordination::Acquired;
using coordination::AcquireRequest;
using coordination::Fence;
using coordination::NewShard;
using coordination::PositionMove;
using coordination::RelayName;
using coordination::StoredPosition;

void CratePositions::read(const RelayName& relay, Done<std::vector<StoredPosition>> done) {
  session_.tasks.spawn(read(relay), std::move(done));
}
void CratePositions::acquire(const AcquireRequest& request, Done<Acquired> done) {
  session_.tasks.spawn(acquire_rows(request), std::move(done));
}
void CratePositions::add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) {
  session_.tasks.spawn(add_rows(relay, fence, std::move(shards)), std::move(done));
}
void CratePositions::move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) {
  session_.tasks.spawn(move_rows(relay, std::move(moves)), std::move(done));
}
void CratePositions::remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards,
                                     Done<size_t> done) {
  session_.tasks.spawn(remove_finished_rows(relay, fence, std::move(shards)), std::move(done));
}
void CratePositions::relays(Done<std::vector<RelayName>> done) { session_.tasks.spawn(read_relays(), std::move(done)); }
void CratePositions::remove(const RelayName& relay, bool finished_only, Done<size_t> done) {
  session_.tasks.spawn(remove_rows(relay, finished_only), std::move(done));
}

void CratePositions::note_table(const RelayName& relay, coordination::Epoch epoch) {
  const auto holder = holders_.find(relay);
  if (holder != holders_.end() && holder->second.epoch == 0) holder->second.epoch = epoch;
}

Task<Result<bool>> CratePositions::ensure_table() {
  if (table_is_there_) co_return true;
  Result<bool> made =
      co_await make_if_missing(session_, session_.bookkeeping.positions, session_.bookkeeping.create_positions());
  table_is_there_ = made.has_value();
  co_return made;
}

Task<Result<bool>> CratePositions::write(Statement statement, std::string doing) {
  Result<Answer> answer = co_await run_or_fail(session_, std::move(statement), doing);
  if (!answer) co_return forward_error(std::move(answer));
  if (const auto error = first_row_error(*answer, {Action::row_is_gone}))
    co_return std::unexpected(to_error(*error, doing));
  co_return true;
}

Task<Result<std::vector<StoredPosition>>> CratePositions::read(RelayName relay) {
  Result<bool> there = co_await refresh_if_there(session_, session_.bookkeeping.positions);
  if (!there) co_return forward_error(std::move(there));
  if (!*there && table_is_there_) {
    // Only making it tells a table that is gone from one that a starting node does not know yet.
    table_is_there_ = false;
    there = co_await ensure_table();
    if (!there) co_return forward_error(std::move(there));
  }
  if (!*there) co_return std::vector<StoredPosition>{};
  Statement select = session_.bookkeeping.select_positions(relay);
  Result<Answer> answer = co_await run_or_fail(session_, std::move(select), "reading ctk_positions");
  if (!answer) co_return forward_error(std::move(answer));
  co_return read_positions(*answer);
}

StoredPosition CratePositions::row_of(const Holder& holder, Fence fence, aws::ShardId shard, shards::Position position,
                                      Timestamp read_to) const {
  return {.shard = std::move(shard),
          .position = std::move(position),
          .incarnation = holder.incarnation,
          .epoch = holder.epoch,
          .read_to = read_to,
          .fence = fence,
          .worker = holder.worker,
          .updated = session_.clock.now()};
}

Task<Result<Acquired>> CratePositions::acquire_rows(AcquireRequest request) {
  Result<bool> step = co_await ensure_table();
  if (!step) co_return forward_error(std::move(step));
  Result<std::vector<StoredPosition>> found = co_await read(request.relay);
  if (!found) co_return forward_error(std::move(found));
  // Above the clock too: rows that were deleted meanwhile may have had any fence.
  Fence fence = to_micros(session_.clock.now());
  for (const StoredPosition& row : *found) fence = std::max(fence, row.fence + 1);
  if (request.forget) {
    step = co_await delete_rows(request.relay, *found);
    if (!step) co_return forward_error(std::move(step));
    found->clear();
  }
  const Holder holder{request.incarnation, request.epoch, request.worker};
  std::vector<StoredPosition> raised;
  for (const StoredPosition& row : *found) {
    if (row.incarnation != request.incarnation) {
      co_return std::unexpected(coordination::incarnation_error(request.relay, row.incarnation, request.incarnation));
    }
    const bool goes = std::ranges::find(request.dropped, row.shard) != request.dropped.end() ||
                      std::ranges::find(request.rewound, row.shard, &coordination::Rewind::shard) != request.rewound.end();
    if (!row.position.ended() && !goes) raised.push_back(row_of(holder, fence, row.shard, row.position, row.read_to));
  }
  holders_[request.relay] = holder;
  step = co_await make_rows(request.relay, fence, request.shards);
  if (!step) co_return forward_error(std::move(step));
  step = co_await rewind_rows(request, fence, *found);
  if (!step) co_return forward_error(std::move(step));
  if (!raised.empty()) {
    Statement raise = session_.bookkeeping.raise_fences(request.relay, raised);
    step = co_await write(std::move(raise), "writing ctk_positions");
    if (!step) co_return forward_error(std::move(step));
  }
  Result<std::vector<StoredPosition>> acquired = co_await read(request.relay);
  if (!acquired) co_return forward_error(std::move(acquired));
  co_return Acquired{fence, std::move(*acquired)};
}

/// Rows that go back to where an epoch begins, and rows of loads that are over. An acquisition that breaks off here is made
/// again by the next start: a row's epoch is written with its new position.
Task<Result<bool>> CratePositions::rewind_rows(AcquireRequest request, Fence fence,
                                               const std::vector<StoredPosition>& found) {
  const Holder holder{request.incarnation, request.epoch, request.worker};
  std::vector<StoredPosition> rewound, dropped;
  for (const StoredPosition& row : found) {
    for (const coordination::Rewind& rewind : request.rewound) {
      if (rewind.shard == row.shard) rewound.push_back(row_of(holder, fence, row.shard, rewind.position, rewind.read_to));
    }
    if (std::ranges::find(request.dropped, row.shard) != request.dropped.end()) dropped.push_back(row);
  }
  if (!rewound.empty()) {
    Statement statement = session_.bookkeeping.rewind_positions(request.relay, rewound);
    Result<bool> written = co_await write(std::move(statement), "writing ctk_positions");
    if (!written) co_return written;
  }
  Result<bool> removed = co_await delete_rows(request.relay, dropped);
  co_return removed;
}

Task<Result<bool>> CratePositions::check_fence(RelayName relay, Fence fence) {
  Statement select = session_.bookkeeping.select_newest_acquisition(relay);
  Result<Answer> answer = co_await run_or_fail(session_, std::move(select), "reading ctk_positions");
  if (!answer) {
    if (answer.error().kind == ErrorKind::not_found) table_is_there_ = false;
    co_return forward_error(std::move(answer));
  }
  const Result<std::vector<StoredPosition>> rows = read_positions(*answer);
  if (!rows) co_return std::unexpected(rows.error());
  for (const StoredPosition& row : *rows) {
    if (row.fence > fence) co_return std::unexpected(coordination::fenced_error(relay, row.worker, row.updated));
  }
  co_return true;
}

Task<Result<bool>> CratePositions::make_rows(RelayName relay, Fence fence, std::vector<NewShard> shards) {
  const Holder holder = holders_[relay];
  std::vector<StoredPosition> rows;
  for (NewShard& shard : shards) rows.push_back(row_of(holder, fence, shard.shard, shard.position, kNoTime));
  Result<bool> written = co_await insert_rows(relay, rows);
  co_return written;
}

Task<Result<bool>> CratePositions::insert_rows(RelayName relay, const std::vector<StoredPosition>& rows) {
  if (rows.empty()) co_return true;
  Statement insert = session_.bookkeeping.insert_positions(relay, rows);
  Result<bool> written = co_await write(std::move(insert), "writing ctk_positions");
  co_return written;
}

Task<Result<bool>> CratePositions::add_rows(RelayName relay, Fence fence, std::vector<NewShard> shards) {
  Result<bool> step = co_await ensure_table();
  if (!step) co_return step;
  step = co_await check_fence(relay, fence);
  if (!step) co_return step;
  step = co_await make_rows(relay, fence, std::move(shards));
  co_return step;
}

Task<Result<bool>> CratePositions::move_rows(RelayName relay, std::vector<PositionMove> moves) {
  if (moves.empty()) co_return true;
  Result<bool> step = co_await ensure_table();
  if (!step) co_return step;
  // One acquisition takes all shards of a relay here: its rows have one fence.
  step = co_await check_fence(relay, std::ranges::min(moves, {}, &PositionMove::fence).fence);
  if (!step) co_return step;
  const Holder holder = holders_[relay];
  std::vector<StoredPosition> children, rows;
  for (const PositionMove& move : moves) {
    for (const NewShard& child : move.children)
      children.push_back(row_of(holder, move.fence, child.shard, child.position, kNoTime));
    rows.push_back(row_of(holder, move.fence, move.shard, move.to, move.read_to));
  }
  // First, and on their own: an end must never be seen without them.
  step = co_await insert_rows(relay, children);
  if (!step) co_return step;
  Statement statement = session_.bookkeeping.move_positions(relay, rows);
  step = co_await write(std::move(statement), "writing ctk_positions");
  co_return step;
}

Task<Result<bool>> CratePositions::delete_rows(RelayName relay, const std::vector<StoredPosition>& rows) {
  if (rows.empty()) co_return true;
  std::vector<aws::ShardId> shards;
  for (const StoredPosition& row : rows) shards.push_back(row.shard);
  Statement statement = session_.bookkeeping.delete_positions(relay, shards);
  Result<bool> removed = co_await write(std::move(statement), "deleting from ctk_positions");
  co_return removed;
}

Task<Result<size_t>> CratePositions::remove_finished_rows(RelayName relay, Fence fence, std::vector<aws::ShardId> shards) {
  Result<bool> ours = co_await check_fence(relay, fence);
  if (!ours) co_return forward_error(std::move(ours));
  Result<std::vector<StoredPosition>> rows = co_await read(relay);
  if (!rows) co_return forward_error(std::move(rows));
  std::erase_if(*rows, [&](const StoredPosition& row) {
    return !row.position.ended() || std::ranges::find(shards, row.shard) == shards.end();
  });
  Result<bool> removed = co_await delete_rows(relay, *rows);
  if (!removed) co_return forward_error(std::move(removed));
  co_return rows->size();
}

Task<Result<size_t>> CratePositions::remove_rows(RelayName relay, bool finished_only) {
  Result<std::vector<StoredPosition>> rows = co_await read(relay);
  if (!rows) co_return forward_error(std::move(rows));
  std::erase_if(*rows, [&](const StoredPosition& row) { return finished_only && !row.position.ended(); });
  Result<bool> removed = co_await delete_rows(relay, *rows);
  if (!removed) co_return forward_error(std::move(removed));
  co_return rows->size();
}

Task<Result<std::vector<RelayName>>> CratePositions::read_relays() {
  Result<bool> there = co_await refresh_if_there(session_, session_.bookkeeping.positions);
  if (!there) co_return forward_error(std::move(there));
  if (!*there) co_return std::vector<RelayName>{};
  Result<Answer> answer = co_await run_or_fail(session_, session_.bookkeeping.select_relays(), "reading ctk_positions");
  if (!answer) co_return forward_error(std::move(answer));
  std::vector<RelayName> relays;
  for (const auto& row : answer->rows) {
    if (!row.empty()) relays.emplace_back(cell_text(row[0]).value_or(""));
  }
  co_return relays;
}

}  // namespace ctk::sink::cratedb
