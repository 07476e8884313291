#include "engines/kcl_session.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/writer.h"

namespace ctk::engines {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string kInitialize =
    R"({"action":"initialize","shardId":"shardId-000000000000","sequenceNumber":"TRIM_HORIZON","subSequenceNumber":0})";

std::string record(const std::string& sequence, int sub, const std::string& text = "{}") {
  std::string data;
  json::append_base64(data, text);
  return fmt::format(R"({{"action":"record","data":"{}","partitionKey":"p","sequenceNumber":"{}","subSequenceNumber":{},)"
                     R"("approximateArrivalTimestamp":1735689600000}})",
                     data, sequence, sub);
}

std::string page(const std::vector<std::string>& records) {
  return fmt::format(R"({{"action":"processRecords","records":[{}],"millisBehindLatest":0}})", fmt::join(records, ","));
}

std::string answer(const std::string& error = "") {
  return fmt::format(R"({{"action":"checkpoint","sequenceNumber":"1","subSequenceNumber":0,"error":{}}})",
                     error.empty() ? "null" : '"' + error + '"');
}

std::string status(const std::string& action) { return R"({"action":"status","responseFor":")" + action + "\"}\n"; }

std::string checkpoint(const std::string& sequence, const std::string& sub) {
  return R"({"action":"checkpoint","sequenceNumber":)" + sequence + R"(,"subSequenceNumber":)" + sub + "}\n";
}

