#include "source/scan_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "aws/dynamodb_api.h"
#include "base/testing/answer.h"
#include "shards/segment.h"
#include "source/source_router.h"

namespace ctk::source {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Timestamp kStart = parse_timestamp("2026-11-22T03:00:00Z").value();
const aws::TableName kTable("demo");

/// A table of one segment whose pages are written down, and handed out in turn.
class WrittenPages final : public aws::DynamoDbApi {
 public:
  explicit WrittenPages(VirtualLoop& loop) : loop_(loop) {
    table.name = kTable;
    table.arn = aws::Arn("arn:aws:dynamodb:us-east-1:000000000000:table/demo");
    table.status = "ACTIVE";
    table.created = kStart - std::chrono::hours(24);
    table.keys = {{"pk", 'S'}};
  }

  void describe_table(const aws::TableName&, Done<aws::TableDescription> done) override {
    loop_.post([answer = table, done = std::move(done)]() mutable { done(std::move(answer)); });
  }
  void scan(const aws::ScanRequest& request, Done<aws::ScanPage> done) override {
    requests.push_back(request);
    asked_at.push_back(loop_.monotonic());
    ASSERT_FALSE(pages.empty()) << "nobody has written a page for this";
    loop_.post([answer = std::move(pages.front()), done = std::move(done)]() mutable { done(std::move(answer)); });
    pages.pop_front();
  }
  void get_item(const aws::TableName&, const std::string&, Done<std::optional<std::string>> done) override {
    loop_.post([done = std::move(done)]() mutable { done(fail(ErrorKind::internal, "nobody asks for one item")); });
  }
  void enable_stream(const aws::TableName&, aws::StreamView, Done<aws::TableDescription> done) override {
    loop_.post([done = std::move(done)]() mutable { done(fail(ErrorKind::internal, "nobody asks for a stream")); });
  }

  void page(std::vector<std::string> items, std::optional<std::string> next_key = {}, double capacity = 1) {
    aws::ScanPage out;
    for (const std::string& item : items) out.answer_bytes += item.size();
    for (const std::string& item : items) out.items.emplace_back(item);
    out.next_key = std::move(next_key);
    out.consumed_capacity = capacity;
    out.server_time = kStart + seconds(5);
    pages.emplace_back(std::move(out));
  }
  void refusal(ErrorKind kind) { pages.emplace_back(fail(kind, "the service says no")); }

  aws::TableDescription table;
  std::deque<Result<aws::ScanPage>> pages;
  std::vector<aws::ScanRequest> requests;
  std::vector<Duration> asked_at;

 private:
  VirtualLoop& loop_;
};

class ScanSourceTest : public testing::Test {
 protected:
  template <class T, class Start>
  Result<T> run(Start start) {
    return answer_of<T>(loop_, std::move(start));
  }
  Result<SourceIdentity> open(std::optional<load::ReadCapacity> capacity = {}) {
    snapshot_ = make_scan_source(table_, {kTable, capacity}, loop_, loop_);
    source_.emplace(*snapshot_, loop_);
    return run<SourceIdentity>([&](Done<SourceIdentity> done) { source_->open(std::move(done)); });
  }
  Result<Page> read(const Position& position = Position::trim_horizon(), size_t most_bytes = 0, int most = 1000) {
    const ReadRequest request{shards::segment_shard(segment_), position, most, most_bytes, kNoTime, share_};
    return run<Page>([&](Done<Page> done) { source_->read(request, std::move(done)); });
  }
  /// All of the segment, page by page, each begun behind the last as its stored position has it.
  std::vector<std::vector<std::string>> read_all() {
    std::vector<std::vector<std::string>> pages;
    Position position;
    while (pages.size() < 100) {
      Result<Page> page = read(position);
      EXPECT_TRUE(page) << to_string(page.error());
      if (!page) return pages;
      pages.emplace_back();
      for (const dynamodb::RawRecord& record : page->records) pages.back().emplace_back(record.data);
      if (page->ended) return pages;
      EXPECT_TRUE(page->resume);
      position = shards::parse_position(shards::to_string(page->resume.value())).value();
    }
    return pages;
  }

