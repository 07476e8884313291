#include "relay/run.h"

#include <gtest/gtest.h>

#include "coordination/memory_store.h"

namespace ctk::relay {
namespace {

using std::chrono::seconds;

const Timestamp kNoon = from_micros(1'795'000'000'000'000);

class NoSource final : public source::StreamSource {
 public:
  void open(Done<source::SourceIdentity>) override {}
  void list(Done<std::vector<ListedShard>>) override {}
  void read(const source::ReadRequest&, Done<source::Page>) override {}
  void forget(const ShardId&) override {}
};

/// Is what it is told to be, and does nothing.
class NoSink final : public sink::Sink {
 public:
  explicit NoSink(coordination::PositionStore& positions) : positions_(positions) {}
  table::TargetTraits is = {.product = "nothing"};

  const table::TargetTraits& traits() const override { return is; }
  sink::WriteBounds bounds() const override { return {}; }
  void connect(Done<bool>) override {}
  void open(const table::TableSpec&, const coordination::TableRegistration&, Done<sink::OpenTable>) override {}
  void records(Done<std::vector<coordination::TableRecord>>) override {}
  void exists(const table::QualifiedName&, Done<bool>) override {}
  void apply(std::shared_ptr<const sink::Batch>, Done<sink::BatchOutcome>) override {}
  coordination::PositionStore& positions() override { return positions_; }
  void finish_load(const sink::LoadEnd&, Done<sink::LoadEnding>) override {}
  void sweep(const sink::SweepRequest&, Done<sink::SweepOutcome>) override {}
  void close(Done<bool>) override {}

 private:
  coordination::PositionStore& positions_;
};

struct RunTest : testing::Test {
  relay::Run run(RelayOptions options = {}) {
    options.schema = "public";
    return {std::move(options),
            source::SourceRouter(source, loop),
            sink,
            positions_of(sink),
            {loop, loop, random, log, executor}};
  }
  source::SourceIdentity stream() const {
    source::SourceIdentity identity;
    identity.service = "kinesis";
    identity.name = "cdc";
    identity.traits.version_kind = dynamodb::VersionKind::kinesis;
    return identity;
  }

  VirtualLoop loop{kNoon};
  Random random{1};
  NullLog log;
  InlineExecutor executor{loop};
  std::unique_ptr<coordination::PositionStore> store = coordination::make_memory_store(loop, loop);
  NoSource source;
  NoSink sink{*store};
};

TEST_F(RunTest, IsNamedAfterItsSourceAndItsTargetUnlessANameIsGiven) {
  relay::Run one = run();
  one.opened(stream());
  EXPECT_EQ(one.name.str(), "kinesis:cdc@public");
  RelayOptions options;
  options.table = "demo";
  relay::Run with_table = run(options);
  with_table.opened(stream());
  EXPECT_EQ(with_table.name.str(), "kinesis:cdc@public.demo");
  options.positions_name = "mine";
  relay::Run named = run(options);
  named.opened(stream());
  EXPECT_EQ(named.name.str(), "mine");
  EXPECT_EQ(named.dead_letter_source(), "mine");
}

TEST_F(RunTest, ItsTargetsOwnStoreMovesPositionsWithTheRowsWhereThereAreTransactions) {
  EXPECT_FALSE(run().positions_with_rows());
  sink.is.transactions = true;
  EXPECT_TRUE(run().positions_with_rows());
  EXPECT_TRUE(run().is_transactional());
  EXPECT_FALSE(run().positions_in_memory());
}

TEST_F(RunTest, TheSourcesClockGoesOnFromItsOpening) {
  relay::Run one = run();
  one.opened(stream());
  EXPECT_EQ(one.server_now(), kNoon) << "a source without a clock";
  source::SourceIdentity behind = stream();
  behind.server_time = kNoon - seconds(60);
  one.opened(behind);
  loop.after(seconds(5), [] {});
  loop.run_until_idle(seconds(10));
  EXPECT_EQ(one.server_now(), kNoon - seconds(55));
}

TEST_F(RunTest, ReadsAQuietShardAsOftenAsTheUserAsksElseAsTheSourceIs) {
  source::SourceIdentity dear = stream();
  dear.traits.idle_poll = seconds(5);
  relay::Run one = run();
  one.opened(dear);
  EXPECT_EQ(one.cadence().idle_poll, seconds(5));
  RelayOptions options;
  options.poll.longest_idle_poll = seconds(2);
  relay::Run bounded = run(options);
  bounded.opened(dear);
  EXPECT_EQ(bounded.cadence().idle_poll, seconds(2));
  options.poll.idle_poll = seconds(1);
  relay::Run asked = run(options);
  asked.opened(dear);
  EXPECT_EQ(asked.cadence().idle_poll, seconds(1));
}

TEST_F(RunTest, AFileEndsByItselfAndItsFirstRecordDecidesItsKind) {
  source::SourceIdentity file = stream();
  file.service = "file";
  file.origin = "/tmp/x";
  file.traits.bounded = true;
  file.traits.first_record_decides_kind = true;
  relay::Run one = run();
  one.opened(file);
  EXPECT_TRUE(one.is_bounded());
  EXPECT_FALSE(one.kind);
  EXPECT_EQ(one.dead_letter_source(), "/tmp/x@public.");
  one.opened(stream());
  EXPECT_FALSE(one.is_bounded());
  EXPECT_EQ(one.kind, dynamodb::VersionKind::kinesis);
}

}  // namespace
}  // namespace ctk::relay
