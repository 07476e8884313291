#include "source/streams_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "source/streams_testing.h"

namespace ctk::source {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StreamsSourceTest : public StreamsTest {
 protected:
  void SetUp() override { streams_.shards["a"] = {}; }

  std::unique_ptr<StreamSource> make(StreamsSourceOptions options = {"demo", false}) {
    return make_streams_source(tables_, streams_, std::move(options), loop_, loop_);
  }
  Result<SourceIdentity> open() {
    return run<SourceIdentity>([&](Done<SourceIdentity> done) { source_->open(std::move(done)); });
  }
  Result<Page> read(const Position& position = Position::trim_horizon(), Timestamp read_to = kNoTime, int most = 1000) {
    const ReadRequest request{ShardId("a"), position, most, 0, read_to};
    return run<Page>([&](Done<Page> done) { source_->read(request, std::move(done)); });
  }
  std::vector<std::string> numbers(const Result<Page>& page) {
    std::vector<std::string> result;
    if (!page) return {to_string(page.error())};
    for (const dynamodb::RawRecord& record : page->records) result.push_back(record.sequence.str());
    return result;
  }
  /// Records 1 … count, a second apart, the first of them at `from`.
  void write(int count, Timestamp from, const char* shard = "a") {
    auto& records = streams_.shards[shard].records;
    for (int i = 0; i < count; ++i) {
      const int number = records.empty() ? 1 : records.back().first + 1;
      records.emplace_back(number, from + seconds(i));
    }
  }
  Position after(int number) { return Position::after(aws::SequenceNumber(std::to_string(number))); }

