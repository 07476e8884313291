// Full loads as the simulated DynamoDB pages them: by bytes, by number, by segment, for every type of key.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/event_loop.h"
#include "base/testing/answer.h"
#include "json/writer.h"
#include "relay/relay.h"
#include "shards/segment.h"
#include "sim/in_process_dynamodb.h"
#include "sim/item.h"
#include "simulation/target.h"
#include "source/scan_source.h"
#include "source/source_router.h"

namespace ctk::simulation {
namespace {

using std::chrono::seconds;

constexpr size_t kMegabyte = 1u << 20;

std::string typed(char type, int number) {
  if (type == 'N') return fmt::format(R"({{"N":"{}"}})", number % 2 == 0 ? number : -number);
  if (type == 'S') return fmt::format(R"({{"S":"item-{}"}})", number);
  const char bytes[] = {'\0', static_cast<char>(number), static_cast<char>(number >> 8), '\xff'};
  std::string text;
  json::append_base64(text, {bytes, static_cast<size_t>(2 + number % 3)});
  return fmt::format(R"({{"B":"{}"}})", text);
}

class ScanTest : public testing::Test {
 protected:
  void create(const std::vector<aws::KeyAttribute>& keys) {
    keys_ = keys;
    sim::TableInput input;
    input.name = "demo";
    input.keys = keys;
    dynamodb_.create_table(input, loop_.now()).value();
    snapshot_ = source::make_scan_source(api_, {aws::TableName("demo"), {}}, loop_, loop_);
    router_.emplace(*snapshot_, loop_);
  }
  void fill(int count, size_t bytes = 1) {
    for (int i = 0; i < count; ++i) {
      sim::Attributes item{{"x", fmt::format(R"({{"S":"{}"}})", std::string(bytes, 'x'))}};
      for (const aws::KeyAttribute& key : keys_) item[key.name] = typed(key.type, i);
      dynamodb_.put_item("demo", std::move(item), loop_.now()).value();
    }
  }
  template <class T, class Start>
  Result<T> run(Start start) {
    return answer_of<T>(loop_, std::move(start));
  }
  void open() {
    const auto opened = run<source::SnapshotIdentity>([&](auto done) { snapshot_->open(std::move(done)); });
    ASSERT_TRUE(opened) << to_string(opened.error());
  }
  Result<source::Page> read(const shards::Segment& segment, const shards::Position& position, int most) {
    const source::ReadRequest request{shards::segment_shard(segment), position, most, room_, kNoTime};
    return run<source::Page>([&](auto done) { router_->read(request, std::move(done)); });
  }
  /// Every page of every segment, begun behind the one before as its position was stored.
  void scan(int segments, int most) {
    pages_.clear();
    for (int number = 0; number < segments; ++number) {
      shards::Position position;
      for (bool ended = false; !ended;) {
        Result<source::Page> page = read({1, number, segments}, position, most);
        ASSERT_TRUE(page) << to_string(page.error());
        ended = page->ended;
        ASSERT_EQ(page->resume.has_value(), !ended);
        ASSERT_LT(pages_.size(), 1000U) << "it turns in circles";
        if (!ended) position = shards::parse_position(shards::to_string(*page->resume)).value();
        pages_.push_back(std::move(*page));
      }
    }
  }
  void expect_each_item_once() const {
    std::multiset<std::string> read;
    for (const source::Page& page : pages_) {
      for (const dynamodb::RawRecord& record : page.records) read.emplace(record.data);
    }
    std::multiset<std::string> there;
    for (const auto& [place, item] : dynamodb_.items_of("demo")->items()) there.insert(sim::to_json(item));
    EXPECT_EQ(read, there);
  }

