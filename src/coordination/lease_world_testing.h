// Many keepers on a model of the lease table, in virtual time, with all that can go wrong between them; and what must hold
// whatever goes wrong. For tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "coordination/lease_keeper.h"

namespace ctk::coordination {

struct LeaseFaults {
  double refused = 0;       ///< throttled: not done
  double lost_request = 0;  ///< not done, no answer
  double lost_answer = 0;   ///< done, no answer
  double late = 0;          ///< no answer, and done up to `late_by` later
  Duration late_by = std::chrono::seconds(8);
  double slow = 0;  ///< up to `slow_by` on the way there, or back
  Duration slow_by = std::chrono::seconds(3);
  bool down = false;  ///< nothing is answered
};

/// The lease table as DynamoDB would keep it.
class LeaseTableModel {
 public:
  std::map<aws::ShardId, Lease> rows;
  uint64_t writes = 0;

  std::optional<Lease> find(const aws::ShardId& shard) const {
    const auto row = rows.find(shard);
    return row == rows.end() ? std::nullopt : std::optional(row->second);
  }
  /// Somebody deletes the row. What it said is known to those who have seen it, more or less.
  void erase(const aws::ShardId& shard) {
    rows.erase(shard);
    furthest_.erase(shard);
    removed_.insert(shard);
    erased_.insert(shard);
  }
  /// Whether the lease, which was taken, is of a row that was made after one was deleted; true once for each. How far the
  /// shard was stored before, its maker may not know.
  bool was_made_anew(const Lease& lease) {
    const auto found = made_anew_.find(lease.shard);
    if (found == made_anew_.end()) return false;
    const auto made = std::ranges::find_if(found->second, [&](const MadeAnew& row) { return row.has(lease.counter); });
    return made != found->second.end() && !std::exchange(made->was_taken, true);
  }
  /// Whether what was held under `fence` was of a row that was deleted, and made anew: who has held it may hear only now of
  /// what it had stored there.
  bool was_replaced(const aws::ShardId& shard, Fence fence) const {
    const auto made = made_anew_.find(shard);
    return made != made_anew_.end() && !made->second.back().has(fence);
  }
  /// Whether the shard's end was ever stored.
  bool has_ended(const aws::ShardId& shard) const { return ended_.contains(shard); }
  LeaseWriteAnswer apply(const LeaseWrite& write) {
    ++writes;
    const bool applied = std::visit([this](const auto& each) { return change(each); }, write);
    check_progress(shard_of(write));
    return {applied ? LeaseWriteAnswer::Kind::applied : LeaseWriteAnswer::Kind::conflict, find(shard_of(write))};
  }

