// Workers with one mistake each in how they keep their leases.
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/lifeline.h"
#include "coordination/held_lease.h"
#include "coordination/lease_writes.h"
#include "simulation/broken_parts.h"
#include "simulation/lease_writes_shell.h"
#include "simulation/source_shell.h"

namespace ctk::simulation {
namespace {

using aws::ItemWrite;
using aws::WriteOutcome;
using coordination::Assignment;

class UnconditionalCheckpoints final : public LeaseWritesShell {
 public:
  UnconditionalCheckpoints(std::unique_ptr<aws::DynamoDbWritesApi> inner, EventLoop&)
      : LeaseWritesShell(std::move(inner)) {}
  void write_item(const ItemWrite& write, Done<WriteOutcome> done) override {
    ItemWrite broken = write;
    if (stores_progress(write)) broken.condition.clear();
    LeaseWritesShell::write_item(broken, std::move(done));
  }
};

/// Says that the children's rows are there, and makes them some time after their parent's end.
class ChildrenAfterTheirParent final : public LeaseWritesShell {
 public:
  ChildrenAfterTheirParent(std::unique_ptr<aws::DynamoDbWritesApi> inner, EventLoop& loop)
      : LeaseWritesShell(std::move(inner)), loop_(loop) {}
  void write_item(const ItemWrite& write, Done<WriteOutcome> done) override {
    const bool is_child = write.kind == ItemWrite::Kind::put && write.subject.contains("parentShardId");
    if (!is_child) return LeaseWritesShell::write_item(write, std::move(done));
    loop_.after(std::chrono::seconds(5), lifeline_.guard([this, write] {
      LeaseWritesShell::write_item(write, [](const Result<WriteOutcome>&) {});
    }));
    loop_.post([done = std::move(done)]() mutable { done(WriteOutcome{}); });
  }

 private:
  EventLoop& loop_;
  Lifeline lifeline_;
};

/// Gives a lease away with what was stored of it before it was asked for.
class ForgetfulHandOver final : public LeaseWritesShell {
 public:
  ForgetfulHandOver(std::unique_ptr<aws::DynamoDbWritesApi> inner, EventLoop&) : LeaseWritesShell(std::move(inner)) {}
  void write_item(const ItemWrite& write, Done<WriteOutcome> done) override {
    // Who knows of a request does not ask for its absence.
    const bool is_asked_for = !write.condition.contains("attribute_not_exists");
    LeaseWritesShell::write_item(stores_progress(write) && is_asked_for ? forgetful(write) : write, std::move(done));
  }

 private:
  static ItemWrite forgetful(ItemWrite write) {
    const bool hands_over = write.update.contains(", #checkpointOwner");
    write.update = "SET #leaseCounter = :leaseCounter";
    if (hands_over) write.update += " REMOVE #checkpointOwner";
    std::erase_if(write.names, [&](const auto& name) {
      return !write.update.contains(name.first) && !write.condition.contains(name.first);
    });
    std::erase_if(write.values,
                  [](const auto& value) { return value.first != ":leaseCounter" && !value.first.starts_with(":seen_"); });
    return write;
  }
};

/// What a worker is told of its leases, as it is.
class AssignmentShell : public Assignment {
 public:
  explicit AssignmentShell(Assignment& inner) : inner_(inner) {}
  bool is_shared() const override { return inner_.is_shared(); }
  void begin(const coordination::RelayName& relay, Listener listener) override { inner_.begin(relay, std::move(listener)); }
  void want(std::vector<coordination::SharedShard> shards) override { inner_.want(std::move(shards)); }
  bool is_anothers(const aws::ShardId& shard) const override { return inner_.is_anothers(shard); }
  bool may_write(const aws::ShardId& shard) const override { return inner_.may_write(shard); }
  void let_go(const std::vector<aws::ShardId>& shards) override { inner_.let_go(shards); }
  void end(Done<bool> done) override { inner_.end(std::move(done)); }
  double share_of_load() const override { return inner_.share_of_load(); }

