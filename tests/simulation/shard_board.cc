#include "simulation/shard_board.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace ctk::simulation {
namespace {

using coordination::Assignment;
using coordination::RelayName;
using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

class ShardBoard::Member final : public Assignment {
 public:
  Member(ShardBoard& board, EventLoop& worker) : board_(board), worker_(worker) {}
  ~Member() override { board_.leave(*this); }

  bool is_shared() const override { return true; }
  void begin(const RelayName& relay, Listener listener) override {
    listener_ = std::make_shared<Listener>(std::move(listener));
    relay_ = relay;
    board_.members_.push_back(this);
    for (const auto& [shard, holder] : board_.holders_) {
      if (holder == this) report(shard, true);
    }
    board_.look();
  }
  void want(std::vector<coordination::SharedShard>) override {}
  bool is_anothers(const aws::ShardId& shard) const override {
    const auto holder = board_.holders_.find(shard);
    return holder != board_.holders_.end() && holder->second != nullptr && holder->second != this;
  }
  bool may_write(const aws::ShardId& shard) const override { return !reported_lost_.contains(shard); }
  void end(Done<bool> done) override {
    board_.leave(*this);
    done(true);
  }
  void let_go(const std::vector<aws::ShardId>& shards) override {
    for (const aws::ShardId& shard : shards) {
      const auto holder = board_.holders_.find(shard);
      if (holder != board_.holders_.end() && holder->second == this) board_.holders_.erase(holder);
    }
  }

  const RelayName& relay() const { return relay_; }
  void report(const aws::ShardId& shard, bool gained) {
    worker_.post([this, kept = std::weak_ptr<Listener>(listener_), shard, gained] {
      const std::shared_ptr<Listener> listener = kept.lock();
      if (!listener) return;
      if (gained) reported_lost_.erase(shard);
      if (!gained) reported_lost_.insert(shard);
      gained ? listener->gained({shard}) : listener->lost({shard});
    });
  }

 private:
  ShardBoard& board_;
  EventLoop& worker_;
  RelayName relay_;
  std::set<aws::ShardId> reported_lost_;
  std::shared_ptr<Listener> listener_;
};

std::unique_ptr<Assignment> ShardBoard::join(EventLoop& worker) { return std::make_unique<Member>(*this, worker); }

/// Every second, while there is anybody.
void ShardBoard::look() {
  if (std::exchange(looking_, true)) return;
  world_.after(milliseconds(500 + random_.below(1000)), lifeline_.guard([this] {
    looking_ = false;
    if (members_.empty()) return;
    share_out((*members_.begin())->relay());
    look();
  }));
}

void ShardBoard::share_out(const RelayName& relay) {
  const auto rows = state_.positions.find(relay);
  if (rows == state_.positions.end()) return;
  for (const auto& [shard, row] : rows->second) {
    const auto holder = holders_.find(shard);
    if (row.position.ended()) {
      if (holder != holders_.end()) holders_.erase(holder);
    } else if (holder == holders_.end()) {
      give(shard, *anybody());
    } else if (holder->second != nullptr && random_.below(40) == 0) {
      Member& before = *holder->second;
      Member& after = *anybody();
      if (&before != &after) ++moves_;
      take_from(shard, before);
      give(shard, after);
    }
  }
}

void ShardBoard::give(const aws::ShardId& shard, Member& to) {
  holders_[shard] = &to;
  to.report(shard, true);
}

/// It hears of it at once, later, or never.
void ShardBoard::take_from(const aws::ShardId& shard, Member& from) {
  if (random_.below(4) == 0) return;
  const Duration late = random_.below(2) == 0 ? Duration{} : Duration(milliseconds(random_.below(20'000)));
  world_.after(late, lifeline_.guard([this, shard, member = &from] {
    const auto holder = holders_.find(shard);
    const bool again = holder != holders_.end() && holder->second == member;
    if (std::ranges::find(members_, member) != members_.end() && !again) member->report(shard, false);
  }));
}

void ShardBoard::leave(Member& member) {
  std::erase(members_, &member);
  for (auto& [shard, holder] : holders_) {
    if (holder != &member) continue;
    holder = nullptr;
    world_.after(milliseconds(random_.below(15'000)), lifeline_.guard([this, shard = shard] {
      const auto found = holders_.find(shard);
      if (found != holders_.end() && found->second == nullptr) holders_.erase(found);
    }));
  }
}

ShardBoard::Member* ShardBoard::anybody() { return members_[random_.below(members_.size())]; }

}  // namespace ctk::simulation
