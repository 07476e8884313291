#include "coordination/memory_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ctk::coordination {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Position after(const std::string& digits) { return Position::after(aws::SequenceNumber(digits)); }

/// A store on a loop of its own; each call runs the loop until it is answered.
class Fixture {
 public:
  VirtualLoop loop{Timestamp(1'700'000'000s)};
  std::unique_ptr<PositionStore> store = make_memory_store(loop, loop);
  RelayName relay{"kinesis:s@public.t"};

  Result<Acquired> acquire(const std::string& worker, std::vector<std::string> shards = {}, bool forget = false,
                           const std::string& incarnation = "arn:s/1") {
    AcquireRequest request{relay, WorkerName(worker), Incarnation(incarnation), {}, forget, 1};
    for (std::string& shard : shards) request.shards.push_back({aws::ShardId(std::move(shard)), Position::trim_horizon()});
    return wait<Acquired>([&](Done<Acquired> done) { store->acquire(request, std::move(done)); });
  }

  Result<bool> move(Fence fence, std::vector<PositionMove> moves) {
    for (PositionMove& one : moves) one.fence = fence;
    return wait<bool>([&](Done<bool> done) { store->move(relay, std::move(moves), std::move(done)); });
  }

  Result<bool> move(Fence fence, const std::string& shard, Position from, Position to) {
    return move(fence, {PositionMove{aws::ShardId(shard), std::move(from), std::move(to), kNoTime, {}}});
  }

  std::vector<StoredPosition> rows() {
    return *wait<std::vector<StoredPosition>>([&](auto done) { store->read(relay, std::move(done)); });
  }

  template <class T, class Call>
  Result<T> wait(Call call) {
    std::optional<Result<T>> answer;
    call(Done<T>([&](Result<T> result) { answer = std::move(result); }));
    EXPECT_FALSE(answer.has_value()) << "completions never come from inside the call";
    loop.run_until_idle(1s);
    EXPECT_TRUE(answer.has_value());
    return std::move(*answer);
  }
};

TEST(MemoryStore, AcquiringMakesRowsOnceAndKeepsTheirPositions) {
  Fixture f;
  const auto first = f.acquire("w1", {"a"});
  ASSERT_TRUE(first);
  ASSERT_TRUE(f.move(first->fence, "a", Position::trim_horizon(), after("5")));
  const auto second = f.acquire("w2", {"a", "b"});
  ASSERT_TRUE(second);
  ASSERT_EQ(second->positions.size(), 2U);
  EXPECT_EQ(second->positions[0].position, after("5"));
  EXPECT_EQ(second->positions[1].position, Position::trim_horizon());
  EXPECT_GT(second->fence, first->fence);
}

TEST(MemoryStore, TheOlderAcquisitionCannotWrite) {
  Fixture f;
  const auto first = f.acquire("w1", {"a"});
  f.loop.after(5s, [] {});
  f.loop.run_until_idle(10s);
  const auto second = f.acquire("w2", {"a"});
  const auto moved = f.move(first->fence, "a", Position::trim_horizon(), after("5"));
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().kind, ErrorKind::fenced);
  EXPECT_EQ(moved.error().message, "relay kinesis:s@public.t was taken over by worker w2 at 2023-11-14T22:13:25.000000Z");
  EXPECT_TRUE(f.move(second->fence, "a", Position::trim_horizon(), after("6")));
  const auto added = f.wait<bool>([&](Done<bool> done) { f.store->add(f.relay, first->fence, {}, std::move(done)); });
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::fenced);
}

TEST(MemoryStore, AMoveFromElsewhereChangesNothingAtAll) {
  Fixture f;
  const Fence fence = f.acquire("w1", {"a", "b"})->fence;
  std::vector<PositionMove> moves(2);
  moves[0] = {aws::ShardId("a"), Position::trim_horizon(), after("1"), kNoTime, {{aws::ShardId("c"), after("0")}}};
  moves[1] = {aws::ShardId("b"), after("9"), after("10"), kNoTime, {}};
  EXPECT_FALSE(f.move(fence, moves));
  ASSERT_EQ(f.rows().size(), 2U);
  EXPECT_EQ(f.rows()[0].position, Position::trim_horizon());
}

TEST(MemoryStore, AnEndBringsItsChildren) {
  Fixture f;
  const Fence fence = f.acquire("w1", {"a"})->fence;
  const PositionMove end{aws::ShardId("a"),
                         Position::trim_horizon(),
                         Position::shard_end(),
                         Timestamp(9s),
                         {{aws::ShardId("b"), Position::trim_horizon()}}};
  ASSERT_TRUE(f.move(fence, {end}));
  ASSERT_EQ(f.rows().size(), 2U);
  EXPECT_TRUE(f.rows()[0].position.ended());
  EXPECT_EQ(f.rows()[0].read_to, Timestamp(9s));
  EXPECT_EQ(f.rows()[1].fence, fence);
  EXPECT_EQ(f.rows()[1].incarnation, Incarnation("arn:s/1"));
  EXPECT_TRUE(f.move(fence, "b", Position::trim_horizon(), after("1")));
  const auto removed = f.wait<size_t>([&](Done<size_t> done) { f.store->remove(f.relay, true, std::move(done)); });
  EXPECT_EQ(*removed, 1U);
  EXPECT_EQ(f.rows().size(), 1U);
}