 private:
  Assignment& inner_;
};

/// Does not hear of what it has lost.
class WritesWhatItHasLost final : public AssignmentShell {
 public:
  using AssignmentShell::AssignmentShell;
  void begin(const coordination::RelayName& relay, Listener listener) override {
    listener.lost = [](const std::vector<aws::ShardId>&) {};
    AssignmentShell::begin(relay, std::move(listener));
  }
  bool may_write(const aws::ShardId&) const override { return true; }
};

class DeafWorkers final : public Parts {
 public:
  std::unique_ptr<Assignment> assignment(Assignment& inner) override {
    return std::make_unique<WritesWhatItHasLost>(inner);
  }
};

/// Until when a worker may write each shard, were its renewals timed from their answers.
struct LateFences {
  EventLoop& loop;
  Clock& clock;
  std::map<std::string, Duration> until;  ///< by the row's key

  bool open(const aws::ShardId& shard) const {
    const auto found = until.find(coordination::lease_key(shard));
    return found != until.end() && clock.monotonic() < found->second;
  }
};

class TimedWrites final : public LeaseWritesShell {
 public:
  TimedWrites(std::unique_ptr<aws::DynamoDbWritesApi> inner, std::shared_ptr<LateFences> fences)
      : LeaseWritesShell(std::move(inner)), fences_(std::move(fences)) {}
  void write_item(const ItemWrite& write, Done<WriteOutcome> done) override {
    const bool renews = write.kind == ItemWrite::Kind::update && write.update.starts_with("SET #leaseCounter");
    LeaseWritesShell::write_item(write, [fences = fences_, renews, key = write.subject,
                                         done = std::move(done)](Result<WriteOutcome> outcome) mutable {
      const coordination::LeaseSettings settings;
      if (renews && outcome && outcome->applied)
        fences->until[key] = fences->clock.monotonic() + settings.failover - settings.tolerance();
      done(std::move(outcome));
    });
  }

 private:
  std::shared_ptr<LateFences> fences_;
};

/// Hears of a loss once that time is over.
class TimedFromTheAnswer final : public AssignmentShell {
 public:
  TimedFromTheAnswer(Assignment& inner, std::shared_ptr<LateFences> fences)
      : AssignmentShell(inner), fences_(std::move(fences)) {}
  void begin(const coordination::RelayName& relay, Listener listener) override {
    lost_ = std::move(listener.lost);
    listener.lost = [this](const std::vector<aws::ShardId>& shards) { report_lost(shards); };
    AssignmentShell::begin(relay, std::move(listener));
  }
  bool may_write(const aws::ShardId& shard) const override {
    return AssignmentShell::may_write(shard) || fences_->open(shard);
  }

 private:
  void report_lost(const std::vector<aws::ShardId>& shards) {
    const bool still_open = std::ranges::any_of(shards, [&](const aws::ShardId& shard) { return fences_->open(shard); });
    if (!still_open) return lost_(shards);
    fences_->loop.after(std::chrono::milliseconds(50), lifeline_.guard([this, shards] { report_lost(shards); }));
  }

  std::shared_ptr<LateFences> fences_;
  std::move_only_function<void(std::vector<aws::ShardId>)> lost_;
  Lifeline lifeline_;
};

class LateRenewals final : public Parts {
 public:
  std::unique_ptr<aws::DynamoDbWritesApi> lease_writes(std::unique_ptr<aws::DynamoDbWritesApi> api, EventLoop& loop,
                                                       Clock& clock) override {
    fences_ = std::make_shared<LateFences>(loop, clock);
    return std::make_unique<TimedWrites>(std::move(api), fences_);
  }
  std::unique_ptr<Assignment> assignment(Assignment& inner) override {
    return std::make_unique<TimedFromTheAnswer>(inner, std::exchange(fences_, nullptr));
  }

