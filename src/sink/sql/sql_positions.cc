#include "sink/sql/sql_positions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <span>

namespace ctk::sink::sql {
namespace {

using coordination::Claim;
using coordination::ClaimRequest;
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

Tried<StoredPosition> to_position(const Cells& row) {
  Result<shards::Position> position = shards::parse_position(row[1].value_or(""));
  if (!position) return broken(std::move(position).error());
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

Tried<std::vector<StoredPosition>> select_positions(Driver& driver, const Bookkeeping& at, const RelayName& relay,
                                                    const std::string& lock) {
  const Quoted names(at.dialect);
  const std::string sql =
      fmt::format("SELECT {}, {}, {}, {}, {}, {}, {}, {} FROM {} WHERE {} ORDER BY {}{}", names.shard, names.position,
                  names.incarnation, names.epoch, at.dialect.time_text(names.read_to), names.fence, names.worker,
                  at.dialect.time_text(names.updated), at.positions, names.of_relay, names.shard, lock);
  Tried<Answer> answer = driver.run(look_up(at.dialect.bind(sql), {Param::of(relay.str())}));
  if (!answer) return broken(std::move(answer));
  std::vector<StoredPosition> positions;
  for (const Cells& row : answer->rows) {
    Tried<StoredPosition> position = to_position(row);
    if (!position) return broken(std::move(position));
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

Tried<bool> insert_shards(Driver& driver, const Bookkeeping& at, const ClaimRequest& claim, Fence fence,
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
                         {Param::of(claim.relay.str()), Param::of(shards[i].shard.str()), Param::of(texts[i]),
                          Param::of(claim.incarnation.str()), Param::of_integer(claim.epoch), Param::of_time(kNoTime),
                          Param::of_integer(fence), Param::of(claim.worker.str()), Param::of_time(now)});
  }
  if (Tried<Answer> inserted = driver.run(std::move(insert)); !inserted) return broken(std::move(inserted));
  return true;
}

/// Rows that go back to where an epoch begins, and rows of loads that are over.
Tried<bool> rewind_rows(Driver& driver, const Bookkeeping& at, const ClaimRequest& claim) {
  const Quoted names(at.dialect);
  Statement back;
  back.sql = at.dialect.bind(
      fmt::format("UPDATE {} SET {} = ?, {} = ? WHERE {}", at.positions, names.position, names.read_to, names.of_shard));
  back.width = 4;
  std::vector<std::string> texts(claim.rewound.size());
  for (size_t i = 0; i < claim.rewound.size(); ++i) {
    texts[i] = to_string(claim.rewound[i].position);
    back.params.insert(back.params.end(), {Param::of(texts[i]), Param::of_time(claim.rewound[i].read_to),
                                           Param::of(claim.relay.str()), Param::of(claim.rewound[i].shard.str())});
  }
  if (!back.params.empty()) {
    if (Tried<Answer> set = driver.run(std::move(back)); !set) return broken(std::move(set));
  }
  Statement drop;
  drop.sql = at.dialect.bind(fmt::format("DELETE FROM {} WHERE {}", at.positions, names.of_shard));
  drop.width = 2;
  for (const aws::ShardId& shard : claim.dropped) {
    drop.params.insert(drop.params.end(), {Param::of(claim.relay.str()), Param::of(shard.str())});
  }
  if (drop.params.empty()) return true;
  if (Tried<Answer> dropped = driver.run(std::move(drop)); !dropped) return broken(std::move(dropped));
  return true;
}

/// Of all rows of the relay that are unfinished. They are in the claim's epoch then.
Statement raise_all(const Bookkeeping& at, const ClaimRequest& claim, Fence fence, Timestamp now) {
  const Quoted names(at.dialect);
  return statement(at.dialect.bind(fmt::format(
                       "UPDATE {} SET {} = ?, {} = ?, {} = ?, {} = ? WHERE {} AND {} <> 'SHARD_END'", at.positions,
                       names.fence, names.worker, names.epoch, names.updated, names.of_relay, names.position)),
                   {Param::of_integer(fence), Param::of(claim.worker.str()), Param::of_integer(claim.epoch),
                    Param::of_time(now), Param::of(claim.relay.str())});
}

/// Of those that are taken, in one order of locks for everybody. It views the claim: keep that.
Statement raise_some(const Bookkeeping& at, const ClaimRequest& claim, Fence fence, Timestamp now) {
  const Quoted names(at.dialect);
  Statement raise;
  raise.sql =
      at.dialect.bind(fmt::format("UPDATE {} SET {} = ?, {} = ?, {} = ? WHERE {} AND {} <> 'SHARD_END'", at.positions,
                                  names.fence, names.worker, names.updated, names.of_shard, names.position));
  raise.width = 5;
  std::vector<const aws::ShardId*> sorted;
  for (const aws::ShardId& shard : *claim.only) sorted.push_back(&shard);
  std::ranges::sort(sorted, {}, [](const aws::ShardId* shard) -> const std::string& { return shard->str(); });
  for (const aws::ShardId* shard : sorted) {
    raise.params.insert(raise.params.end(), {Param::of_integer(fence), Param::of(claim.worker.str()), Param::of_time(now),
                                             Param::of(claim.relay.str()), Param::of(shard->str())});
  }
  return raise;
}

Tried<Claim> claim_rows(Driver& driver, const Bookkeeping& at, const ClaimRequest& request, bool create, Timestamp now) {
  if (Tried<bool> made = ensure_bookkeeping(driver, at, create); !made) return broken(std::move(made));
  Tried<std::vector<StoredPosition>> before = select_positions(driver, at, request.relay, at.dialect.for_update());
  if (!before) return broken(std::move(before));
  const Quoted names(at.dialect);
  Fence fence = next_fence(*before, now);
  if (request.forget) {
    const std::string forget = fmt::format("DELETE FROM {} WHERE {}", at.positions, names.of_relay);
    Tried<Answer> forgotten = driver.run(statement(at.dialect.bind(forget), {Param::of(request.relay.str())}));
    if (!forgotten) return broken(std::move(forgotten));
  } else {
    for (const StoredPosition& row : *before) {
      if (row.incarnation == request.incarnation) continue;
      return broken(coordination::incarnation_error(request.relay, row.incarnation, request.incarnation));
    }
  }
  if (Tried<bool> made = insert_shards(driver, at, request, fence, request.shards, now); !made)
    return broken(std::move(made));
  if (Tried<bool> set = rewind_rows(driver, at, request); !set) return broken(std::move(set));
  if (!request.only || !request.only->empty()) {
    Statement raise = request.only ? raise_some(at, request, fence, now) : raise_all(at, request, fence, now);
    if (Tried<Answer> raised = driver.run(std::move(raise)); !raised) return broken(std::move(raised));
  }
  Tried<std::vector<StoredPosition>> after = select_positions(driver, at, request.relay, "");
  if (!after) return broken(std::move(after));
  return Claim{fence, std::move(*after)};
}

/// Whether the claim is still the newest; only while the relay is locked.
Tried<bool> check_claim(Driver& driver, const Bookkeeping& at, const RelayName& relay, Fence fence) {
  Tried<std::vector<StoredPosition>> rows = select_positions(driver, at, relay, "");
  if (!rows) return broken(std::move(rows));
  for (const StoredPosition& row : *rows) {
    if (row.fence > fence) return broken(coordination::fenced_error(relay, row.worker, row.updated));
  }
  return true;
}

Tried<bool> add_rows(Driver& driver, const Bookkeeping& at, const ClaimRequest& claim, Fence fence,
                     const std::vector<NewShard>& shards, Timestamp now) {
  if (Tried<bool> ours = check_claim(driver, at, claim.relay, fence); !ours) return broken(std::move(ours));
  return insert_shards(driver, at, claim, fence, shards, now);
}

Tried<size_t> remove_finished_rows(Driver& driver, const Bookkeeping& at, const RelayName& relay, Fence fence,
                                   const std::vector<aws::ShardId>& shards) {
  if (fence != coordination::kAnyFence) {
    if (Tried<bool> ours = check_claim(driver, at, relay, fence); !ours) return broken(std::move(ours));
  }
  const Quoted names(at.dialect);
  Statement remove;
  remove.sql = at.dialect.bind(
      fmt::format("DELETE FROM {} WHERE {} AND {} = 'SHARD_END'", at.positions, names.of_shard, names.position));
  remove.width = 2;
  for (const aws::ShardId& shard : shards) {
    remove.params.insert(remove.params.end(), {Param::of(relay.str()), Param::of(shard.str())});
  }
  Tried<Answer> removed = driver.run(std::move(remove));
  if (!removed) return broken(std::move(removed));
  return static_cast<size_t>(std::accumulate(removed->affected.begin(), removed->affected.end(), int64_t{0}));
}

Tried<bool> move_rows(Driver& driver, const Bookkeeping& at, const RelayName& relay, const std::vector<PositionMove>& moves,
                      Timestamp now) {
  MoveStatements made(at, relay, moves, std::nullopt, now);
  Tried<std::vector<Answer>> answers = driver.run(std::span<const Statement>(made.statements));
  if (!answers) return broken(std::move(answers));
  return MoveStatements::all_moved(answers->front());
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
  if (children == 0) return;

  Statement insert;  // a child is the parent's relay's, under the same claim
  const std::string parent =
      fmt::format("SELECT {}, ?, ?, {}, {}, NULL, {}, {}, {} FROM {} WHERE {}", names.relay, names.incarnation, names.epoch,
                  names.fence, names.worker, names.updated, at.positions, names.of_shard);
  insert.sql = at.dialect.insert_if_absent({at.positions, all_columns(), key_columns(), parent});
  insert.width = 4;
  for (const PositionMove* move : sorted) {
    for (const NewShard& child : move->children) {
      insert.params.insert(insert.params.end(), {Param::of(child.shard.str()), text(child.position), Param::of(relay.str()),
                                                 Param::of(move->shard.str())});
    }
  }
  statements.push_back(std::move(insert));
}

bool MoveStatements::all_moved(const Answer& answer) {
  return std::all_of(answer.affected.begin(), answer.affected.end(), [](int64_t rows) { return rows == 1; });
}

Tried<MoveState> explain_failed_move(Driver& driver, const Bookkeeping& at, const RelayName& relay,
                                     const std::vector<PositionMove>& moves) {
  Tried<std::vector<StoredPosition>> rows = select_positions(driver, at, relay, "");
  if (!rows) return broken(std::move(rows));
  std::map<aws::ShardId, const StoredPosition*> stored;
  for (const StoredPosition& row : *rows) stored[row.shard] = &row;
  for (const PositionMove& move : moves) {
    auto found = stored.find(move.shard);
    if (found == stored.end()) {
      return broken({ErrorKind::fenced,
                     fmt::format("the stored position of shard {} of relay {} was removed while the relay was running",
                                 move.shard.str(), relay.str()),
                     "", "start the relay again"});
    }
    const StoredPosition& row = *found->second;
    if (row.fence != move.fence) return broken(coordination::fenced_error(relay, row.worker, row.updated));
    if (row.position == move.to) continue;
    return broken({ErrorKind::internal,
                   fmt::format("the stored position of shard {} of relay {} is {}, neither {} nor {}", move.shard.str(),
                               relay.str(), to_string(row.position), to_string(move.from), to_string(move.to)),
                   "", "start the relay again"});
  }
  return MoveState::done_already;
}

Tried<std::vector<StoredPosition>> read_positions(Driver& driver, const Bookkeeping& at, const RelayName& relay) {
  Tried<bool> there = own_table_exists(driver, at, "ctk_positions");
  if (!there) return broken(std::move(there));
  if (!*there) return std::vector<StoredPosition>{};
  return select_positions(driver, at, relay, "");
}

void SqlPositions::load(const RelayName& relay, Done<std::vector<StoredPosition>> done) {
  using Rows = std::vector<StoredPosition>;
  auto job = [this, relay](Driver& driver) -> Result<Rows> {
    Tried<Rows> rows = read_positions(driver, at_, relay);
    if (!rows) return std::unexpected(call_error(std::move(rows).error()));
    return std::move(*rows);
  };
  connections_.run<Rows>(Reach::existing, std::move(job), std::move(done));
}

void SqlPositions::claim(const ClaimRequest& request, Done<Claim> done) {
  claims_[request.relay] = request;
  auto job = [this, request, now = clock_.now()](Driver& driver) {
    const std::vector<std::string> locks = {tables_lock(at_), relay_lock(request.relay)};
    return transact<Claim>(driver, at_.dialect, locks,
                           [&](Driver& d) { return claim_rows(d, at_, request, create_tables_, now); });
  };
  connections_.run<Claim>(Reach::create, std::move(job), std::move(done));
}

void SqlPositions::add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) {
  ClaimRequest claim = claims_[relay];
  claim.relay = relay;
  auto job = [this, claim, fence, shards = std::move(shards), now = clock_.now()](Driver& driver) {
    const std::vector<std::string> locks = {relay_lock(claim.relay)};
    return transact<bool>(driver, at_.dialect, locks,
                          [&](Driver& d) { return add_rows(d, at_, claim, fence, shards, now); });
  };
  connections_.run<bool>(Reach::create, std::move(job), std::move(done));
}

void SqlPositions::move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) {
  auto job = [this, relay, moves = std::move(moves), now = clock_.now()](Driver& driver) -> Result<bool> {
    if (moves.empty()) return true;
    return transact<bool>(driver, at_.dialect, [&](Driver& d) -> Tried<bool> {
      Tried<bool> moved = move_rows(d, at_, relay, moves, now);
      if (!moved || *moved) return moved;
      Tried<MoveState> state = explain_failed_move(d, at_, relay, moves);
      if (!state) return broken(std::move(state));
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
    Tried<bool> there = own_table_exists(driver, at_, "ctk_positions");
    if (!there) return std::unexpected(call_error(std::move(there).error()));
    Names names;
    if (!*there) return names;
    const std::string relay = at_.dialect.quote("relay");
    Tried<Answer> answer =
        driver.run(look_up(fmt::format("SELECT DISTINCT {0} FROM {1} ORDER BY {0}", relay, at_.positions)));
    if (!answer) return std::unexpected(call_error(std::move(answer).error()));
    for (const Cells& row : answer->rows) names.emplace_back(row[0].value_or(""));
    return names;
  };
  connections_.run<Names>(Reach::existing, std::move(job), std::move(done));
}

void SqlPositions::remove(const RelayName& relay, bool finished_only, Done<size_t> done) {
  auto job = [this, relay, finished_only](Driver& driver) -> Result<size_t> {
    Tried<bool> there = own_table_exists(driver, at_, "ctk_positions");
    if (!there) return std::unexpected(call_error(std::move(there).error()));
    if (!*there) return size_t{0};
    const Quoted names(at_.dialect);
    std::string sql = fmt::format("DELETE FROM {} WHERE {}", at_.positions, names.of_relay);
    if (finished_only) sql += fmt::format(" AND {} = 'SHARD_END'", names.position);
    Tried<Answer> removed = driver.run(statement(at_.dialect.bind(sql), {Param::of(relay.str())}));
    if (!removed) return std::unexpected(call_error(std::move(removed).error()));
    return static_cast<size_t>(removed->affected.front());
  };
  connections_.run<size_t>(Reach::existing, std::move(job), std::move(done));
}

}  // namespace ctk::sink::sql