 private:
  bool change(const CreateLease& write) {
    const bool is_new = rows.emplace(write.lease.shard, write.lease).second;
    if (is_new && erased_.contains(write.lease.shard)) made_anew_[write.lease.shard].push_back({write.lease.counter});
    return is_new;
  }
  bool change(const TakeLease& write) {
    Lease* row = at(write.shard, write.counter);
    if (row == nullptr) return false;
    ++row->counter;
    row->owner = write.worker;
    row->checkpoint_owner = {};
    if (write.from_other) ++row->owner_switches;
    return true;
  }
  bool change(const HoldLease& write) {
    Lease* row = at(write.shard, write.counter);
    if (row == nullptr) return false;
    if (write.after == LeaseAfter::handed_over && row->checkpoint_owner != write.worker) return false;
    if (write.after != LeaseAfter::handed_over && write.asked_by.empty() && row->handed_over()) return false;
    ++row->counter;
    if (write.progress) {
      row->checkpoint = write.progress->checkpoint;
      row->own = write.progress->own;
      if (!write.progress->children.empty()) row->children = write.progress->children;
    }
    if (write.after == LeaseAfter::released) row->owner = {};
    if (write.after == LeaseAfter::handed_over) row->checkpoint_owner = {};
    return true;
  }
  bool change(const AskForLease& write) {
    const auto row = rows.find(write.shard);
    const WorkerName before = write.withdrawn ? write.worker : write.owner;
    if (row == rows.end() || row->second.owner != before) return false;
    if (row->second.checkpoint_owner != (write.withdrawn ? write.owner : WorkerName())) return false;
    row->second.owner = write.withdrawn ? write.owner : write.worker;
    row->second.checkpoint_owner = write.withdrawn ? WorkerName() : write.owner;
    return true;
  }
  bool change(const RemoveLease& write) {
    if (at(write.shard, write.counter) == nullptr) return false;
    EXPECT_TRUE(rows.at(write.shard).finished()) << "removed although it is not finished";
    removed_.insert(write.shard);
    rows.erase(write.shard);
    return true;
  }
  Lease* at(const aws::ShardId& shard, int64_t counter) {
    const auto row = rows.find(shard);
    return row == rows.end() || row->second.counter != counter ? nullptr : &row->second;
  }
  // Statements 6 and 11: progress never goes back; children have rows before their parent's end.
  void check_progress(const aws::ShardId& shard) {
    const auto row = rows.find(shard);
    if (row == rows.end()) return;
    Checkpoint& furthest = furthest_.try_emplace(shard, row->second.checkpoint).first->second;
    EXPECT_FALSE(row->second.checkpoint < furthest) << shard << " went back";
    furthest = row->second.checkpoint;
    if (!row->second.finished()) return;
    ended_.insert(shard);
    for (const aws::ShardId& child : row->second.children) {
      EXPECT_TRUE(rows.contains(child) || removed_.contains(child)) << child << " comes after " << shard << "'s end";
    }
  }

  std::map<aws::ShardId, Checkpoint> furthest_;
  std::set<aws::ShardId> removed_, ended_, erased_;
  struct MadeAnew {
    int64_t counter = 0;  ///< it was made with
    bool was_taken = false;
    static constexpr int64_t kWrites = 900;  ///< of one row, at most: its counter tells it from the next one
    bool has(int64_t later) const { return later > counter && later <= counter + kWrites; }
  };
  std::map<aws::ShardId, std::vector<MadeAnew>> made_anew_;  ///< never empty ones
};

class LeaseWorld {
 public:
  struct Holding {
    Fence fence = 0;
    int64_t position = 0;
    std::map<uint64_t, int64_t> storing;  ///< number of progress → position
    bool ends = false;
  };
  struct Worker {
    Worker(const LeaseSettings& settings, uint64_t seed) : keeper(settings, seed), name(settings.worker) {}
    LeaseKeeper keeper;
    WorkerName name;
    std::map<aws::ShardId, Holding> holdings;
    Duration skew{};
    Timestamp asleep_until{};
    EventLoop::TimerId timer = 0;
    bool dead = false, stopping = false;
    bool hangs = false;  ///< never lets a lease go
    uint64_t asked = 0;
  };

  explicit LeaseWorld(uint64_t seed) : random(seed) {}

  Worker& add_worker(Duration skew = {}) {
    LeaseSettings mine = settings;
    mine.worker = WorkerName("worker-" + std::to_string(workers.size()));
    workers.push_back(std::make_unique<Worker>(mine, random.next()));
    Worker& worker = *workers.back();
    worker.skew = skew + std::chrono::hours(1);
    if (workers.size() == 1 && table.rows.empty()) worker.keeper.made_table(now(worker));
    perform(worker, worker.keeper.want(wanted, now(worker)));
    return worker;
  }
  void want_shards(size_t count) {
    for (size_t i = 0; i < count; ++i) wanted.push_back({.shard = aws::ShardId("shard-" + std::to_string(i))});
  }
  /// Rows as they are after somebody made them.
  void make_rows() {
    for (const WantedLease& lease : wanted) table.rows.emplace(lease.shard, new_lease(lease));
  }