  std::unique_ptr<StreamSource> source_ = make();
};

TEST_F(StreamsSourceTest, SaysWhoItIs) {
  Result<SourceIdentity> identity = open();
  ASSERT_TRUE(identity) << to_string(identity.error());
  EXPECT_EQ(identity->service, "dynamodb");
  EXPECT_EQ(identity->name, "demo");
  EXPECT_EQ(identity->source_table, "demo");
  EXPECT_EQ(identity->incarnation.str(), "arn:aws:dynamodb:r:1:table/demo/stream/L/2026-11-20T03:00:00.000000Z");
  EXPECT_EQ(identity->traits.retention, hours(24));
  EXPECT_EQ(identity->traits.version_kind, dynamodb::VersionKind::streams);
  EXPECT_EQ(identity->traits.lateness, Duration{});
  EXPECT_EQ(identity->traits.clock_tick, std::chrono::seconds(1)) << "ApproximateCreationDateTime has no fraction";
  EXPECT_FALSE(identity->traits.repeats_records);
  EXPECT_EQ(identity->server_time, loop_.now());
}

TEST_F(StreamsSourceTest, TakesAStreamsArn) {
  source_ = make({"arn:aws:dynamodb:r:1:table/demo/stream/OLD", false});
  EXPECT_EQ(open().value().incarnation.str(), "arn:aws:dynamodb:r:1:table/demo/stream/OLD/2026-11-20T03:00:00.000000Z");
  EXPECT_THAT(tables_.asked, IsEmpty());
}

TEST_F(StreamsSourceTest, NamesTheCallThatGivesATableAStream) {
  tables_.table.stream.reset();
  Result<SourceIdentity> identity = open();
  EXPECT_EQ(identity.error().kind, ErrorKind::refused);
  EXPECT_EQ(identity.error().message, "table 'demo' has no stream");
  EXPECT_THAT(identity.error().hint, HasSubstr("enable-stream=true switches it on (not in a dry run)"));
  EXPECT_THAT(identity.error().hint, HasSubstr("aws dynamodb update-table --table-name demo"));
  EXPECT_THAT(tables_.enabled_with, IsEmpty());
}

TEST_F(StreamsSourceTest, EnablesTheStreamWhereItMay) {
  for (const bool was_there : {false, true}) {
    tables_.table.stream.reset();
    if (was_there) tables_.table.stream = aws::TableStream{aws::Arn("arn:old"), false, aws::StreamView::new_image};
    tables_.enabled_with.clear();
    source_ = make({"demo", true});
    EXPECT_THAT(open().value().incarnation.str(), HasSubstr("/stream/NEW/"));
    EXPECT_THAT(tables_.enabled_with, ElementsAre(aws::StreamView::new_and_old_images));
  }
}

TEST_F(StreamsSourceTest, NeedsNewImages) {
  for (const auto& [view, name] :
       {std::pair{aws::StreamView::keys_only, "KEYS_ONLY"}, {aws::StreamView::old_image, "OLD_IMAGE"}}) {
    tables_.table.stream->view = view;
    Result<SourceIdentity> identity = open();
    EXPECT_EQ(identity.error().kind, ErrorKind::refused);
    EXPECT_THAT(identity.error().message, HasSubstr(name));
    EXPECT_THAT(identity.error().hint, HasSubstr("StreamEnabled=false"));
  }
  source_ = make({"arn:aws:dynamodb:r:1:table/demo/stream/OLD", false});
  streams_.view = aws::StreamView::keys_only;
  EXPECT_EQ(open().error().kind, ErrorKind::refused);
}

TEST_F(StreamsSourceTest, WaitsForATableOrStreamThatIsBeingMade) {
  tables_.table.status = "CREATING";
  EXPECT_EQ(open().error().kind, ErrorKind::unreachable);
  tables_.table.status = "ACTIVE";
  streams_.status = "ENABLING";
  EXPECT_EQ(open().error().kind, ErrorKind::unreachable);
  streams_.status = "ENABLED";
  streams_.shards.clear();
  EXPECT_EQ(open().error().kind, ErrorKind::unreachable) << "a stream has a shard once it is there";
}

TEST_F(StreamsSourceTest, ReadsOnFromPageToPage) {
  write(5, loop_.now());
  open().value();
  EXPECT_THAT(numbers(read(Position::trim_horizon(), kNoTime, 2)), ElementsAre("1", "2"));
  EXPECT_THAT(numbers(read(Position::trim_horizon(), kNoTime, 2)), ElementsAre("3", "4"));
  EXPECT_EQ(streams_.iterator_calls, 1);
  source_->forget(ShardId("a"));
  EXPECT_THAT(numbers(read(after(1))), ElementsAre("2", "3", "4", "5"));
  source_->forget(ShardId("a"));
  EXPECT_THAT(numbers(read(Position::at_sequence(aws::SequenceNumber("4")))), ElementsAre("4", "5"));
}

TEST_F(StreamsSourceTest, NeverAsksForMoreThanTheServiceGives) {
  open().value();
  read(Position::trim_horizon(), kNoTime, 10000).value();
  EXPECT_THAT(streams_.limits, ElementsAre(1000));
}

TEST_F(StreamsSourceTest, GivesTheLastRecordsWithTheEnd) {
  write(2, loop_.now());
  streams_.shards["a"].closed = true;
  open().value();
  Result<Page> page = read();
  EXPECT_THAT(numbers(page), ElementsAre("1", "2"));
  EXPECT_TRUE(page->ended);
}

TEST_F(StreamsSourceTest, BeginsAtATimeByDroppingWhatIsOlder) {
  write(10, loop_.now() + seconds(1));  // at :01 … :10
  open().value();
  const Position at = Position::at_timestamp(loop_.now() + milliseconds(5500));
  EXPECT_THAT(numbers(read(at)), ElementsAre("5", "6", "7", "8", "9", "10"))
      << "the record of :05 may be of the second's end";
}

TEST_F(StreamsSourceTest, BeginsAtATimeThoughTheRecordsKnowOnlyMinutes) {
  for (int number = 1; number <= 3; ++number) streams_.shards["a"].records.emplace_back(number, loop_.now());
  open().value();
  EXPECT_THAT(numbers(read(Position::at_timestamp(loop_.now() + seconds(30)))), ElementsAre("1", "2", "3"));
  source_ = make();
  open().value();
  EXPECT_THAT(numbers(read(Position::at_timestamp(loop_.now() + seconds(60)))), IsEmpty());
}

TEST_F(StreamsSourceTest, DoesNotReadOldRecordsAgainForTheSameTime) {
  write(10, loop_.now() + seconds(1));
  open().value();
  const Position at = Position::at_timestamp(loop_.now() + seconds(9));
  EXPECT_THAT(numbers(read(at, kNoTime, 5)), IsEmpty());
  source_->forget(ShardId("a"));
  EXPECT_THAT(numbers(read(at)), ElementsAre("9", "10"));
  EXPECT_EQ(streams_.starts.back().kind, aws::IteratorStart::Kind::after_sequence);
  EXPECT_EQ(streams_.starts.back().sequence.str(), "5");
}

TEST_F(StreamsSourceTest, IsAtTheTipAfterFiveEmptyPagesOverASecond) {
  open().value();
  for (int page = 0; page < 4; ++page) {
    EXPECT_FALSE(read()->at_tip);
    wait(milliseconds(300));
  }
  Result<Page> last = read();
  EXPECT_TRUE(last->at_tip);
  EXPECT_EQ(last->read_to, last->server_time);
  EXPECT_EQ(last->behind, Duration{});
}

TEST_F(StreamsSourceTest, IsAtTheTipWithARecordNewerThanTheBeginning) {
  open().value();
  write(1, loop_.now() - seconds(10));
  Result<Page> page = read();
  EXPECT_FALSE(page->at_tip);
  EXPECT_EQ(page->read_to, loop_.now() - seconds(10));
  EXPECT_EQ(page->behind, seconds(10));
  wait(seconds(2));
  write(1, loop_.now());
  EXPECT_TRUE(read()->at_tip);
}

TEST_F(StreamsSourceTest, APageThatHoldsAllThatWasAskedForIsFull) {
  EXPECT_EQ(open()->traits.calls_a_second, 0u);
  write(7, loop_.now());
  EXPECT_TRUE(read(Position::trim_horizon(), kNoTime, 5)->full);
  EXPECT_FALSE(read(Position::trim_horizon(), kNoTime, 5)->full) << "two were left";
  EXPECT_FALSE(read()->full) << "an empty one is not";
}

TEST_F(StreamsSourceTest, SaysThatItsShardsEndOnlyWithTheStream) {
  EXPECT_TRUE(open()->traits.shards_go_on);
  EXPECT_FALSE(source_->ended());
  streams_.status = "DISABLED";
  run<std::vector<ListedShard>>([&](Done<std::vector<ListedShard>> done) { source_->list(std::move(done)); }).value();
  ASSERT_TRUE(source_->ended());
  EXPECT_EQ(source_->ended()->kind, ErrorKind::gap);
}

TEST_F(StreamsSourceTest, TellsTrimmedRecordsThatWereNotRead) {
  write(10, loop_.now() - hours(30));
  streams_.shards["a"].trimmed_through = 8;
  open().value();
  Result<Page> page = read(after(3), loop_.now() - hours(29));
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::gap);
  EXPECT_THAT(page.error().message, HasSubstr("read up to 2026-11-20T22:00:00.000000Z"));
  EXPECT_THAT(page.error().message, HasSubstr("from before 2026-11-21T03:00:00.000000Z"));
  EXPECT_EQ(read(after(3)).error().kind, ErrorKind::gap) << "nobody knows how far it was read";
}

