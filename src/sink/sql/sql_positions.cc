#include "sink/sql/sql_positions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "sink/sql/counted_change.h"

namespace ctk::sink::sql {
namespace {

using coordination::Acquired;
using coordination::AcquireRequest;
using coordination::Epoch;
using coordination::Fence;
using coordination::Incarnation;
using coordination::NewShard;
using coordination::PositionMove;
using coordination::RelayName;
using coordination::StoredPosition;
using coordination::WorkerName;

/// As the table has them, the key first.
std::vector<std::string> all_columns() {
  return {"relay", "shard", "position", "incarnation", "epoch", "read_to", "fence", "worker", "updated"};
}
std::vector<std::string> key_columns() { return {"relay", "shard"}; }

/// What is locked while a relay's rows are made (NameLocks).
std::string relay_lock(const RelayName& relay) { return "ctk relay " + relay.str(); }

/// The columns' names as statements spell them.
struct Quoted {
  explicit Quoted(const Dialect& dialect)
      : relay(dialect.quote("relay")),
        shard(dialect.quote("shard")),
        position(dialect.quote("position")),
        incarnation(dialect.quote("incarnation")),
        epoch(dialect.quote("epoch")),
        read_to(dialect.quote("read_to")),
        fence(dialect.quote("fence")),
        worker(dialect.quote("worker")),
        updated(dialect.quote("updated")),
        of_relay(relay + " = ?"),
        of_shard(of_relay + " AND " + shard + " = ?") {}

  std::string relay, shard, position, incarnation, epoch, read_to, fence, worker, updated;
  std::string of_relay, of_shard;  ///< conditions: all rows of a relay, one of them
};

int64_t to_integer(const std::optional<std::string>& cell) {
  int64_t value = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), value);
  return value;
}

Timestamp to_time(const std::optional<std::string>& cell) {
  if (!cell) return kNoTime;
  return parse_timestamp(*cell).value_or(kNoTime);
}

SqlResult<StoredPosition> to_position(const Cells& row) {
  Result<shards::Position> position = shards::parse_position(row[1].value_or(""));
  if (!position) return call_failure(std::move(position).error());
  StoredPosition stored;
  stored.shard = aws::ShardId(row[0].value_or(""));
  stored.position = std::move(*position);
  stored.incarnation = Incarnation(row[2].value_or(""));
  stored.epoch = static_cast<Epoch>(to_integer(row[3]));
  stored.read_to = to_time(row[4]);
  stored.fence = to_integer(row[5]);
  stored.worker = WorkerName(row[6].value_or(""));
  stored.updated = to_time(row[7]);
  return stored;
}

SqlResult<std::vector<StoredPosition>> select_positions(Driver& driver, const Bookkeeping& at, const RelayName& relay,
                                                        const std::string& lock) {
  const Quoted names(at.dialect);
  const std::string sql =
      fmt::format("SELECT {}, {}, {}, {}, {}, {}, {}, {} FROM {} WHERE {} ORDER BY {}{}", names.shard, names.position,
                  names.incarnation, names.epoch, at.dialect.time_text(names.read_to), names.fence, names.worker,
                  at.dialect.time_text(names.updated), at.positions, names.of_relay, names.shard, lock);
  SqlResult<Answer> answer = driver.run(look_up(at.dialect.bind(sql), {Param::of(relay.str())}));
  if (!answer) return forward_failure(std::move(answer));
  std::vector<StoredPosition> positions;
  for (const Cells& row : answer->rows) {
    SqlResult<StoredPosition> position = to_position(row);
    if (!position) return forward_failure(std::move(position));
    positions.push_back(std::move(*position));
  }
  return positions;
}

/// A number above every fence that the relay ever had: counted up, and never below the time, so that a worker from before
/// the rows were removed cannot meet its own number again.
Fence next_fence(const std::vector<StoredPosition>& rows, Timestamp now) {
  Fence highest = 0;
  for (const StoredPosition& row : rows) highest = std::max(highest, row.fence);
  return std::max(highest + 1, to_micros(now));
}