  void run(Duration span) {
    loop.run_until([] { return false; }, span);
  }
  bool run_until(const std::function<bool()>& done, Duration limit) { return loop.run_until(done, limit); }

  void kill(Worker& worker) { worker.dead = true; }
  void sleep(Worker& worker, Duration span) { worker.asleep_until = loop.now() + span; }
  /// As at SIGTERM: everything is let go, with its last progress.
  void stop(Worker& worker) {
    worker.stopping = true;
    perform(worker, worker.keeper.stop(now(worker)));
    for (auto& [shard, holding] : worker.holdings) let_go(worker, shard, holding.fence);
    advance(worker);
  }
  /// Every holder moves on by one, and stores it.
  void progress() {
    for (const auto& worker : workers) {
      if (!is_awake(*worker) || worker->stopping) continue;
      for (auto& [shard, holding] : worker->holdings) {
        if (!holding.ends) store(*worker, shard, holding, holding.position + 1);
      }
      advance(*worker);
    }
  }
  /// It has listed the stream again.
  void list(Worker& worker) {
    deliver(worker, [this, &worker] {
      if (!worker.stopping) perform(worker, worker.keeper.want(wanted, now(worker)));
    });
  }
  void end_shard(Worker& worker, const aws::ShardId& shard, const std::vector<WantedLease>& children) {
    Holding& holding = worker.holdings.at(shard);
    holding.ends = true;
    EXPECT_TRUE(worker.keeper.store_end(shard, holding.fence, {}, children, now(worker)));
    advance(worker);
  }

  /// Somebody who is no worker deletes the row.
  void erase(const aws::ShardId& shard) { table.erase(shard); }

  Duration now(const Worker& worker) { return loop.monotonic() + worker.skew; }
  bool may_write(Worker& worker, const aws::ShardId& shard) {
    const auto holding = worker.holdings.find(shard);
    return holding != worker.holdings.end() && worker.keeper.may_write(shard, holding->second.fence, now(worker));
  }
  size_t held(const Worker& worker) const { return worker.holdings.size(); }
  size_t held() const {
    size_t sum = 0;
    for (const auto& worker : workers) sum += worker->dead ? 0 : worker->holdings.size();
    return sum;
  }
  size_t most_held() const {
    return extreme([](size_t a, size_t b) { return std::max(a, b); });
  }
  size_t least_held() const {
    return extreme([](size_t a, size_t b) { return std::min(a, b); });
  }
  /// Whoever has it.
  Worker* holder(const aws::ShardId& shard) {
    for (const auto& worker : workers) {
      if (!worker->dead && worker->holdings.contains(shard)) return worker.get();
    }
    return nullptr;
  }
  /// Statement 1 and what it is for: at no moment are there two who may write.
  void check_single_writers() {
    std::map<aws::ShardId, WorkerName> writers;
    for (const auto& worker : workers) {
      for (const auto& [shard, holding] : worker->holdings) {
        if (!worker->keeper.may_write(shard, holding.fence, now(*worker))) continue;
        const auto [other, alone] = writers.emplace(shard, worker->name);
        EXPECT_TRUE(alone) << shard << " is written by " << other->second << " and by " << worker->name;
      }
    }
  }