  VirtualLoop loop_{kStart};
  WrittenPages table_{loop_};
  std::unique_ptr<SnapshotSource> snapshot_;
  std::optional<SourceRouter> source_;
  shards::Segment segment_{1, 0, 1};
  double share_ = 1;
};

std::string item(int number) { return fmt::format(R"({{"pk":{{"S":"item-{}"}}}})", number); }

TEST_F(ScanSourceTest, SaysWhichTableItIs) {
  table_.table.keys = {{"pk", 'S'}, {"at", 'N'}};
  table_.table.items = 7;
  table_.table.bytes = 700;
  const Result<SourceIdentity> identity = open();
  ASSERT_TRUE(identity) << to_string(identity.error());
  EXPECT_EQ(identity->service, "scan");
  EXPECT_EQ(identity->incarnation.str(),
            "arn:aws:dynamodb:us-east-1:000000000000:table/demo/" + format_iso8601(kStart - std::chrono::hours(24)));
  EXPECT_TRUE(identity->traits.bounded);
  EXPECT_FALSE(identity->has_stream);
  ASSERT_TRUE(identity->scan);
  EXPECT_EQ(identity->scan->items, 7u);
  using Attribute = std::pair<std::string, dynamodb::Type>;
  EXPECT_THAT(identity->scan->keys.attributes,
              ElementsAre(Attribute{"pk", dynamodb::Type::S}, Attribute{"at", dynamodb::Type::N}));
  EXPECT_THAT(identity->key_order, ElementsAre("pk", "at")) << "the hash key, then the range key";
  EXPECT_THAT(*run<std::vector<ListedShard>>([&](auto done) { source_->list(std::move(done)); }), IsEmpty());
}

TEST_F(ScanSourceTest, WaitsForATableThatIsBeingCreated) {
  table_.table.status = "CREATING";
  EXPECT_EQ(open().error().kind, ErrorKind::unreachable);
}

TEST_F(ScanSourceTest, AnEmptyTableIsOneEmptyPageAndItsEnd) {
  ASSERT_TRUE(open());
  table_.page({});
  const Result<Page> page = read();
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_THAT(page->records, IsEmpty());
  EXPECT_TRUE(page->ended);
  EXPECT_FALSE(page->resume);
  EXPECT_TRUE(table_.requests.at(0).start_key.empty());
}

/// The service ends a page for having enough, without looking whether anything comes behind.
TEST_F(ScanSourceTest, ATableOfExactlySoManyPagesEndsWithAnEmptyOne) {
  ASSERT_TRUE(open());
  table_.page({item(1), item(2)}, item(2));
  table_.page({item(3), item(4)}, item(4));
  table_.page({});
  EXPECT_THAT(read_all(), ElementsAre(ElementsAre(item(1), item(2)), ElementsAre(item(3), item(4)),
                                      testing::ElementsAreArray<std::string>({})));
  ASSERT_THAT(table_.requests, SizeIs(3));
  EXPECT_EQ(table_.requests[1].start_key, item(2));
  EXPECT_EQ(table_.requests[2].start_key, item(4));
}

TEST_F(ScanSourceTest, EmptyPagesInTheMiddleAreReadOver) {
  ASSERT_TRUE(open());
  table_.page({}, item(1));
  table_.page({}, item(2));
  table_.page({item(3)});
  EXPECT_THAT(read_all(), ElementsAre(ElementsAre(item(3))));
  EXPECT_EQ(table_.requests.at(2).start_key, item(2));
}

TEST_F(ScanSourceTest, EveryKeyComesBackAsItCame) {
  const std::vector<std::string> keys = {
      R"({"pk":{"S":"ä\"\\ \u0000 |:\n"}})",  R"({"pk":{"N":"-1.5E+3"}})",
      R"({"pk":{"B":"AAH/+/8="}})",           R"({"pk":{"B":"AA=="},"sk":{"N":"12345678901234567890123456789012345678"}})",
      R"({"sk":{"B":"/+8="},"pk":{"S":""}})",
  };
  ASSERT_TRUE(open());
  for (const std::string& key : keys) table_.page({item(1)}, key);
  table_.page({});
  EXPECT_THAT(read_all(), SizeIs(keys.size() + 1));
  for (size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(table_.requests.at(i + 1).start_key, keys[i]);
}

TEST_F(ScanSourceTest, AsksForTheSegmentThatTheShardNames) {
  ASSERT_TRUE(open());
  segment_ = {3, 5, 16};
  table_.page({});
  ASSERT_TRUE(read());
  EXPECT_EQ(table_.requests.at(0).segment, 5);
  EXPECT_EQ(table_.requests.at(0).total_segments, 16);
  const ReadRequest nonsense{ShardId("load:00001:007/003"), {}, 1, 0, kNoTime};
  const Result<Page> refused = run<Page>([&](Done<Page> done) { source_->read(nonsense, std::move(done)); });
  EXPECT_EQ(refused.error().kind, ErrorKind::internal);
}