SqlResult<bool> insert_shards(Driver& driver, const Bookkeeping& at, const AcquireRequest& request, Fence fence,
                              const std::vector<NewShard>& shards, Timestamp now) {
  if (shards.empty()) return true;
  Statement insert;
  insert.sql =
      at.dialect.insert_if_absent({at.positions, all_columns(), key_columns(), "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"});
  insert.width = 9;
  std::vector<std::string> texts(shards.size());
  for (size_t i = 0; i < shards.size(); ++i) {
    texts[i] = to_string(shards[i].position);
    insert.params.insert(insert.params.end(),
                         {Param::of(request.relay.str()), Param::of(shards[i].shard.str()), Param::of(texts[i]),
                          Param::of(request.incarnation.str()), Param::of_integer(request.epoch), Param::of_time(kNoTime),
                          Param::of_integer(fence), Param::of(request.worker.str()), Param::of_time(now)});
  }
  if (SqlResult<Answer> inserted = driver.run(std::move(insert)); !inserted) return forward_failure(std::move(inserted));
  return true;
}

/// Rows that go back to where an epoch begins, and rows of loads that are over.
SqlResult<bool> rewind_rows(Driver& driver, const Bookkeeping& at, const AcquireRequest& request) {
  const Quoted names(at.dialect);
  Statement back;
  back.sql = at.dialect.bind(
      fmt::format("UPDATE {} SET {} = ?, {} = ? WHERE {}", at.positions, names.position, names.read_to, names.of_shard));
  back.width = 4;
  std::vector<std::string> texts(request.rewound.size());
  for (size_t i = 0; i < request.rewound.size(); ++i) {
    texts[i] = to_string(request.rewound[i].position);
    back.params.insert(back.params.end(), {Param::of(texts[i]), Param::of_time(request.rewound[i].read_to),
                                           Param::of(request.relay.str()), Param::of(request.rewound[i].shard.str())});
  }
  if (!back.params.empty()) {
    if (SqlResult<Answer> set = driver.run(std::move(back)); !set) return forward_failure(std::move(set));
  }
  Statement drop;
  drop.sql = at.dialect.bind(fmt::format("DELETE FROM {} WHERE {}", at.positions, names.of_shard));
  drop.width = 2;
  for (const aws::ShardId& shard : request.dropped) {
    drop.params.insert(drop.params.end(), {Param::of(request.relay.str()), Param::of(shard.str())});
  }
  if (drop.params.empty()) return true;
  if (SqlResult<Answer> dropped = driver.run(std::move(drop)); !dropped) return forward_failure(std::move(dropped));
  return true;
}

/// Of all rows of the relay that are unfinished. They are in the acquisition's epoch then.
Statement raise_all(const Bookkeeping& at, const AcquireRequest& request, Fence fence, Timestamp now) {
  const Quoted names(at.dialect);
  return statement(at.dialect.bind(fmt::format(
                       "UPDATE {} SET {} = ?, {} = ?, {} = ?, {} = ? WHERE {} AND {} <> 'SHARD_END'", at.positions,
                       names.fence, names.worker, names.epoch, names.updated, names.of_relay, names.position)),
                   {Param::of_integer(fence), Param::of(request.worker.str()), Param::of_integer(request.epoch),
                    Param::of_time(now), Param::of(request.relay.str())});
}

/// Of those that are taken, in one order of locks for everybody. It views the acquisition: keep that.
Statement raise_some(const Bookkeeping& at, const AcquireRequest& request, Fence fence, Timestamp now) {
  const Quoted names(at.dialect);
  Statement raise;
  raise.sql =
      at.dialect.bind(fmt::format("UPDATE {} SET {} = ?, {} = ?, {} = ? WHERE {} AND {} <> 'SHARD_END'", at.positions,
                                  names.fence, names.worker, names.updated, names.of_shard, names.position));
  raise.width = 5;
  std::vector<const aws::ShardId*> sorted;
  for (const aws::ShardId& shard : *request.only) sorted.push_back(&shard);
  std::ranges::sort(sorted, {}, [](const aws::ShardId* shard) -> const std::string& { return shard->str(); });
  for (const aws::ShardId* shard : sorted) {
    raise.params.insert(raise.params.end(), {Param::of_integer(fence), Param::of(request.worker.str()), Param::of_time(now),
                                             Param::of(request.relay.str()), Param::of(shard->str())});
  }
  return raise;
}

