#include "sim/in_process_kinesis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/answer.h"

namespace ctk::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class InProcessKinesisTest : public testing::Test {
 protected:
  InProcessKinesisTest() {
    EXPECT_TRUE(service.create_stream("cdc", 1, loop.now()));
    EXPECT_TRUE(
        service.put_record({.stream = "cdc", .data = "hello", .partition_key = "a", .explicit_hash_key = {}}, loop.now()));
  }

  /// Makes a call and runs the loop until its answer is there.
  template <class T, class Call>
  Result<T> wait(Call call) {
    return answer_of<T>(loop, std::move(call), minutes(2));
  }
  Result<std::string> iterator() {
    return wait<std::string>([&](auto done) {
      api.get_shard_iterator(aws::StreamName("cdc"), aws::ShardId("shardId-000000000000"), {}, std::move(done));
    });
  }
  Result<aws::RecordPage> read(const std::string& from, size_t most = 0) {
    return wait<aws::RecordPage>([&](auto done) { api.get_records(from, 10, most, std::move(done)); });
  }

  VirtualLoop loop{from_micros(1'795'318'371'000'000)};
  Random random{1};
  Kinesis service{{}};
  InProcessKinesis api{service, {loop, loop, random}};
};

TEST_F(InProcessKinesisTest, TakesTheWayThereAndBack) {
  const Timestamp before = loop.now();
  const auto stream =
      wait<aws::StreamSummary>([&](auto done) { api.describe_stream(aws::StreamName("cdc"), std::move(done)); });
  EXPECT_EQ(stream.value().status, "ACTIVE");
  EXPECT_EQ(loop.now() - before, Duration(milliseconds(4)));
  EXPECT_EQ(stream->server_time - before, Duration(milliseconds(2)));
}

TEST_F(InProcessKinesisTest, ReadsWithRoomBehindTheData) {
  const auto page = read(iterator().value());
  ASSERT_EQ(page.value().records.size(), 1u);
  EXPECT_EQ(page->records[0].data, "hello");
  EXPECT_TRUE(page->next_iterator);
  EXPECT_EQ(api.counts().get_records, 1u);
}

TEST_F(InProcessKinesisTest, CutsWhatIsTooLarge) {
  const std::string from = iterator().value();
  EXPECT_EQ(read(from, 10).error().kind, ErrorKind::too_large) << "not even one has room";
  EXPECT_TRUE(read(from, 10'000)) << "the iterator can be used again";
}

TEST_F(InProcessKinesisTest, GivesErrorsTheirKinds) {
  const auto missing =
      wait<aws::StreamSummary>([&](auto done) { api.describe_stream(aws::StreamName("none"), std::move(done)); });
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_THAT(missing.error().peer, testing::HasSubstr("Stream none under account"));
  const std::string from = iterator().value();
  api.settings().faults = {.throttled = 1};
  EXPECT_EQ(read(from).error().kind, ErrorKind::throttled);
  api.settings().faults = {.expired_iterator = 1};
  EXPECT_EQ(read(from).error().kind, ErrorKind::expired);
  api.settings().faults = {.server_error = 1};
  EXPECT_EQ(read(from).error().kind, ErrorKind::unreachable);
  const Timestamp before = loop.now();
  api.settings().faults = {.lost_request = 1};
  EXPECT_EQ(read(from).error().kind, ErrorKind::unreachable);
  EXPECT_EQ(loop.now() - before, Duration(seconds(30)));
  api.settings().down = true;
  EXPECT_EQ(read(from).error().kind, ErrorKind::unreachable);
}

TEST(Faults, ComeAsOftenAsTheyShould) {
  Random random(5);
  int throttled = 0, empty = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Fate fate = draw_fate({.throttled = 0.2, .empty_page = 0.3}, CallKind::get_records, random);
    throttled += fate.fault == Fault::throttled ? 1 : 0;
    empty += fate.fault == Fault::empty_page ? 1 : 0;
  }
  EXPECT_NEAR(throttled, 2000, 200);
  EXPECT_NEAR(empty, 3000, 200);
}

}  // namespace
}  // namespace ctk::sim
