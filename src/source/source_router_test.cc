#include "source/source_router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace ctk::source {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Notes what it is asked, and answers at once.
class NotedStream final : public StreamSource {
 public:
  void open(Done<SourceIdentity> done) override {
    SourceIdentity identity;
    identity.service = "kinesis";
    identity.traits.seeks_time = true;
    done(std::move(identity));
  }
  void list(Done<std::vector<ListedShard>> done) override { done(std::vector<ListedShard>{{ShardId("shard"), {}, false}}); }
  void read(const ReadRequest& request, Done<Page> done) override {
    asked.push_back("read " + request.shard.str());
    done(Page());
  }
  void forget(const ShardId& shard) override { asked.push_back("forget " + shard.str()); }
  void leave(const ShardId& shard) override { asked.push_back("leave " + shard.str()); }

  std::vector<std::string> asked;
};

class NotedSnapshot final : public SnapshotSource {
 public:
  void open(Done<SnapshotIdentity> done) override {
    SnapshotIdentity identity;
    identity.service = "scan";
    identity.table.name = "demo";
    identity.table.items = 7;
    identity.key_order = {"pk"};
    done(std::move(identity));
  }
  int segments(std::optional<int> wanted) const override { return wanted.value_or(3); }
  Timestamp cut(Timestamp server_now) const override { return server_now - std::chrono::minutes(1); }
  void read(const SegmentRequest& request, Done<SegmentPage> done) override {
    asked = request;
    SegmentPage page;
    page.resume = next;
    done(std::move(page));
  }

  SegmentRequest asked;
  std::string next = "behind it";
};

class SourceRouterTest : public testing::Test {
 protected:
  template <class T, class Call>
  Result<T> ask(Call call) {
    std::optional<Result<T>> result;
    call([&](Result<T> answer) { result = std::move(answer); });
    loop_.run_until([&] { return result.has_value(); }, std::chrono::minutes(1));
    return result ? std::move(*result) : Result<T>(fail(ErrorKind::internal, "no completion"));
  }
  SourceIdentity identity_of(SourceRouter& router) {
    return ask<SourceIdentity>([&](auto done) { router.open(std::move(done)); }).value();
  }

  VirtualLoop loop_{from_micros(0)};
  NotedStream stream_;
  NotedSnapshot snapshot_;
  const ShardId segment_ = shards::segment_shard({2, 1, 4});
};

TEST_F(SourceRouterTest, AStreamWithASnapshotIsTheStreamWithATableInIt) {
  SourceRouter router({&stream_, &snapshot_}, loop_);
  const SourceIdentity identity = identity_of(router);
  EXPECT_EQ(identity.service, "kinesis");
  EXPECT_TRUE(identity.has_stream);
  EXPECT_FALSE(identity.traits.bounded);
  ASSERT_TRUE(identity.scan);
  EXPECT_EQ(identity.scan->items, 7u);
  EXPECT_THAT(identity.key_order, ElementsAre("pk"));
}

TEST_F(SourceRouterTest, ASnapshotAloneEndsAndHasNoShards) {
  SourceRouter router(snapshot_, loop_);
  const SourceIdentity identity = identity_of(router);
  EXPECT_EQ(identity.service, "scan");
  EXPECT_FALSE(identity.has_stream);
  EXPECT_TRUE(identity.traits.bounded);
  const auto shards = ask<std::vector<ListedShard>>([&](auto done) { router.list(std::move(done)); });
  EXPECT_THAT(shards.value(), IsEmpty());
  EXPECT_FALSE(ask<bool>([&](auto done) { router.exists(ShardId("shard"), std::move(done)); }).value());
  EXPECT_FALSE(router.ended());
}

TEST_F(SourceRouterTest, SegmentsGoToTheSnapshotAndShardsToTheStream) {
  SourceRouter router({&stream_, &snapshot_}, loop_);
  const Position place = Position::after_key("here");
  const auto page = ask<Page>([&](auto done) { router.read({segment_, place, 10, 500, kNoTime}, std::move(done)); });
  EXPECT_EQ(snapshot_.asked.segment, (shards::Segment{2, 1, 4}));
  EXPECT_EQ(snapshot_.asked.resume, "here");
  EXPECT_EQ(snapshot_.asked.max_items, 10);
  EXPECT_EQ(snapshot_.asked.max_bytes, 500u);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->resume, Position::after_key("behind it"));
  EXPECT_FALSE(page->ended);
  router.forget(segment_);
  router.leave(segment_);
  EXPECT_THAT(stream_.asked, IsEmpty());
  ASSERT_TRUE(ask<Page>([&](auto done) { router.read({ShardId("shard"), {}, 10, 0, kNoTime}, std::move(done)); }));
  router.forget(ShardId("shard"));
  router.leave(ShardId("shard"));
  EXPECT_THAT(stream_.asked, ElementsAre("read shard", "forget shard", "leave shard"));
}

TEST_F(SourceRouterTest, WithoutAResumeTextTheSegmentHasEnded) {
  snapshot_.next.clear();
  SourceRouter router(snapshot_, loop_);
  const auto page = ask<Page>([&](auto done) { router.read({segment_, {}, 10, 0, kNoTime}, std::move(done)); });
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->ended);
  EXPECT_FALSE(page->resume);
}

TEST_F(SourceRouterTest, WhatIsNoSegmentIsNotReadWithoutAStream) {
  SourceRouter router(snapshot_, loop_);
  const auto page = ask<Page>([&](auto done) { router.read({ShardId("shard"), {}, 10, 0, kNoTime}, std::move(done)); });
  EXPECT_EQ(page.error().kind, ErrorKind::internal);
}

TEST_F(SourceRouterTest, AsksTheSnapshotForCutAndSegments) {
  SourceRouter router({&stream_, &snapshot_}, loop_);
  EXPECT_EQ(router.segments({}), 3);
  EXPECT_EQ(router.segments(8), 8);
  EXPECT_EQ(router.cut(from_micros(60'000'000)), from_micros(0));
  EXPECT_EQ(SourceRouter(stream_, loop_).segments({}), 4) << "as of a table of unknown size";
}

}  // namespace
}  // namespace ctk::source