  VirtualLoop loop_{from_micros(1'795'318'371'742'001)};
  Random random_{1};
  sim::DynamoDbStreams streams_{{}};
  sim::DynamoDb dynamodb_{{}, streams_, random_};
  sim::InProcessDynamoDb api_{dynamodb_, {loop_, loop_, random_}};
  std::vector<aws::KeyAttribute> keys_;
  std::unique_ptr<source::SnapshotSource> snapshot_;
  std::optional<source::SourceRouter> router_;
  size_t room_ = 0;  ///< of a page; 0: unbounded
  std::vector<source::Page> pages_;
};

TEST_F(ScanTest, PagesEndAtAMegabyteOfItems) {
  create({{"pk", 'S'}});
  fill(3000, 1000);
  open();
  scan(1, 10'000);
  expect_each_item_once();
  ASSERT_EQ(pages_.size(), 3u);
  // An item has "x" and its text, "pk" and "item-N": 1,008 bytes and N's digits.
  for (const size_t page : {0, 1}) {
    EXPECT_GE(pages_[page].records.size(), kMegabyte / 1012);
    EXPECT_LE(pages_[page].records.size(), kMegabyte / 1009 + 1);
    EXPECT_GT(pages_[page].bytes, kMegabyte);
  }
}

TEST_F(ScanTest, AnEmptyTableEndsEverySegmentAtOnce) {
  create({{"pk", 'S'}});
  open();
  scan(4, 10);
  EXPECT_EQ(pages_.size(), 4u);
  expect_each_item_once();
}

TEST_F(ScanTest, ATableOfExactlySoManyPagesEndsWithAnEmptyOne) {
  create({{"pk", 'S'}});
  fill(20);
  open();
  scan(1, 5);
  ASSERT_EQ(pages_.size(), 5u);
  EXPECT_EQ(pages_[3].records.size(), 5u);
  EXPECT_TRUE(pages_[4].records.empty());
  expect_each_item_once();
}

TEST_F(ScanTest, EveryTypeOfKeyIsWhereTheNextPageBegins) {
  for (const std::string types : {"S", "N", "B", "SN", "SB", "NS", "NN", "BS", "BB"}) {
    SCOPED_TRACE(types);
    std::vector<aws::KeyAttribute> keys{{"pk", types[0]}};
    if (types.size() > 1) keys.push_back({"sk", types[1]});
    create(keys);
    fill(60);
    open();
    for (const int segments : {1, 3, 7}) {
      scan(segments, 7);
      expect_each_item_once();
    }
    dynamodb_.delete_table("demo", loop_.now()).value();
  }
}

TEST_F(ScanTest, ItemsOf400KilobytesAreThreeAPage) {
  create({{"pk", 'B'}});
  fill(10, (400u << 10) - 10);
  open();
  scan(1, 1000);
  expect_each_item_once();
  ASSERT_EQ(pages_.size(), 4u);
  EXPECT_EQ(pages_[0].records.size(), 3u);
}

TEST_F(ScanTest, AThrottledPageIsReadLater) {
  create({{"pk", 'S'}});
  fill(5);
  open();
  dynamodb_.throttle("demo", loop_.now() + seconds(2));
  const Result<source::Page> refused = read({}, {}, 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::throttled);
  loop_.after(seconds(3), [] {});
  loop_.run_until_idle(seconds(3));
  scan(1, 10);
  expect_each_item_once();
}

/// The engine, with room for a few of the largest items only.
TEST_F(ScanTest, LargeItemsAreLoadedIntoALittleMemory) {
  create({{"pk", 'S'}, {"sk", 'B'}});
  fill(40, (400u << 10) - 20);
  TargetState state;
  TargetKnobs knobs;
  InlineExecutor executor(loop_);
  NullLog log;
  const auto sink = connect_target(state, knobs, {loop_, loop_, random_});
  relay::RelayOptions options;
  options.schema = "public";
  options.table = "demo";
  options.load.snapshot = relay::Snapshot::only;
  options.max_memory = 8u << 20;
  options.worker = coordination::WorkerName("worker");
  relay::Relay relay(options, *snapshot_, *sink, relay::positions_of(*sink), {loop_, loop_, random_, log, executor});
  const auto stats = run<relay::RelayStats>([&](auto done) { relay.run(std::move(done)); });
  ASSERT_TRUE(stats) << to_string(stats.error());
  EXPECT_EQ(stats->counts.applied, 40u);
  EXPECT_EQ(state.tables["public.demo"].size(), 40u);
}

/// A page that was paid for is used: none is read from its start again.
TEST_F(ScanTest, NoPageOfLargeItemsIsPaidForTwice) {
  for (const size_t bytes : {4'000, 60'000, 130'000, 400'000}) {
    create({{"pk", 'S'}});
    fill(40, bytes);
    open();
    const uint64_t before = api_.counts().scan;
    TargetState state;
    TargetKnobs knobs;
    InlineExecutor executor(loop_);
    NullLog log;
    const auto sink = connect_target(state, knobs, {loop_, loop_, random_});
    relay::RelayOptions options;
    options.schema = "public";
    options.table = "demo";
    options.load.snapshot = relay::Snapshot::only;
    options.load.segments = 1;
    options.worker = coordination::WorkerName("worker");
    relay::Relay relay(options, *snapshot_, *sink, relay::positions_of(*sink), {loop_, loop_, random_, log, executor});
    const auto stats = run<relay::RelayStats>([&](auto done) { relay.run(std::move(done)); });
    ASSERT_TRUE(stats) << to_string(stats.error());
    EXPECT_EQ(state.tables["public.demo"].size(), 40u);
    // As few pages as a client has that asks for a megabyte each time.
    EXPECT_LE(api_.counts().scan - before, 40 * bytes / kMegabyte + 2) << bytes;
    dynamodb_.delete_table("demo", loop_.now()).value();
  }
}

TEST_F(ScanTest, WhatHasRoomOfAPageIsKeptAndTheNextBeginsBehindIt) {
  for (const std::string types : {"S", "N", "B", "SN", "NB"}) {
    SCOPED_TRACE(types);
    std::vector<aws::KeyAttribute> keys{{"pk", types[0]}};
    if (types.size() > 1) keys.push_back({"sk", types[1]});
    create(keys);
    fill(60, 1000);
    open();
    room_ = 5000;
    scan(3, 50);
    expect_each_item_once();
    room_ = 500;
    EXPECT_EQ(read({1, 0, 1}, {}, 50).error().kind, ErrorKind::too_large) << "not even the first has room";
    dynamodb_.delete_table("demo", loop_.now()).value();
  }
}

/// Every second call is throttled whatever our rate: a third of the unthrottled rate is left, and more than a fifth must
/// be.
TEST_F(ScanTest, ThrottlesThatDoNotFollowFromItsRateDoNotStopALoad) {
  create({{"pk", 'S'}});
  fill(10'000, 100);
  api_.settings().way = std::chrono::milliseconds(20);
  const auto time_for = [&](const sim::FaultKnobs& faults) {
    snapshot_ = source::make_scan_source(api_, {aws::TableName("demo"), {}}, loop_, loop_);
    router_.emplace(*snapshot_, loop_);
    api_.settings().faults = faults;
    TargetState state;
    TargetKnobs knobs;
    InlineExecutor executor(loop_);
    NullLog log;
    const auto sink = connect_target(state, knobs, {loop_, loop_, random_});
    relay::RelayOptions options;
    options.schema = "public";
    options.table = "demo";
    options.load.snapshot = relay::Snapshot::only;
    options.worker = coordination::WorkerName("worker");
    options.deadlines.start_timeout = std::chrono::hours(1);
    relay::Relay relay(options, *snapshot_, *sink, relay::positions_of(*sink), {loop_, loop_, random_, log, executor});
    const Duration began = loop_.monotonic();
    const auto stats = run<relay::RelayStats>([&](auto done) { relay.run(std::move(done)); });
    EXPECT_TRUE(stats) << to_string(stats.error());
    EXPECT_EQ(state.tables["public.demo"].size(), 10'000u);
    return std::chrono::duration<double>(loop_.monotonic() - began).count();
  };
  const double faultless = time_for({});
  for (double sim::FaultKnobs::* kind : {&sim::FaultKnobs::throttled, &sim::FaultKnobs::server_error}) {
    for (const double share : {0.1, 0.33, 0.5, 0.8}) {
      sim::FaultKnobs faults;
      faults.*kind = share;
      const double ratio = faultless / time_for(faults);
      EXPECT_GT(ratio, 0.4 * (1 - share)) << share;
    }
  }
}

}  // namespace
}  // namespace ctk::simulation