/// What is to be done, in a word each.
struct InWords {
  std::string operator()(const KclSession::Open& open) const { return "open " + open.shard.str(); }
  std::string operator()(const KclSession::Push& push) const { return fmt::format("push {}", push.records.size()); }
  std::string operator()(const KclSession::End&) const { return "end"; }
  std::string operator()(const KclSession::Say& say) const { return say.line; }
  std::string operator()(const KclSession::Wait& wait) const {
    return fmt::format("wait {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(wait.time).count());
  }
  std::string operator()(const KclSession::Note& note) const { return "note: " + note.text; }
  std::string operator()(const KclSession::Fail& fail) const { return "fail: " + fail.error.message; }
};

std::vector<std::string> in_words(const KclSession::Actions& actions) {
  std::vector<std::string> words;
  for (const KclSession::Action& action : actions) words.push_back(std::visit(InWords(), action));
  return words;
}

shards::Position after(const std::string& sequence) { return shards::Position::after(aws::SequenceNumber(sequence)); }

class KclSessionTest : public testing::Test {
 protected:
  std::vector<std::string> hear(const std::string& line) { return in_words(session.hear(line)); }
  std::vector<std::string> stored(const shards::Position& to) { return in_words(session.stored(to)); }
  void initialize() {
    EXPECT_THAT(hear(kInitialize), ElementsAre("open shardId-000000000000"));
    EXPECT_THAT(in_words(session.opened()), ElementsAre(status("initialize")));
  }
  /// One record, written and checkpointed.
  void process(const std::string& sequence) {
    EXPECT_THAT(hear(page({record(sequence, 0)})), ElementsAre("push 1"));
    EXPECT_THAT(stored(after(sequence)), ElementsAre(checkpoint('"' + sequence + '"', "0")));
    EXPECT_THAT(hear(answer()), ElementsAre(status("processRecords")));
  }
  KclSession session;
};

TEST_F(KclSessionTest, ACheckpointNeverPassesWhatIsStored) {
  initialize();
  EXPECT_THAT(hear(page({record("7", 0), record("8", 0), record("9", 0)})), ElementsAre("push 3"));
  EXPECT_THAT(stored(after("7")), IsEmpty());
  EXPECT_THAT(stored(after("8")), IsEmpty());
  EXPECT_THAT(stored(after("9")), ElementsAre(checkpoint("\"9\"", "0")));
  EXPECT_THAT(hear(answer()), ElementsAre(status("processRecords")));
}

TEST_F(KclSessionTest, NamesThePlaceInAnAggregate) {
  initialize();
  EXPECT_THAT(hear(page({record("7", 3), record("7", 4)})), ElementsAre("push 2"));
  EXPECT_THAT(stored(shards::Position::after(aws::SequenceNumber("7"), 3)), IsEmpty());
  EXPECT_THAT(stored(after("7")), ElementsAre(checkpoint("\"7\"", "4")));
}

TEST_F(KclSessionTest, APageWithoutRecordsAsksForNothing) {
  initialize();
  EXPECT_THAT(hear(page({})), ElementsAre(status("processRecords")));
}

TEST_F(KclSessionTest, APageThatIsStoredAlreadyIsCheckpointedAgain) {
  initialize();
  process("7");
  EXPECT_THAT(hear(page({record("7", 0)})), ElementsAre(checkpoint("\"7\"", "0")));
}

TEST_F(KclSessionTest, AThrottledCheckpointIsLeftToTheNextPage) {
  initialize();
  EXPECT_THAT(hear(page({record("7", 0)})), ElementsAre("push 1"));
  static_cast<void>(stored(after("7")));
  EXPECT_THAT(hear(answer("ThrottlingException")), ElementsAre(StartsWith("note: "), status("processRecords")));
  process("8");
}

/// Statement 33: the end is checkpointed with no record ever delivered.
TEST_F(KclSessionTest, AtItsEndTheShardIsCheckpointedWhenAllIsStored) {
  initialize();
  EXPECT_THAT(hear(R"({"action":"shardEnded"})"), ElementsAre("end"));
  EXPECT_THAT(stored(shards::Position::shard_end()), ElementsAre(checkpoint("null", "null")));
  EXPECT_THAT(hear(answer()), ElementsAre(status("shardEnded")));
}

TEST_F(KclSessionTest, AThrottledCheckpointAtTheEndIsTriedAgainBeforeTheStatus) {
  initialize();
  EXPECT_THAT(hear(R"({"action":"shardEnded"})"), ElementsAre("end"));
  static_cast<void>(stored(shards::Position::shard_end()));
  EXPECT_THAT(hear(answer("ThrottlingException")), ElementsAre(StartsWith("note: "), "wait 200 ms"));
  EXPECT_THAT(in_words(session.waited()), ElementsAre(checkpoint("null", "null")));
  EXPECT_THAT(hear(answer("KinesisClientLibDependencyException")), ElementsAre(StartsWith("note: "), "wait 400 ms"));
  EXPECT_THAT(in_words(session.waited()), ElementsAre(checkpoint("null", "null")));
  EXPECT_THAT(hear(answer()), ElementsAre(status("shardEnded")));
}

TEST_F(KclSessionTest, AtAShutdownTheLastPlaceIsCheckpointedUntilItIs) {
  initialize();
  process("7");
  EXPECT_THAT(hear(R"({"action":"shutdownRequested"})"), ElementsAre(checkpoint("\"7\"", "0")));
  EXPECT_THAT(hear(answer("ThrottlingException")), ElementsAre(StartsWith("note: "), "wait 200 ms"));
  EXPECT_THAT(in_words(session.waited()), ElementsAre(checkpoint("\"7\"", "0")));
  EXPECT_THAT(hear(answer("ShutdownException")), ElementsAre(StartsWith("note: "), status("shutdownRequested")));
}

TEST_F(KclSessionTest, ThrottledForEverItFails) {
  initialize();
  process("7");
  static_cast<void>(hear(R"({"action":"shutdownRequested"})"));
  for (int i = 1; i < 10; ++i) {
    ASSERT_EQ(hear(answer("ThrottlingException")).size(), 2u);
    ASSERT_EQ(session.waited().size(), 1u);
  }
  EXPECT_THAT(hear(answer("ThrottlingException")), ElementsAre(HasSubstr("tried 10 times")));
}

TEST_F(KclSessionTest, ARefusedEndFails) {
  initialize();
  static_cast<void>(hear(R"({"action":"shardEnded"})"));
  static_cast<void>(stored(shards::Position::shard_end()));
  EXPECT_THAT(hear(answer("IllegalArgumentException")), ElementsAre(HasSubstr("IllegalArgumentException")));
}

/// Statement 35: no checkpoint where the lease is lost.
TEST_F(KclSessionTest, ALostLeaseIsOnlyAcknowledged) {
  initialize();
  process("7");
  EXPECT_THAT(hear(R"({"action":"leaseLost"})"), ElementsAre(status("leaseLost")));
}

TEST_F(KclSessionTest, SpeaksWithOlderDaemons) {
  initialize();
  EXPECT_THAT(hear(R"({"action":"shutdown","reason":"TERMINATE"})"), ElementsAre("end"));
  EXPECT_THAT(stored(shards::Position::shard_end()), ElementsAre(checkpoint("null", "null")));
  EXPECT_THAT(hear(answer()), ElementsAre(status("shutdown")));
  session = {};
  initialize();
  EXPECT_THAT(hear(R"({"action":"shutdown","reason":"ZOMBIE"})"), ElementsAre(status("shutdown")));
}

TEST_F(KclSessionTest, ALineThatIsNoMessageEndsIt) {
  EXPECT_THAT(hear(""), IsEmpty());
  EXPECT_THAT(hear(" \r"), IsEmpty());
  for (const char* line : {"junk", "{}", "[]", R"({"action":"dance"})", R"({"action":"initialize"})",
                           R"({"action":"processRecords","records":[{"data":"e30="}]})",
                           R"({"action":"processRecords","records":[{"data":"?","sequenceNumber":"1"}]})"}) {
    EXPECT_THAT(hear(line), ElementsAre(HasSubstr("no message of KCL's MultiLangDaemon"))) << line;
  }
}

TEST_F(KclSessionTest, WhatComesOutOfTurnEndsIt) {
  EXPECT_THAT(hear(page({})), ElementsAre(HasSubstr("where it cannot come")));
  EXPECT_THAT(hear(R"({"action":"leaseLost"})"), ElementsAre(HasSubstr("where it cannot come")));
  initialize();
  EXPECT_THAT(hear(kInitialize), ElementsAre(HasSubstr("where it cannot come")));
  EXPECT_THAT(hear(answer()), ElementsAre(HasSubstr("where it cannot come")));
  EXPECT_THAT(hear(page({record("7", 0)})), ElementsAre("push 1"));
  EXPECT_THAT(hear(page({record("8", 0)})), ElementsAre(HasSubstr("where it cannot come")));
}

TEST(DaemonMessage, RecordsHaveTheirPlacesAndBytes) {
  const auto message = read_daemon_message(page({record("5", 0, "one"), record("7", 0, "a"), record("7", 1, "b")}));
  ASSERT_TRUE(message);
  ASSERT_EQ(message->records.size(), 3u);
  EXPECT_EQ(message->records[0].data, "one");
  EXPECT_EQ(message->records[0].arrival, from_micros(1'735'689'600'000'000));
  EXPECT_FALSE(message->records[0].in_aggregate) << "it stands alone under its number";
  EXPECT_EQ(message->records[1].in_aggregate->index, 0u);
  EXPECT_FALSE(message->records[1].in_aggregate->is_last);
  EXPECT_EQ(message->records[2].in_aggregate->index, 1u);
  EXPECT_TRUE(message->records[2].in_aggregate->is_last);
  EXPECT_EQ(message->last, (Checkpoint{aws::SequenceNumber("7"), 1}));
}

}  // namespace
}  // namespace ctk::engines
