#include "engines/observed_store.h"

#include <utility>

#include "base/lifeline.h"
#include "coordination/memory_store.h"

namespace ctk::engines {
namespace {

using namespace coordination;

class ObservedStore final : public PositionStore {
 public:
  ObservedStore(EventLoop& loop, Clock& clock, OnMoved moved)
      : moved_(std::move(moved)), rows_(make_memory_store(loop, clock)) {}

  void move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) override {
    auto take = [this, moves, done = std::move(done)](Result<bool> made) mutable {
      for (const PositionMove& one : moves) {
        if (made && *made && one.to != one.from) moved_(one.shard, one.to);
      }
      done(std::move(made));
    };
    rows_->move(relay, moves, lifeline_.guard(std::move(take)));
  }

  void read(const RelayName& relay, Done<std::vector<StoredPosition>> done) override {
    rows_->read(relay, std::move(done));
  }
  void acquire(const AcquireRequest& request, Done<Acquired> done) override { rows_->acquire(request, std::move(done)); }
  void add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) override {
    rows_->add(relay, fence, std::move(shards), std::move(done));
  }
  void remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards, Done<size_t> done) override {
    rows_->remove_finished(relay, fence, std::move(shards), std::move(done));
  }
  void relays(Done<std::vector<RelayName>> done) override { rows_->relays(std::move(done)); }
  void remove(const RelayName& relay, bool finished_only, Done<size_t> done) override {
    rows_->remove(relay, finished_only, std::move(done));
  }

 private:
  OnMoved moved_;
  std::unique_ptr<PositionStore> rows_;
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<PositionStore> make_observed_store(EventLoop& loop, Clock& clock, OnMoved moved) {
  return std::make_unique<ObservedStore>(loop, clock, std::move(moved));
}

}  // namespace ctk::engines