TEST(MemoryStore, AnAcquisitionOfSomeShardsLeavesTheOthersAlone) {
  Fixture f;
  const Fence first = f.acquire("w1", {"a", "b"})->fence;
  AcquireRequest request{f.relay, WorkerName("w2"), Incarnation("arn:s/1"), {}, false, 1};
  request.only = {aws::ShardId("b")};
  const auto taken = f.wait<Acquired>([&](auto done) { f.store->acquire(request, std::move(done)); });
  ASSERT_TRUE(taken);
  EXPECT_EQ(f.rows()[0].fence, first);
  EXPECT_EQ(f.rows()[1].fence, taken->fence);
  EXPECT_TRUE(f.move(first, "a", Position::trim_horizon(), after("1")));
  EXPECT_FALSE(f.move(first, "b", Position::trim_horizon(), after("1")));
  EXPECT_TRUE(f.move(taken->fence, "b", Position::trim_horizon(), after("1")));
}

TEST(MemoryStore, FinishedRowsGoUnderTheAcquisitionThatIsHeld) {
  Fixture f;
  const Fence fence = f.acquire("w1", {"a", "b"})->fence;
  ASSERT_TRUE(f.move(fence, "a", Position::trim_horizon(), Position::shard_end()));
  const auto remove = [&] {
    const std::vector<aws::ShardId> shards = {aws::ShardId("a"), aws::ShardId("b")};
    return f.wait<size_t>([&](auto done) { f.store->remove_finished(f.relay, fence, shards, std::move(done)); });
  };
  EXPECT_EQ(remove(), Result<size_t>(1U));
  EXPECT_EQ(f.rows().size(), 1U);
  ASSERT_TRUE(f.acquire("w2"));
  EXPECT_EQ(remove().error().kind, ErrorKind::fenced);
}

TEST(MemoryStore, ReadToNeverGoesBack) {
  Fixture f;
  const Fence fence = f.acquire("w1", {"a"})->fence;
  const auto idle = [&](Timestamp read_to) {
    return f.move(fence, {{aws::ShardId("a"), Position::trim_horizon(), Position::trim_horizon(), read_to, {}}});
  };
  ASSERT_TRUE(idle(Timestamp(8s)));
  ASSERT_TRUE(idle(Timestamp(3s)));
  ASSERT_TRUE(idle(kNoTime));
  EXPECT_EQ(f.rows()[0].read_to, Timestamp(8s));
}

TEST(MemoryStore, AnotherIncarnationIsNotReused) {
  Fixture f;
  ASSERT_TRUE(f.acquire("w1", {"a"}));
  const auto other = f.acquire("w2", {"a"}, false, "arn:s/2");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::mismatch);
  EXPECT_THAT(other.error().message, HasSubstr("arn:s/1"));
  EXPECT_THAT(other.error().message, HasSubstr("arn:s/2"));
  const auto reset = f.acquire("w2", {"b"}, true, "arn:s/2");
  ASSERT_TRUE(reset);
  ASSERT_EQ(reset->positions.size(), 1U);
  EXPECT_EQ(reset->positions[0].shard, aws::ShardId("b"));
}

TEST(MemoryStore, FencesOutliveForgottenRows) {
  Fixture f;
  const Fence first = f.acquire("w1", {"a"})->fence;
  ASSERT_TRUE(f.acquire("w2", {"a"}, true));
  EXPECT_FALSE(f.move(first, "a", Position::trim_horizon(), after("1")));
}

TEST(MemoryStore, ListsRelaysThatHaveRows) {
  Fixture f;
  const auto names = [&] { return *f.wait<std::vector<RelayName>>([&](auto done) { f.store->relays(std::move(done)); }); };
  EXPECT_TRUE(names().empty());
  ASSERT_TRUE(f.acquire("w1", {"a"}));
  EXPECT_EQ(names(), std::vector<RelayName>{f.relay});
  EXPECT_EQ(*f.wait<size_t>([&](Done<size_t> done) { f.store->remove(f.relay, false, std::move(done)); }), 1U);
  EXPECT_TRUE(names().empty());
}

// Whatever two workers of one name do, in whatever order: only the last to acquire them moves, each move starts where the
// last one ended, and what is stored is the newest worker's count.
RC_GTEST_PROP(MemoryStoreProperty, OneWriterOnePath, (const std::vector<std::pair<bool, bool>>& steps)) {
  Fixture f;
  struct Worker {
    Fence fence = 0;
    Position at;
  };
  Worker workers[2];
  int newest = -1;
  int count = 0;
  for (const auto& [which, acquires] : steps) {
    Worker& worker = workers[which ? 1 : 0];
    if (acquires) {
      const auto acquired = f.acquire(which ? "w1" : "w0", {"a"});
      RC_ASSERT(acquired.has_value());
      worker = {acquired->fence, acquired->positions[0].position};
      newest = which ? 1 : 0;
      continue;
    }
    if (worker.fence == 0) continue;
    const Position next = after(std::to_string(count + 1));
    const auto moved = f.move(worker.fence, "a", worker.at, next);
    RC_ASSERT(moved.has_value() == (newest == (which ? 1 : 0)));
    if (moved) {
      ++count;
      worker.at = next;
    }
  }
  if (newest >= 0)
    RC_ASSERT(f.rows()[0].position == (count == 0 ? Position::trim_horizon() : after(std::to_string(count))));
}

}  // namespace
}  // namespace ctk::coordination