 private:
  std::shared_ptr<LateFences> fences_;  ///< of the worker that is being made
};

/// A worker's way to remove rows.
struct Removal {
  std::function<void(const aws::ShardId&)> remove = [](const aws::ShardId&) {};
};

class RemovingWrites final : public LeaseWritesShell {
 public:
  RemovingWrites(std::unique_ptr<aws::DynamoDbWritesApi> inner, Removal& removal) : LeaseWritesShell(std::move(inner)) {
    removal.remove = [this](const aws::ShardId& shard) { remove(shard); };
  }
  void write_item(const ItemWrite& write, Done<WriteOutcome> done) override {
    table_ = write.table;
    LeaseWritesShell::write_item(write, std::move(done));
  }

 private:
  void remove(const aws::ShardId& shard) {
    ItemWrite write;
    write.table = table_;
    write.kind = ItemWrite::Kind::remove;
    write.subject = coordination::lease_key(shard);
    LeaseWritesShell::write_item(write, [](const Result<WriteOutcome>&) {});
  }

  aws::TableName table_;
};

/// Takes a shard that a listing lacks for gone, and its lease with it.
class RemovesWhatIsNotListed final : public SourceShell {
 public:
  RemovesWhatIsNotListed(std::unique_ptr<source::StreamSource> inner, std::shared_ptr<Removal> removal)
      : SourceShell(std::move(inner)), removal_(std::move(removal)) {}
  void list(Done<std::vector<shards::ListedShard>> done) override {
    SourceShell::list([this, done = std::move(done)](Result<std::vector<shards::ListedShard>> listed) mutable {
      if (listed) remove_missing(*listed);
      done(std::move(listed));
    });
  }

 private:
  void remove_missing(const std::vector<shards::ListedShard>& listed) {
    std::set<aws::ShardId> found;
    for (const shards::ListedShard& shard : listed) found.insert(shard.id);
    for (const aws::ShardId& shard : seen_) {
      if (!found.contains(shard)) removal_->remove(shard);
    }
    seen_ = std::move(found);
  }

  std::shared_ptr<Removal> removal_;
  std::set<aws::ShardId> seen_;
};

class RemovedOnNotFound final : public Parts {
 public:
  std::unique_ptr<source::StreamSource> source(std::unique_ptr<source::StreamSource> source) override {
    removal_ = std::make_shared<Removal>();
    return std::make_unique<RemovesWhatIsNotListed>(std::move(source), removal_);
  }
  std::unique_ptr<aws::DynamoDbWritesApi> lease_writes(std::unique_ptr<aws::DynamoDbWritesApi> api, EventLoop&,
                                                       Clock&) override {
    return std::make_unique<RemovingWrites>(std::move(api), *removal_);
  }

 private:
  std::shared_ptr<Removal> removal_;  ///< of the worker that is being made
};

template <class T>
std::unique_ptr<Parts> make_leases() {
  return std::make_unique<T>();
}

}  // namespace

std::vector<Mutation> lease_mutations() {
  return {
      {"UnconditionalCheckpoints", "a checkpoint without its condition",
       make_leases<BrokenLeaseWrites<UnconditionalCheckpoints>>, true},
      {"LateRenewals", "a renewal that is timed from the answer", make_leases<LateRenewals>, true},
      {"ChildrenAfterTheirParent", "a child's lease after the parent's end",
       make_leases<BrokenLeaseWrites<ChildrenAfterTheirParent>>, true},
      {"RemovedOnNotFound", "a lease deleted on \"not found\"", make_leases<RemovedOnNotFound>, true},
      {"DeafWorkers", "a worker that writes after it lost a shard", make_leases<DeafWorkers>, true},
      {"ForgetfulHandOver", "a hand-over that forgets the last checkpoint",
       make_leases<BrokenLeaseWrites<ForgetfulHandOver>>, true},
  };
}

}  // namespace ctk::simulation
