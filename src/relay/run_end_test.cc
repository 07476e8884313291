// The end of a whole run whose last positions cannot be stored.
#include <gtest/gtest.h>

#include "relay/parts_testing.h"

namespace ctk::relay {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Takes no moves while it is away.
class AwayStore final : public coordination::PositionStore {
 public:
  AwayStore(coordination::PositionStore& rest, EventLoop& loop) : rest_(rest), loop_(loop) {}
  bool away = true;

  void read(const coordination::RelayName& relay, Done<std::vector<coordination::StoredPosition>> done) override {
    rest_.read(relay, std::move(done));
  }
  void acquire(const coordination::AcquireRequest& request, Done<coordination::Acquired> done) override {
    rest_.acquire(request, std::move(done));
  }
  void add(const coordination::RelayName& relay, coordination::Fence fence, std::vector<coordination::NewShard> shards,
           Done<bool> done) override {
    rest_.add(relay, fence, std::move(shards), std::move(done));
  }
  void move(const coordination::RelayName& relay, std::vector<coordination::PositionMove> moves, Done<bool> done) override {
    if (!away) return rest_.move(relay, std::move(moves), std::move(done));
    loop_.post([done = std::move(done)]() mutable { done(fail(ErrorKind::unreachable, "away")); });
  }
  void remove_finished(const coordination::RelayName& relay, coordination::Fence fence, std::vector<ShardId> shards,
                       Done<size_t> done) override {
    rest_.remove_finished(relay, fence, std::move(shards), std::move(done));
  }
  void relays(Done<std::vector<coordination::RelayName>> done) override { rest_.relays(std::move(done)); }
  void remove(const coordination::RelayName& relay, bool finished_only, Done<size_t> done) override {
    rest_.remove(relay, finished_only, std::move(done));
  }

 private:
  coordination::PositionStore& rest_;
  EventLoop& loop_;
};

/// One shard, at its tip.
class StillSource final : public parts::HeldSource {
 public:
  StillSource(EventLoop& loop, source::SourceIdentity identity) : loop_(loop), identity_(std::move(identity)) {}

  void open(Done<source::SourceIdentity> done) override { later(std::move(done), identity_); }
  void list(Done<std::vector<ListedShard>> done) override {
    later(std::move(done), std::vector<ListedShard>{{ShardId("shard-1"), {}, false}});
  }
  void read(const source::ReadRequest&, Done<source::Page> done) override {
    source::Page page;
    page.at_tip = true;
    page.read_to = page.server_time = parts::kNoon;
    later(std::move(done), std::move(page));
  }

 private:
  template <class T>
  void later(Done<T> done, T value) {
    loop_.post([done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); });
  }

  EventLoop& loop_;
  source::SourceIdentity identity_;
};

class EmptySink final : public parts::HeldSink {
 public:
  EmptySink(coordination::PositionStore& positions, EventLoop& loop) : HeldSink(positions), loop_(loop) {}

  void connect(Done<bool> done) override { later(std::move(done), true); }
  void records(Done<std::vector<coordination::TableRecord>> done) override {
    later(std::move(done), std::vector<coordination::TableRecord>());
  }
  void close(Done<bool> done) override { later(std::move(done), true); }

 private:
  template <class T>
  void later(Done<T> done, T value) {
    loop_.post([done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); });
  }

  EventLoop& loop_;
};

struct RunEndTest : parts::PartsTest {
  RunEndTest() {
    options.once = true;
    identity.created = parts::kNoon;
  }
  /// Runs until the first position could not be stored.
  void begin() {
    stream.emplace(loop, identity);
    relay.emplace(options, *stream, target, Positions{away, Positions::Kept::apart},
                  RelayEnvironment{loop, loop, random, log, executor});
    relay->run([this](Result<RelayStats> how) { result = std::move(how); });
    wait(seconds(10));
    ASSERT_FALSE(result.has_value());
    EXPECT_FALSE(relay->stats().outage.empty());
  }

  AwayStore away{*store, loop};
  EmptySink target{away, loop};
  std::optional<StillSource> stream;
  std::optional<Relay> relay;
  std::optional<Result<RelayStats>> result;
};

TEST_F(RunEndTest, EndsOnceItsLastPositionsAreStored) {
  begin();
  away.away = false;
  wait(seconds(5));
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->has_value());
}

TEST_F(RunEndTest, GivesUpWhereTheyCannotBeStored) {
  begin();
  wait(options.deadlines.give_up + minutes(1));
  ASSERT_TRUE(result.has_value());
  ASSERT_FALSE(result->has_value());
  EXPECT_EQ(result->error().message, "away");
}

TEST_F(RunEndTest, EndsWithinTheGracePeriodWhereItIsToldToStop) {
  begin();
  relay->stop();
  wait(options.deadlines.grace + seconds(1));
  ASSERT_TRUE(result.has_value());
}

}  // namespace
}  // namespace ctk::relay