SqlResult<Acquired> acquire_rows(Driver& driver, const Bookkeeping& at, const AcquireRequest& request, bool create,
                                 Timestamp now) {
  if (SqlResult<bool> made = ensure_bookkeeping(driver, at, create); !made) return forward_failure(std::move(made));
  SqlResult<std::vector<StoredPosition>> before = select_positions(driver, at, request.relay, at.dialect.for_update());
  if (!before) return forward_failure(std::move(before));
  const Quoted names(at.dialect);
  Fence fence = next_fence(*before, now);
  if (request.forget) {
    const std::string forget = fmt::format("DELETE FROM {} WHERE {}", at.positions, names.of_relay);
    SqlResult<Answer> forgotten = driver.run(statement(at.dialect.bind(forget), {Param::of(request.relay.str())}));
    if (!forgotten) return forward_failure(std::move(forgotten));
  } else {
    for (const StoredPosition& row : *before) {
      if (row.incarnation == request.incarnation) continue;
      return call_failure(coordination::incarnation_error(request.relay, row.incarnation, request.incarnation));
    }
  }
  if (SqlResult<bool> made = insert_shards(driver, at, request, fence, request.shards, now); !made)
    return forward_failure(std::move(made));
  if (SqlResult<bool> set = rewind_rows(driver, at, request); !set) return forward_failure(std::move(set));
  if (!request.only || !request.only->empty()) {
    Statement raise = request.only ? raise_some(at, request, fence, now) : raise_all(at, request, fence, now);
    if (SqlResult<Answer> raised = driver.run(std::move(raise)); !raised) return forward_failure(std::move(raised));
  }
  SqlResult<std::vector<StoredPosition>> after = select_positions(driver, at, request.relay, "");
  if (!after) return forward_failure(std::move(after));
  for (const NewShard& shard : request.shards) {
    if (std::ranges::find(*after, shard.shard, &StoredPosition::shard) != after->end()) continue;
    return call_failure({ErrorKind::refused,
                         fmt::format("the row of shard {} was written, and is not there", shard.shard.str()), "",
                         "use another driver"});
  }
  return Acquired{fence, std::move(*after)};
}

/// Whether the acquisition is still the newest; only while the relay is locked.
SqlResult<bool> check_hold(Driver& driver, const Bookkeeping& at, const RelayName& relay, Fence fence) {
  SqlResult<std::vector<StoredPosition>> rows = select_positions(driver, at, relay, "");
  if (!rows) return forward_failure(std::move(rows));
  for (const StoredPosition& row : *rows) {
    if (row.fence > fence) return call_failure(coordination::fenced_error(relay, row.worker, row.updated));
  }
  return true;
}

SqlResult<bool> add_rows(Driver& driver, const Bookkeeping& at, const AcquireRequest& request, Fence fence,
                         const std::vector<NewShard>& shards, Timestamp now) {
  if (SqlResult<bool> ours = check_hold(driver, at, request.relay, fence); !ours) return forward_failure(std::move(ours));
  return insert_shards(driver, at, request, fence, shards, now);
}

SqlResult<size_t> remove_finished_rows(Driver& driver, const Bookkeeping& at, const RelayName& relay, Fence fence,
                                       const std::vector<aws::ShardId>& shards) {
  if (fence != coordination::kAnyFence) {
    if (SqlResult<bool> ours = check_hold(driver, at, relay, fence); !ours) return forward_failure(std::move(ours));
  }
  const Quoted names(at.dialect);
  const std::string condition = fmt::format("{} AND {} = 'SHARD_END'", names.of_shard, names.position);
  size_t removed = 0;
  for (const aws::ShardId& shard : shards) {
    SqlResult<uint64_t> one = run_counted(
        driver, at.dialect,
        {at.positions, "DELETE FROM " + at.positions, condition, {Param::of(relay.str()), Param::of(shard.str())}});
    if (!one) return forward_failure(std::move(one));
    removed += *one;
  }
  return removed;
}