TEST_F(ScanSourceTest, ItemsCarryThePagesTimeAndWhoseTheyAre) {
  table_.table.keys = {{"pk", 'S'}, {"at", 'N'}};
  ASSERT_TRUE(open());
  table_.page({item(1)});
  const Result<Page> page = read();
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_EQ(page->records.at(0).arrival, kStart + seconds(5));
  EXPECT_TRUE(page->at_once);
  ASSERT_TRUE(page->items);
  EXPECT_EQ(page->items->table, "demo");
  EXPECT_THAT(page->items->keys, ElementsAre("at", "pk"));
}

/// 400 KB items: an answer may not be longer than there is room for, and what is longer is asked for again in smaller
/// parts.
TEST_F(ScanSourceTest, LargeItemsAreAskedForWithinTheRoomThatThereIs) {
  const std::string large = fmt::format(R"({{"pk":{{"S":"a"}},"x":{{"S":"{}"}}}})", std::string(400u << 10, 'x'));
  ASSERT_TRUE(open());
  table_.refusal(ErrorKind::too_large);
  EXPECT_EQ(read({}, 300'000, 4).error().kind, ErrorKind::too_large);
  table_.page({large, large}, item(2), 200);
  const Result<Page> page = read({}, 1'000'000, 2);
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_EQ(page->records.at(1).data, large);
  EXPECT_EQ(page->bytes, 2 * large.size());
  EXPECT_EQ(table_.requests.at(0).max_answer_bytes, 300'000u);
  EXPECT_EQ(table_.requests.at(0).limit, 4);
  EXPECT_EQ(table_.requests.at(1).limit, 2);
}

TEST_F(ScanSourceTest, AThrottledPageIsHandedOnAndNobodysDebt) {
  ASSERT_TRUE(open());
  table_.page({item(1)}, item(1), 1'000'000);
  ASSERT_TRUE(read());
  table_.refusal(ErrorKind::throttled);
  EXPECT_EQ(read().error().kind, ErrorKind::throttled);
  for (int i = 2; i < 6; ++i) table_.page({item(i)}, item(i), 100);
  for (int i = 2; i < 6; ++i) ASSERT_TRUE(read());
  // One refusal is no sign of a limit, and what was read before it need not be paid back.
  EXPECT_LT(table_.asked_at.at(5) - table_.asked_at.at(0), milliseconds(1));
}

TEST_F(ScanSourceTest, OtherFailuresDoNotSlowIt) {
  ASSERT_TRUE(open());
  table_.refusal(ErrorKind::unreachable);
  EXPECT_EQ(read().error().kind, ErrorKind::unreachable);
  table_.page({});
  ASSERT_TRUE(read());
  EXPECT_LT(table_.asked_at.at(1) - table_.asked_at.at(0), milliseconds(1));
}

TEST_F(ScanSourceTest, KeepsToItsReadCapacity) {
  ASSERT_TRUE(open(load::ReadCapacity{10, false}));
  for (int i = 0; i < 10; ++i) table_.page({item(i)}, item(i), 10);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(read());
  const Duration took = table_.asked_at.back() - table_.asked_at.front();
  EXPECT_GT(took, seconds(8));
  EXPECT_LT(took, seconds(10));
  // No page of more than a second's worth: 10 units are 40 KB.
  EXPECT_LE(table_.requests.front().limit, 40);
}

TEST_F(ScanSourceTest, TakesItsPartOfTheReadCapacityWhereOthersReadToo) {
  ASSERT_TRUE(open(load::ReadCapacity{20, false}));
  share_ = 0.5;
  for (int i = 0; i < 10; ++i) table_.page({item(i)}, item(i), 10);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(read());
  const Duration took = table_.asked_at.back() - table_.asked_at.front();
  EXPECT_GT(took, seconds(8));
  EXPECT_LT(took, seconds(10));
}

TEST_F(ScanSourceTest, AShareOfReadCapacityIsOneOfWhatIsProvisioned) {
  const Result<SourceIdentity> on_demand = open(load::ReadCapacity{50, true});
  EXPECT_EQ(on_demand.error().kind, ErrorKind::usage);
  EXPECT_THAT(to_string(on_demand.error()), HasSubstr("on demand"));
  table_.table.read_capacity = 20;
  ASSERT_TRUE(open(load::ReadCapacity{50, true}));
  for (int i = 0; i < 10; ++i) table_.page({item(i)}, item(i), 10);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(read());
  EXPECT_GT(table_.asked_at.back() - table_.asked_at.front(), seconds(8));
}

}  // namespace
}  // namespace ctk::source
