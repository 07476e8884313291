#include "source/streams_listing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "source/streams_testing.h"

namespace ctk::source {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const aws::Arn kStream("arn:stream");

class StreamsListingTest : public StreamsTest {
 protected:
  Result<std::vector<ListedShard>> list() {
    return run<std::vector<ListedShard>>(
        [&](Done<std::vector<ListedShard>> done) { listing_.list(kStream, std::move(done)); });
  }
  Result<std::vector<ListedShard>> children(const char* of) {
    return run<std::vector<ListedShard>>(
        [&](Done<std::vector<ListedShard>> done) { listing_.children(kStream, ShardId(of), std::move(done)); });
  }
  /// A chain of closed shards with an open one at its end.
  void make_chain(int length) {
    std::string parent;
    for (int i = 0; i < length; ++i) {
      const std::string id = "s" + std::to_string(1000 + i);
      streams_.shards[id] = {parent, i + 1 < length, {}, 0};
      parent = id;
    }
  }

  StreamsListing listing_{streams_, loop_, [](const aws::StreamsDescription&) {}};
};

TEST_F(StreamsListingTest, ReadsAllPages) {
  make_chain(250);
  Result<std::vector<ListedShard>> shards = list();
  ASSERT_TRUE(shards) << to_string(shards.error());
  ASSERT_THAT(*shards, SizeIs(250));
  EXPECT_EQ(shards->at(249), (ListedShard{ShardId("s1249"), {ShardId("s1248")}, false}));
  EXPECT_TRUE(shards->at(0).closed);
}

TEST_F(StreamsListingTest, WaitsOutThrottlingPageByPage) {
  make_chain(150);
  for (int i = 0; i < 4; ++i) streams_.describe_errors.push_back(FakeStreams::failure(ErrorKind::throttled));
  EXPECT_THAT(list().value(), SizeIs(150));
  EXPECT_EQ(streams_.describe_calls, 4 + 2 * 2);
}

TEST_F(StreamsListingTest, HandsOnWhatDoesNotPassAndNeverAPart) {
  make_chain(150);
  for (int i = 0; i < 20; ++i) streams_.describe_errors.push_back(FakeStreams::failure(ErrorKind::throttled));
  EXPECT_EQ(list().error().kind, ErrorKind::throttled);
  streams_.describe_errors.assign(1, FakeStreams::failure(ErrorKind::not_found));
  EXPECT_EQ(list().error().kind, ErrorKind::not_found);
}

TEST_F(StreamsListingTest, ReadsAgainWhereAPageInTheMiddleIsMissing) {
  make_chain(300);
  int drops = 3;
  streams_.on_page = [&](const aws::DescribeStreamRequest& request, aws::StreamsDescription& page) {
    if (request.after == ShardId("s1099") && drops-- > 0) page.shards.clear();
  };
  EXPECT_THAT(list().value(), SizeIs(300));
  drops = 1000;
  EXPECT_EQ(list().error().kind, ErrorKind::unreachable) << "a page that stays away makes no listing";
}

TEST_F(StreamsListingTest, TakesAParentForTrimmedOnceTheServiceDoesNotKnowIt) {
  make_chain(5);
  streams_.shards.erase("s1000");
  EXPECT_THAT(list().value(), SizeIs(4));
  EXPECT_EQ(streams_.iterator_calls, 1);
  EXPECT_THAT(list().value(), SizeIs(4));
  EXPECT_EQ(streams_.iterator_calls, 1) << "it is not asked for twice";
}

TEST_F(StreamsListingTest, ReadsAFirstListingOfSeveralPagesTwice) {
  // Shards that no other names: a page that lacks them shows no gap.
  for (int i = 0; i < 250; ++i) streams_.shards["s" + std::to_string(1000 + i)] = {};
  int drops = 1;
  streams_.on_page = [&](const aws::DescribeStreamRequest& request, aws::StreamsDescription& page) {
    if (request.after == ShardId("s1099") && drops-- > 0) page.shards.clear();
  };
  EXPECT_THAT(list().value(), SizeIs(250));
}

TEST_F(StreamsListingTest, AsksForTheChildrenOfOneShard) {
  make_chain(3);
  EXPECT_THAT(children("s1001").value(), ElementsAre(ListedShard{ShardId("s1002"), {ShardId("s1001")}, false}));
  EXPECT_EQ(streams_.describe_calls, 1);
  EXPECT_THAT(children("s1002").value(), IsEmpty());
}

TEST_F(StreamsListingTest, ListsOnceForManyShardsThatEndAtOnce) {
  for (int i = 0; i < 50; ++i) {
    streams_.shards[fmt::format("p{:03}", i)] = {"", true, {}, 0};
    streams_.shards[fmt::format("q{:03}", i)] = {fmt::format("p{:03}", i), false, {}, 0};
  }
  int found = 0;
  const auto take = [&](const Result<std::vector<ListedShard>>& shards) {
    const bool one_child = shards && !shards->empty();
    found += one_child ? 1 : 0;
  };
  for (int i = 0; i < 50; ++i) listing_.children(kStream, ShardId(fmt::format("p{:03}", i)), take);
  loop_.run_until([&] { return found == 50; }, std::chrono::minutes(1));
  EXPECT_EQ(found, 50);
  EXPECT_LE(streams_.describe_calls, 3 + 2 * 2);
}

TEST_F(StreamsListingTest, ListsAllWhereQuestionsAreThrottledOrUnfruitful) {
  make_chain(3);
  streams_.describe_errors.push_back(FakeStreams::failure(ErrorKind::throttled));
  EXPECT_THAT(children("s1001").value(), SizeIs(1));
  bool hidden = true;
  streams_.on_page = [&](const aws::DescribeStreamRequest& request, aws::StreamsDescription& page) {
    if (request.children_of && hidden) page.shards.clear();
  };
  EXPECT_THAT(children("s1000").value(), IsEmpty());
  EXPECT_THAT(children("s1000").value(), IsEmpty());
  EXPECT_THAT(children("s1000").value(), SizeIs(1)) << "the whole listing has it";
}

TEST_F(StreamsListingTest, ListsAllWhereTheEndpointDoesNotKnowTheQuestion) {
  make_chain(3);
  streams_.knows_children = false;
  EXPECT_THAT(children("s1001").value(), SizeIs(1));
  const int calls = streams_.describe_calls;
  EXPECT_THAT(children("s1000").value(), SizeIs(1));
  EXPECT_EQ(streams_.describe_calls, calls + 1) << "and does not ask it again";
}

TEST_F(StreamsListingTest, TellsAShardThatIsGoneFromOneThatAListingLacks) {
  make_chain(2);
  const auto exists = [&](const char* shard) {
    return run<bool>([&](Done<bool> done) { listing_.exists(kStream, ShardId(shard), std::move(done)); });
  };
  EXPECT_EQ(exists("s1000"), true);
  EXPECT_EQ(exists("s999"), false);
}

}  // namespace
}  // namespace ctk::source