SqlResult<bool> move_rows(Driver& driver, const Bookkeeping& at, const RelayName& relay,
                          const std::vector<PositionMove>& moves, Timestamp now) {
  MoveStatements made(at, relay, moves, std::nullopt, now);
  SqlResult<std::vector<Answer>> answers = driver.run(std::span<const Statement>(made.statements));
  if (!answers) return forward_failure(std::move(answers));
  return MoveStatements::all_moved(answers->front()) ? made.are_kept(*answers) : SqlResult<bool>(false);
}

}  // namespace

MoveStatements::MoveStatements(const Bookkeeping& at, const RelayName& relay, const std::vector<PositionMove>& moves,
                               std::optional<Epoch> epoch, Timestamp now) {
  std::vector<const PositionMove*> sorted;
  size_t children = 0;
  for (const PositionMove& move : moves) {
    sorted.push_back(&move);
    children += move.children.size();
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const PositionMove* a, const PositionMove* b) { return a->shard.str() < b->shard.str(); });
  texts_.reserve(3 * moves.size() + children);  // params view the texts: none may move
  auto text = [&](const shards::Position& position) { return Param::of(texts_.emplace_back(to_string(position))); };

  const Quoted names(at.dialect);
  // How many rows an UPDATE has changed is the compare-and-set's answer, where it is believed.
  const bool looks = at.dialect.belief() != Belief::everything;
  Statement look;
  look.sql = at.dialect.bind(fmt::format("SELECT 1 FROM {} WHERE {} AND {} = ? AND {} = ?{}", at.positions, names.of_shard,
                                         names.position, names.fence, at.dialect.for_update()));
  look.width = 4;
  Statement update;
  update.sql = at.dialect.bind(fmt::format(
      "UPDATE {0} SET {1} = ?, {2} = coalesce(?, {2}), {3} = coalesce(?, {3}), {4} = ? WHERE {5} AND {1} = ? AND "
      "{6} = ?",
      at.positions, names.position, names.read_to, names.epoch, names.updated, names.of_shard, names.fence));
  update.width = 8;
  Param stamped = epoch ? Param::of_integer(*epoch) : Param{};
  for (const PositionMove* move : sorted) {
    if (looks) {
      look.params.insert(look.params.end(), {Param::of(relay.str()), Param::of(move->shard.str()), text(move->from),
                                             Param::of_integer(move->fence)});
    }
    update.params.insert(update.params.end(), {text(move->to), Param::of_time(move->read_to), stamped, Param::of_time(now),
                                               Param::of(relay.str()), Param::of(move->shard.str()), text(move->from),
                                               Param::of_integer(move->fence)});
  }
  if (looks) statements.push_back(std::move(look));
  statements.push_back(std::move(update));
  const auto looked_at = [&] {
    if (at.dialect.belief() == Belief::nothing) statements.push_back(look_behind(at, relay, sorted));
  };
  if (children == 0) {
    looked_at();
    return;
  }

  Statement insert;  // a child is the parent's relay's, under the same acquisition
  const std::string parent =
      fmt::format("SELECT {}, ? AS {}, ? AS {}, {}, {}, NULL AS {}, {}, {}, {} FROM {} WHERE {}", names.relay, names.shard,
                  names.position, names.incarnation, names.epoch, names.read_to, names.fence, names.worker, names.updated,
                  at.positions, names.of_shard);
  insert.sql = at.dialect.insert_if_absent({at.positions, all_columns(), key_columns(), parent});
  insert.width = 4;
  for (const PositionMove* move : sorted) {
    for (const NewShard& child : move->children) {
      insert.params.insert(insert.params.end(), {Param::of(child.shard.str()), text(child.position), Param::of(relay.str()),
                                                 Param::of(move->shard.str())});
    }
  }
  statements.push_back(std::move(insert));
  looked_at();
}

