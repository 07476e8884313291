#include "sim/in_process_dynamodb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/answer.h"
#include "json/reader.h"

namespace ctk::sim {
namespace {

using std::chrono::minutes;

class InProcessDynamoDbTest : public testing::Test {
 protected:
  InProcessDynamoDbTest() { EXPECT_TRUE(service.create_table({.name = "demo", .keys = {{"pk", 'S'}}}, loop.now())); }

  /// Makes a call and runs the loop until its answer is there.
  template <class T, class Call>
  Result<T> wait(Call call) {
    return answer_of<T>(loop, std::move(call), minutes(2));
  }
  void put(const std::string& key) {
    EXPECT_TRUE(service.put_item("demo", {{"pk", R"({"S":")" + key + R"("})"}}, loop.now()));
  }
  Result<aws::ScanPage> scan(const aws::ScanRequest& request) {
    return wait<aws::ScanPage>([&](auto done) { api.scan(request, std::move(done)); });
  }
  Result<aws::TableDescription> enable() {
    return wait<aws::TableDescription>([&](auto done) {
      api.enable_stream(aws::TableName("demo"), aws::StreamView::new_and_old_images, std::move(done));
    });
  }

  VirtualLoop loop{from_micros(1'795'318'371'000'000)};
  Random random{1};
  DynamoDbStreams streams_service{{}};
  DynamoDb service{{}, streams_service, random};
  InProcessDynamoDb api{service, {loop, loop, random}};
  InProcessStreams streams{streams_service, {loop, loop, random}};
};

TEST_F(InProcessDynamoDbTest, ScansPageByPageWithTheKeyAsItCame) {
  put("a");
  put("b");
  aws::ScanRequest request{.table = aws::TableName("demo"), .start_key = "", .limit = 1};
  const auto first = scan(request);
  ASSERT_EQ(first.value().items.size(), 1u);
  EXPECT_EQ(first->consumed_capacity, 1.0);
  request.start_key = first->next_key.value();
  const auto second = scan(request);
  EXPECT_NE(second.value().items[0], first->items[0]);
  request.max_answer_bytes = 10;
  EXPECT_EQ(scan(request).error().kind, ErrorKind::too_large);
  request = {.table = aws::TableName("demo"), .start_key = "", .limit = 2, .max_answer_bytes = first->items[0].size() + 5};
  const auto shortened = scan(request);
  ASSERT_EQ(shortened.value().items.size(), 1u);
  EXPECT_TRUE(shortened->cut_off);
  EXPECT_FALSE(shortened->next_key);
  EXPECT_EQ(api.counts().scan, 4u);
}

TEST_F(InProcessDynamoDbTest, EnablesAStreamOnceAndReadsIt) {
  const auto enabled = enable();
  ASSERT_TRUE(enabled.value().stream);
  EXPECT_EQ(enable().error().kind, ErrorKind::refused);
  put("a");
  const aws::Arn arn = enabled->stream->arn;
  const auto stream =
      wait<aws::StreamsDescription>([&](auto done) { streams.describe_stream({arn, {}, {}}, std::move(done)); });
  ASSERT_EQ(stream.value().shards.size(), 1u);
  const auto iterator =
      wait<std::string>([&](auto done) { streams.get_shard_iterator(arn, stream->shards[0].id, {}, std::move(done)); });
  const auto page =
      wait<aws::StreamsPage>([&](auto done) { streams.get_records(iterator.value(), 1000, 0, std::move(done)); });
  ASSERT_EQ(page.value().records.size(), 1u);
  EXPECT_THAT(page->records[0].data, testing::HasSubstr(R"("eventName":"INSERT")"));
}

TEST_F(InProcessDynamoDbTest, GivesErrorsTheirKinds) {
  const auto missing =
      wait<aws::TableDescription>([&](auto done) { api.describe_table(aws::TableName("none"), std::move(done)); });
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_EQ(scan({.table = aws::TableName("demo"), .start_key = "{"}).error().kind, ErrorKind::refused);
  api.settings().faults = {.throttled = 1};
  EXPECT_EQ(scan({.table = aws::TableName("demo"), .start_key = ""}).error().kind, ErrorKind::throttled);
  streams.settings().faults = {.server_error = 1};
  const auto failed = wait<aws::StreamsDescription>(
      [&](auto done) { streams.describe_stream({aws::Arn("arn:none"), {}, {}}, std::move(done)); });
  EXPECT_EQ(failed.error().kind, ErrorKind::unreachable);
}

}  // namespace
}  // namespace ctk::sim
