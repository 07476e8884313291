// What a stream has forgotten before anybody read it is told as a gap, also of a shard that was never read: a root since
// its position was made, a child since its parents were read.
#include <gtest/gtest.h>

#include <set>

#include "simulation/trace.h"
#include "simulation/worker.h"

namespace ctk::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// A source that cannot read the shards that are locked.
class LockedSource final : public source::StreamSource {
 public:
  LockedSource(std::unique_ptr<source::StreamSource> inner, const std::function<bool(const aws::ShardId&)>& locked,
               EventLoop& loop)
      : inner_(std::move(inner)), locked_(locked), loop_(loop) {}
  void open(Done<source::SourceIdentity> done) override { inner_->open(std::move(done)); }
  void list(Done<std::vector<shards::ListedShard>> done) override { inner_->list(std::move(done)); }
  void read(const source::ReadRequest& request, Done<source::Page> done) override {
    if (!locked_(request.shard)) return inner_->read(request, std::move(done));
    loop_.post([done = std::move(done)]() mutable { done(fail(ErrorKind::unreachable, "locked")); });
  }
  void forget(const aws::ShardId& shard) override { inner_->forget(shard); }
  void children(const aws::ShardId& shard, Done<std::vector<shards::ListedShard>> done) override {
    inner_->children(shard, std::move(done));
  }
  void exists(const aws::ShardId& shard, Done<bool> done) override { inner_->exists(shard, std::move(done)); }
  std::optional<Error> ended() const override { return inner_->ended(); }

 private:
  std::unique_ptr<source::StreamSource> inner_;
  const std::function<bool(const aws::ShardId&)>& locked_;
  EventLoop& loop_;
};

WorldKnobs one_shard(SourceKind source, bool resnapshot) {
  WorldKnobs knobs;
  knobs.source = source;
  knobs.shards = 1;
  knobs.resnapshot = resnapshot;
  return knobs;
}

/// A relay that is killed, or asleep, for a while.
class GapRig final : public Parts {
 public:
  explicit GapRig(SourceKind source, bool resnapshot = false)
      : knobs_(one_shard(source, resnapshot)), upstream(knobs_, random_, loop_, log_, {}) {}

  std::unique_ptr<source::StreamSource> source(std::unique_ptr<source::StreamSource> inner) override {
    return std::make_unique<LockedSource>(std::move(inner), locked, loop_);
  }

  void start() {
    worker_ = make_worker(
        {knobs_, upstream, loop_, random_, log_, faults_, state, target_, board_, leases_, watch_, *this, {}, {}, {}}, {},
        ++started_);
    worker_->relay->run([this](Result<relay::RelayStats> result) {
      if (!result) error = result.error();
    });
  }
  void live(Duration time) {
    loop_.after(time, [] {});
    loop_.run_until([] { return false; }, time);
  }
  void away(bool killed, Duration time) {
    if (!killed) worker_->loop.freeze();
    if (killed) worker_->relay.reset();
    live(time);
    if (!killed) return worker_->loop.thaw();
    dead_.push_back(std::move(worker_));
    start();
  }
  /// Whether its load comes to that state.
  bool comes_to(coordination::LoadState load, Duration most) {
    return loop_.run_until([&] { return state.records["public.demo"].load == load; }, most);
  }
  size_t rows() const {
    const auto table = state.tables.find("public.demo");
    return table == state.tables.end() ? 0 : table->second.size();
  }

 private:
  WorldKnobs knobs_;
  Random random_{1};
  VirtualLoop loop_{from_micros(1'795'000'000'000'000)};
  Trace log_{nullptr, loop_};
  sim::FaultKnobs faults_;
  TargetKnobs target_;
  std::unique_ptr<Worker> worker_;
  std::vector<std::unique_ptr<Worker>> dead_;
  int started_ = 0;
  ShardBoard board_{loop_, random_, state};
  LeaseService leases_{knobs_, random_, loop_, {}};
  LeaseWatch watch_{leases_};

 public:
  Upstream upstream;
  TargetState state;
  std::function<bool(const aws::ShardId&)> locked = [](const aws::ShardId&) { return false; };
  std::optional<Error> error;
};

class Gaps : public testing::TestWithParam<std::tuple<SourceKind, bool>> {
 protected:
  GapRig rig{std::get<0>(GetParam())};
  const bool killed = std::get<1>(GetParam());
  const std::function<bool(const aws::ShardId&)> open_ = rig.locked;
};

TEST_P(Gaps, OfARootThatWasNeverReadAreTold) {
  rig.locked = [](const aws::ShardId&) { return true; };
  rig.start();
  rig.live(minutes(1));
  rig.upstream.change();
  rig.away(killed, hours(25));
  rig.locked = open_;
  rig.live(minutes(5));
  ASSERT_TRUE(rig.error.has_value()) << "nobody misses the change";
  EXPECT_EQ(rig.error->kind, ErrorKind::gap);
}

TEST_P(Gaps, AreNoneWithinTheRetention) {
  rig.locked = [](const aws::ShardId&) { return true; };
  rig.start();
  rig.live(minutes(1));
  rig.upstream.change();
  rig.away(killed, hours(23));
  rig.locked = open_;
  rig.live(minutes(5));
  EXPECT_FALSE(rig.error.has_value()) << to_string(*rig.error);
  EXPECT_EQ(rig.rows(), 1U);
}

TEST_P(Gaps, OfAChildThatWasNeverReadAreTold) {
  rig.start();
  rig.live(minutes(10));
  std::set<aws::ShardId> roots;
  for (const auto& [relay, rows] : rig.state.positions) {
    for (const auto& [shard, row] : rows) roots.insert(shard);
  }
  rig.locked = [roots](const aws::ShardId& shard) { return !roots.contains(shard); };
  rig.upstream.reshard();
  rig.live(minutes(2));
  rig.upstream.change();
  rig.away(killed, hours(25));
  rig.locked = open_;
  rig.live(minutes(5));
  ASSERT_TRUE(rig.error.has_value()) << "nobody misses the change";
  EXPECT_EQ(rig.error->kind, ErrorKind::gap);
}

/// It does not find the gap again: the positions are of the new epoch, or about to be.
TEST_P(Gaps, ALoadThatOneHasBegunGoesOnInTheNextRun) {
  GapRig loading(std::get<0>(GetParam()), true);
  loading.start();
  for (int i = 0; i < 50; ++i) loading.upstream.change();
  loading.live(minutes(1));
  loading.locked = [](const aws::ShardId&) { return true; };
  loading.upstream.change();
  loading.away(killed, hours(25));
  loading.locked = open_;
  ASSERT_TRUE(loading.comes_to(coordination::LoadState::running, minutes(5)));
  loading.away(true, minutes(1));
  EXPECT_TRUE(loading.comes_to(coordination::LoadState::complete, minutes(30)));
  EXPECT_FALSE(loading.error.has_value()) << to_string(*loading.error);
}

INSTANTIATE_TEST_SUITE_P(Simulation, Gaps,
                         testing::Combine(testing::Values(SourceKind::kinesis, SourceKind::streams), testing::Bool()),
                         [](const auto& one) {
                           return std::string(to_string(std::get<0>(one.param))) +
                                  (std::get<1>(one.param) ? "_killed" : "_asleep");
                         });

}  // namespace
}  // namespace ctk::simulation