Statement MoveStatements::look_behind(const Bookkeeping& at, const RelayName& relay,
                                      const std::vector<const PositionMove*>& sorted) {
  const Quoted names(at.dialect);
  Statement look = look_up(at.dialect.bind(
      fmt::format("SELECT {}, {} FROM {} WHERE {}", names.position, names.fence, at.positions, names.of_shard)));
  look.width = 2;
  const auto expect = [&](const aws::ShardId& shard, std::optional<Cells> row) {
    expected_.push_back({&shard, std::move(row)});
    look.params.insert(look.params.end(), {Param::of(relay.str()), Param::of(shard.str())});
  };
  for (const PositionMove* move : sorted) {
    expect(move->shard, Cells{to_string(move->to), std::to_string(move->fence)});
    for (const NewShard& child : move->children) expect(child.shard, std::nullopt);
  }
  return look;
}

SqlResult<bool> MoveStatements::are_kept(std::span<const Answer> answers) const {
  if (expected_.empty() || answers.empty()) return true;
  const Answer& answer = answers.back();
  auto next = answer.rows.begin();
  for (size_t i = 0; i < expected_.size(); ++i) {
    const bool there = i < answer.affected.size() && answer.affected[i] > 0 && next != answer.rows.end();
    const Cells* row = there ? &*next++ : nullptr;
    if (expected_[i].row) {
      if (row == nullptr || *row != *expected_[i].row) return false;
    } else if (row == nullptr) {
      return call_failure(
          {ErrorKind::refused,
           fmt::format("the driver wrote the position of shard {}, and it is not stored", expected_[i].shard->str()), "",
           "use another driver"});
    }
  }
  return true;
}

bool MoveStatements::all_moved(const Answer& answer) {
  return std::all_of(answer.affected.begin(), answer.affected.end(), [](int64_t rows) { return rows == 1; });
}

SqlResult<MoveState> explain_failed_move(Driver& driver, const Bookkeeping& at, const RelayName& relay,
                                         const std::vector<PositionMove>& moves) {
  SqlResult<std::vector<StoredPosition>> rows = select_positions(driver, at, relay, "");
  if (!rows) return forward_failure(std::move(rows));
  std::map<aws::ShardId, const StoredPosition*> stored;
  for (const StoredPosition& row : *rows) stored[row.shard] = &row;
  for (const PositionMove& move : moves) {
    auto found = stored.find(move.shard);
    if (found == stored.end()) {
      return call_failure(
          {ErrorKind::fenced,
           fmt::format("the stored position of shard {} of relay {} was removed while the relay was running",
                       move.shard.str(), relay.str()),
           "", "start the relay again"});
    }
    const StoredPosition& row = *found->second;
    if (row.fence != move.fence) return call_failure(coordination::fenced_error(relay, row.worker, row.updated));
    if (row.position == move.to) continue;
    return call_failure(
        {ErrorKind::internal,
         fmt::format("the stored position of shard {} of relay {} is {}, neither {} nor {}", move.shard.str(), relay.str(),
                     to_string(row.position), to_string(move.from), to_string(move.to)),
         "", "start the relay again"});
  }
  return MoveState::done_already;
}

SqlResult<std::vector<StoredPosition>> read_positions(Driver& driver, const Bookkeeping& at, const RelayName& relay) {
  SqlResult<bool> there = own_table_exists(driver, at, "ctk_positions");
  if (!there) return forward_failure(std::move(there));
  if (!*there) return std::vector<StoredPosition>{};
  return select_positions(driver, at, relay, "");
}

void SqlPositions::read(const RelayName& relay, Done<std::vector<StoredPosition>> done) {
  using Rows = std::vector<StoredPosition>;
  auto job = [this, relay](Driver& driver) -> Result<Rows> {
    SqlResult<Rows> rows = read_positions(driver, at_, relay);
    if (!rows) return std::unexpected(call_error(std::move(rows).error()));
    return std::move(*rows);
  };
  connections_.run<Rows>(Reach::existing, std::move(job), std::move(done));
}