  LeaseSettings settings;
  LeaseFaults faults;
  VirtualLoop loop{from_micros(1'795'318'371'000'000)};
  Random random;
  LeaseTableModel table;
  std::vector<WantedLease> wanted;
  std::vector<std::unique_ptr<Worker>> workers;
  std::map<aws::ShardId, int64_t> acknowledged;  ///< the furthest that a holder was told to be stored
  Duration drain = std::chrono::milliseconds(300);
  bool checks = true;

 private:
  static int64_t number_of(const Lease& lease) {
    return lease.checkpoint.kind == Checkpoint::Kind::sequence ? std::stoll(lease.checkpoint.sequence.str()) : 0;
  }
  template <class Pick>
  size_t extreme(Pick pick) const {
    std::optional<size_t> found;
    for (const auto& worker : workers) {
      if (worker->dead || worker->stopping) continue;
      // Some may wait for parents yet, as one whose row was deleted and made anew.
      const size_t held = worker->keeper.held().size();
      found = found ? pick(*found, held) : held;
    }
    return found.value_or(0);
  }

  bool is_awake(const Worker& worker) { return !worker.dead && loop.now() >= worker.asleep_until; }
  /// What reaches a worker that sleeps waits.
  void deliver(Worker& worker, std::function<void()> event) {
    if (worker.dead) return;
    if (is_awake(worker)) return event();
    loop.after(worker.asleep_until - loop.now(), [this, &worker, event = std::move(event)] { deliver(worker, event); });
  }
  void advance(Worker& worker) { perform(worker, worker.keeper.advance(now(worker))); }
  void wake_when_due(Worker& worker) {
    if (worker.timer != 0) loop.cancel(worker.timer);
    const Duration due = worker.keeper.due();
    if (due == Duration::max()) return;
    const Duration in = std::max(due - now(worker), Duration(std::chrono::milliseconds(1)));
    worker.timer = loop.after(in, [this, &worker] {
      worker.timer = 0;
      deliver(worker, [this, &worker] { advance(worker); });
    });
  }

  void perform(Worker& worker, LeaseActions actions) {
    for (LeaseAction& action : actions) std::visit([&](auto& each) { act(worker, each); }, action);
    wake_when_due(worker);
    if (checks) check_single_writers();
  }

  Duration way() {
    if (faults.slow > 0 && random.fraction() < faults.slow)
      return Duration(static_cast<int64_t>(random.below(static_cast<uint64_t>(faults.slow_by.count()))));
    return Duration(static_cast<int64_t>(1000 + random.below(20'000)));
  }
  /// After which an answer is not waited for.
  Duration timeout() const { return settings.failover / 3; }

  void act(Worker& worker, const LeaseWrite& write) {
    const Duration sent = now(worker);
    const double chance = random.fraction();
    double below = faults.refused;
    const auto answer = [this, &worker, write, sent](LeaseWriteAnswer what, Duration back) {
      loop.after(back, [this, &worker, write, sent, what] {
        deliver(worker, [this, &worker, write, sent, what] {
          perform(worker, worker.keeper.written(write, what, sent, now(worker)));
        });
      });
    };
    if (faults.down) return answer({LeaseWriteAnswer::Kind::unknown, {}}, timeout());
    if (chance < below) return answer({LeaseWriteAnswer::Kind::refused, {}}, way());
    if (chance < (below += faults.lost_request)) return answer({LeaseWriteAnswer::Kind::unknown, {}}, timeout());
    if (chance < (below += faults.lost_answer)) {
      loop.after(way(), [this, write] { table.apply(write); });
      return answer({LeaseWriteAnswer::Kind::unknown, {}}, timeout());
    }
    if (chance < (below += faults.late)) {
      const auto late = Duration(static_cast<int64_t>(random.below(static_cast<uint64_t>(faults.late_by.count()))));
      loop.after(late, [this, write] { table.apply(write); });
      return answer({LeaseWriteAnswer::Kind::unknown, {}}, timeout());
    }
    const Duration there = way();
    if (there >= timeout()) answer({LeaseWriteAnswer::Kind::unknown, {}}, timeout());
    loop.after(there, [this, write, answer, there] {
      const LeaseWriteAnswer found = table.apply(write);
      const Duration back = way(), left = timeout() - there;
      if (left <= Duration{}) return;
      back < left ? answer(found, back) : answer({LeaseWriteAnswer::Kind::unknown, {}}, left);
    });
  }
  bool is_read_lost() {
    return faults.down || random.fraction() < faults.refused + faults.lost_request + faults.lost_answer;
  }
  void act(Worker& worker, const ScanLeases&) {
    const Duration sent = now(worker);
    bool lost = is_read_lost();
    const Duration there = way();
    loop.after(there, [this, &worker, sent, lost, there]() mutable {
      const Duration back = way();
      lost = lost || there + back >= timeout();
      const auto read = std::make_shared<std::vector<Lease>>();
      for (const auto& [shard, row] : table.rows) read->push_back(row);
      loop.after(back, [this, &worker, sent, lost, read] {
        deliver(worker, [this, &worker, sent, lost, read] {
          perform(worker, lost ? worker.keeper.not_scanned(now(worker))
                               : worker.keeper.scanned(std::move(*read), sent, now(worker)));
        });
      });
    });
  }
  void act(Worker& worker, const ReadLease& read) {
    bool lost = is_read_lost();
    const Duration there = way();
    loop.after(there, [this, &worker, lost, there, shard = read.shard]() mutable {
      const Duration back = way();
      lost = lost || there + back >= timeout();
      const auto row = table.find(shard);
      loop.after(back, [this, &worker, lost, shard, row] {
        deliver(worker, [this, &worker, lost, shard, row] {
          perform(worker,
                  lost ? worker.keeper.row_not_read(shard, now(worker)) : worker.keeper.row_read(shard, row, now(worker)));
        });
      });
    });
  }
  void act(Worker& worker, const LeaseGained& gained) {
    const aws::ShardId& shard = gained.lease.shard;
    EXPECT_FALSE(worker.holdings.contains(shard));
    // Statement 5: what was acknowledged is there for whoever comes next, unless it was deleted.
    if (table.was_made_anew(gained.lease)) acknowledged[shard] = std::min(acknowledged[shard], number_of(gained.lease));
    EXPECT_GE(number_of(gained.lease), acknowledged[shard]) << shard;
    // Statement 12: no child before its parents' ends.
    for (const aws::ShardId& parent : gained.lease.parents) {
      const auto row = table.find(parent);
      EXPECT_TRUE(table.has_ended(parent) || (row && row->finished())) << shard << " is read before " << parent << " was";
    }
    worker.holdings[shard] = Holding{.fence = gained.fence, .position = number_of(gained.lease), .storing = {}};
    if (worker.stopping) let_go(worker, shard, gained.fence);
  }
  void act(Worker& worker, const LeaseAsked& asked) {
    ++worker.asked;
    if (worker.hangs) return;
    loop.after(drain, [this, &worker, asked] {
      deliver(worker, [this, &worker, asked] {
        let_go(worker, asked.shard, asked.fence);
        advance(worker);
      });
    });
  }
  void act(Worker& worker, const LeaseStored& stored) {
    const auto found = worker.holdings.find(stored.shard);
    if (found == worker.holdings.end() || found->second.fence != stored.fence) return;
    for (const auto& [number, position] : found->second.storing) {
      const bool counts = number <= stored.progress && !table.was_replaced(stored.shard, stored.fence);
      if (counts) acknowledged[stored.shard] = std::max(acknowledged[stored.shard], position);
    }
    std::erase_if(found->second.storing, [&](const auto& each) { return each.first <= stored.progress; });
  }
  void act(Worker& worker, const LeaseEnded& ended) {
    const auto found = worker.holdings.find(ended.shard);
    if (found != worker.holdings.end() && found->second.fence == ended.fence) worker.holdings.erase(found);
  }
  void store(Worker& worker, const aws::ShardId& shard, Holding& holding, int64_t position) {
    const auto number =
        worker.keeper.store(shard, holding.fence, Position::after(aws::SequenceNumber(std::to_string(position))), {});
    if (!number) return;
    holding.position = position;
    holding.storing[*number] = position;
  }
  void let_go(Worker& worker, const aws::ShardId& shard, Fence fence) {
    const auto holding = worker.holdings.find(shard);
    if (holding == worker.holdings.end() || holding->second.fence != fence) return;
    if (!holding->second.ends) store(worker, shard, holding->second, holding->second.position + 1);
    worker.keeper.let_go(shard, fence);
  }
};

}  // namespace ctk::coordination
