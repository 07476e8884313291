#include "record/kept_recording.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "base/testing/temporary_folder.h"
#include "record/recorded_positions.h"

namespace ctk::record {
namespace {

using coordination::Acquired;
using coordination::Incarnation;
using coordination::PositionMove;
using coordination::RelayName;
using shards::Position;
using testing::HasSubstr;

const RelayName kRelay("kinesis:cdc@records");
const Timestamp kNow = from_micros(1'795'000'000'000'000);

Position after(const char* number) { return Position::after(aws::SequenceNumber(number)); }

class RecordingTest : public testing::Test {
 protected:
  std::string path(const char* name) const { return folder_ / name; }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static Acquired acquire(KeptRecording& recording, const RelayName& relay = kRelay) {
    coordination::AcquireRequest request;
    request.relay = relay;
    request.incarnation = Incarnation("arn/1");
    request.shards = {{aws::ShardId("s"), Position::trim_horizon()}};
    return recording.acquire(request, kNow).value();
  }
  static Result<bool> write(KeptRecording& recording, const std::string& lines, Position from, Position to, int64_t fence) {
    return recording.write(kRelay, lines, {PositionMove{aws::ShardId("s"), from, to, kNoTime, {}, fence}}, kNow);
  }

  const TemporaryFolder folder_;
};

TEST_F(RecordingTest, GoesOnWhereItsPositionsAre) {
  {
    KeptRecording recording(path("a.json"));
    ASSERT_TRUE(recording.open());
    const Acquired first = acquire(recording);
    ASSERT_TRUE(write(recording, "1\n", Position::trim_horizon(), after("1"), first.fence));
  }
  KeptRecording recording(path("a.json"));
  ASSERT_TRUE(recording.open());
  const auto rows = recording.read(kRelay);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().position, after("1"));
  EXPECT_EQ(rows->front().incarnation, Incarnation("arn/1"));
  const Acquired again = acquire(recording);
  ASSERT_TRUE(write(recording, "2\n", after("1"), after("2"), again.fence));
  EXPECT_EQ(content(path("a.json")), "1\n2\n");
}

TEST_F(RecordingTest, OneOfNothingIsAWholeFile) {
  for (const char* name : {"a.json", "a.json.gz", "a.json.zst"}) {
    const Packing packing = packing_of(name);
    const std::string empty = pack(packing, "").value();
    {
      KeptRecording recording(path(name));
      ASSERT_TRUE(recording.open());
      acquire(recording);
    }
    EXPECT_EQ(content(path(name)), empty);
    KeptRecording recording(path(name));
    ASSERT_TRUE(recording.open());
    ASSERT_TRUE(write(recording, "1\n", Position::trim_horizon(), after("1"), acquire(recording).fence));
    EXPECT_EQ(content(path(name)), empty + pack(packing, "1\n").value());
  }
}

TEST_F(RecordingTest, LinesOfWhichNoPositionSpeaksAreCutOff) {
  {
    KeptRecording recording(path("a.json"));
    ASSERT_TRUE(recording.open());
    ASSERT_TRUE(write(recording, "1\n", Position::trim_horizon(), after("1"), acquire(recording).fence));
  }
  std::ofstream(path("a.json"), std::ios::app) << "2\n{\"torn";  // then it was killed
  KeptRecording recording(path("a.json"));
  ASSERT_TRUE(recording.open());
  EXPECT_EQ(content(path("a.json")), "1\n");
}

TEST_F(RecordingTest, AMoveThatIsNotHeldWritesNothing) {
  KeptRecording recording(path("a.json"));
  ASSERT_TRUE(recording.open());
  const Acquired held = acquire(recording);
  EXPECT_EQ(write(recording, "1\n", after("7"), after("8"), held.fence).error().kind, ErrorKind::fenced);
  EXPECT_EQ(content(path("a.json")), "");
}

TEST_F(RecordingTest, RefusesWhatIsNoRecordingOfTheStream) {
  {
    KeptRecording recording(path("a.json"));
    ASSERT_TRUE(recording.open());
    acquire(recording);
  }
  KeptRecording recording(path("a.json"));
  ASSERT_TRUE(recording.open());
  const auto other = recording.read(RelayName("kinesis:other@records"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::mismatch);
  EXPECT_THAT(other.error().message, HasSubstr("is a recording of kinesis:cdc@records"));

  std::ofstream(path("b.json")) << "something\n";
  EXPECT_EQ(KeptRecording(path("b.json")).open().error().kind, ErrorKind::refused);
  EXPECT_EQ(content(path("b.json")), "something\n");

  std::ofstream(path("c.json.positions")) << to_text({kRelay, 10, {}});
  std::ofstream(path("c.json")) << "short\n";
  EXPECT_EQ(KeptRecording(path("c.json")).open().error().kind, ErrorKind::mismatch);

  std::ofstream(path("d.json.positions")) << "nonsense";
  EXPECT_EQ(KeptRecording(path("d.json")).open().error().kind, ErrorKind::refused);
}

TEST_F(RecordingTest, IsOneProcesssAtATime) {
  KeptRecording recording(path("a.json"));
  ASSERT_TRUE(recording.open());
  EXPECT_THAT(KeptRecording(path("a.json")).open().error().message, HasSubstr("by another process"));
}

TEST(RecordedPositions, ComeBackAsTheyWere) {
  coordination::StoredPosition row;
  row.shard = aws::ShardId("shardId-1");
  row.position = after("123");
  row.incarnation = Incarnation("arn:x/2026-01-01T00:00:00Z");
  row.read_to = kNow;
  coordination::StoredPosition ended = row;
  ended.position = Position::shard_end();
  ended.read_to = kNoTime;
  const auto parsed = parse_positions(to_text({kRelay, 12, {row, ended}}));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->relay, kRelay);
  EXPECT_EQ(parsed->bytes, 12u);
  EXPECT_EQ(parsed->rows, (std::vector{row, ended}));
  for (const char* bad :
       {"", "{}", "[]", R"({"relay":"r","bytes":-1,"shards":[]})", R"({"relay":"r","bytes":1,"shards":[1]})"})
    EXPECT_FALSE(parse_positions(bad)) << bad;
}

TEST(Pack, MembersAndFramesFollowEachOther) {
  EXPECT_EQ(packing_of("a.json"), Packing::none);
  EXPECT_EQ(packing_of("a.json.gz"), Packing::gzip);
  EXPECT_EQ(packing_of("a.json.zst"), Packing::zstd);
  EXPECT_EQ(pack(Packing::none, "a\n").value(), "a\n");
  EXPECT_EQ(pack(Packing::gzip, "a\n").value().substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(pack(Packing::zstd, "a\n").value().substr(0, 4), "\x28\xb5\x2f\xfd");
}

}  // namespace
}  // namespace ctk::record