void SqlPositions::acquire(const AcquireRequest& request, Done<Acquired> done) {
  requests_[request.relay] = request;
  auto job = [this, request, now = clock_.now()](Driver& driver) {
    const std::vector<std::string> locks = {tables_lock(at_), relay_lock(request.relay)};
    return transact<Acquired>(driver, at_.dialect, locks,
                              [&](Driver& d) { return acquire_rows(d, at_, request, create_tables_, now); });
  };
  connections_.run<Acquired>(Reach::create, std::move(job), std::move(done));
}

void SqlPositions::add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) {
  AcquireRequest request = requests_[relay];
  request.relay = relay;
  auto job = [this, request, fence, shards = std::move(shards), now = clock_.now()](Driver& driver) {
    const std::vector<std::string> locks = {relay_lock(request.relay)};
    return transact<bool>(driver, at_.dialect, locks,
                          [&](Driver& d) { return add_rows(d, at_, request, fence, shards, now); });
  };
  connections_.run<bool>(Reach::create, std::move(job), std::move(done));
}

void SqlPositions::move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) {
  auto job = [this, relay, moves = std::move(moves), now = clock_.now()](Driver& driver) -> Result<bool> {
    if (moves.empty()) return true;
    return transact<bool>(driver, at_.dialect, [&](Driver& d) -> SqlResult<bool> {
      SqlResult<bool> moved = move_rows(d, at_, relay, moves, now);
      if (!moved || *moved) return moved;
      SqlResult<MoveState> state = explain_failed_move(d, at_, relay, moves);
      if (!state) return forward_failure(std::move(state));
      return true;
    });
  };
  connections_.run<bool>(Reach::create, std::move(job), std::move(done));
}

void SqlPositions::remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards,
                                   Done<size_t> done) {
  auto job = [this, relay, fence, shards = std::move(shards)](Driver& driver) -> Result<size_t> {
    if (shards.empty()) return size_t{0};
    const std::vector<std::string> locks = {relay_lock(relay)};
    return transact<size_t>(driver, at_.dialect, locks,
                            [&](Driver& d) { return remove_finished_rows(d, at_, relay, fence, shards); });
  };
  connections_.run<size_t>(Reach::existing, std::move(job), std::move(done));
}

void SqlPositions::relays(Done<std::vector<RelayName>> done) {
  using Names = std::vector<RelayName>;
  auto job = [this](Driver& driver) -> Result<Names> {
    SqlResult<bool> there = own_table_exists(driver, at_, "ctk_positions");
    if (!there) return std::unexpected(call_error(std::move(there).error()));
    Names names;
    if (!*there) return names;
    const std::string relay = at_.dialect.quote("relay");
    SqlResult<Answer> answer =
        driver.run(look_up(fmt::format("SELECT DISTINCT {0} FROM {1} ORDER BY {0}", relay, at_.positions)));
    if (!answer) return std::unexpected(call_error(std::move(answer).error()));
    for (const Cells& row : answer->rows) names.emplace_back(row[0].value_or(""));
    return names;
  };
  connections_.run<Names>(Reach::existing, std::move(job), std::move(done));
}

void SqlPositions::remove(const RelayName& relay, bool finished_only, Done<size_t> done) {
  auto job = [this, relay, finished_only](Driver& driver) -> Result<size_t> {
    SqlResult<bool> there = own_table_exists(driver, at_, "ctk_positions");
    if (!there) return std::unexpected(call_error(std::move(there).error()));
    if (!*there) return size_t{0};
    const Quoted names(at_.dialect);
    std::string condition = names.of_relay;
    if (finished_only) condition += fmt::format(" AND {} = 'SHARD_END'", names.position);
    SqlResult<uint64_t> removed = run_counted(
        driver, at_.dialect, {at_.positions, "DELETE FROM " + at_.positions, condition, {Param::of(relay.str())}});
    if (!removed) return std::unexpected(call_error(std::move(removed).error()));
    return static_cast<size_t>(*removed);
  };
  connections_.run<size_t>(Reach::existing, std::move(job), std::move(done));
}

}  // namespace ctk::sink::sql