TEST_F(StreamsSourceTest, LosesNothingWhereWhatIsTrimmedWasRead) {
  write(10, loop_.now() - hours(30));
  streams_.shards["a"].trimmed_through = 9;
  open().value();
  EXPECT_THAT(numbers(read(after(9), loop_.now() - hours(20))), ElementsAre("10"));
  source_->forget(ShardId("a"));
  streams_.record_errors.push_back(FakeStreams::failure(ErrorKind::gap));
  EXPECT_THAT(numbers(read(after(10), loop_.now() - hours(1))), IsEmpty()) << "what was read is not given again";
}

TEST_F(StreamsSourceTest, TellsAHoleBehindTheParentThoughTheHorizonDoesNot) {
  open().value();
  EXPECT_EQ(read(Position::trim_horizon(), loop_.now() - hours(25)).error().kind, ErrorKind::gap);
  EXPECT_TRUE(read(Position::trim_horizon(), loop_.now() - hours(23)));
}

TEST_F(StreamsSourceTest, KnowsByItsNameThatAShardIsTooYoungForAHole) {
  const int64_t made = to_micros(loop_.now() - hours(20)) / 1000;
  const std::string id = fmt::format("shardId-{:020}-0a1b2c3d", made);
  streams_.shards[id] = {};
  open().value();
  const ReadRequest request{ShardId(id), Position::trim_horizon(), 10, 0, loop_.now() - hours(25)};
  EXPECT_TRUE(run<Page>([&](Done<Page> done) { source_->read(request, std::move(done)); }));
}

TEST_F(StreamsSourceTest, TellsThatAShardTooYoungForItIsTrimmed) {
  open().value();
  for (const int age : {5, 30}) {
    const ShardId shard(fmt::format("shardId-{:020}-0a1b2c3d", to_micros(loop_.now() - hours(age)) / 1000));
    streams_.shards[shard.str()].trimmed_through = 9;
    const ReadRequest request{shard, after(3), 10, 0, loop_.now() - hours(1)};
    const auto page = run<Page>([&](Done<Page> done) { source_->read(request, std::move(done)); });
    EXPECT_EQ(page.has_value(), age == 30) << "what was dropped of an old one had been read";
    if (page) continue;
    EXPECT_EQ(page.error().kind, ErrorKind::gap);
    EXPECT_THAT(page.error().message, HasSubstr("read up to 2026-11-22T02:00:00.000000Z"));
    EXPECT_THAT(page.error().message, HasSubstr("has already dropped the record where reading stopped"));
  }
}

TEST_F(StreamsSourceTest, TriesAHorizonThatMovesAgain) {
  open().value();
  streams_.record_errors.push_back(FakeStreams::failure(ErrorKind::gap));
  EXPECT_EQ(read().error().kind, ErrorKind::unreachable);
  write(1, loop_.now());
  EXPECT_THAT(numbers(read()), ElementsAre("1"));
}

}  // namespace
}  // namespace ctk::source
