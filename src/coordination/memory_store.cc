#include "coordination/memory_store.h"

#include "base/answer_later.h"
#include "coordination/position_rows.h"

namespace ctk::coordination {

namespace {

class MemoryStore final : public PositionStore {
 public:
  MemoryStore(EventLoop& loop, Clock& clock) : loop_(loop), clock_(clock) {}

  void read(const RelayName& relay, Done<std::vector<StoredPosition>> done) override {
    answer(std::move(done), Result<std::vector<StoredPosition>>(rows_.list(relay)));
  }

  void acquire(const AcquireRequest& request, Done<Acquired> done) override {
    answer(std::move(done), rows_.acquire(request, clock_.now()));
  }

  void add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) override {
    answer(std::move(done), rows_.add(relay, fence, shards, clock_.now()));
  }

  void move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) override {
    answer(std::move(done), rows_.move(relay, moves, clock_.now()));
  }

  void remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards, Done<size_t> done) override {
    answer(std::move(done), rows_.remove_finished(relay, fence, shards));
  }

  void relays(Done<std::vector<RelayName>> done) override {
    answer(std::move(done), Result<std::vector<RelayName>>(rows_.relays()));
  }

  void remove(const RelayName& relay, bool finished_only, Done<size_t> done) override {
    answer(std::move(done), Result<size_t>(rows_.remove(relay, finished_only)));
  }

 private:
  template <class T>
  void answer(Done<T> done, Result<T> result) {
    answer_later(loop_, lifeline_, std::move(done), std::move(result));
  }

  EventLoop& loop_;
  Clock& clock_;
  PositionRows rows_;
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<PositionStore> make_memory_store(EventLoop& loop, Clock& clock) {
  return std::make_unique<MemoryStore>(loop, clock);
}

}  // namespace ctk::coordination
