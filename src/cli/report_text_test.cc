#include "cli/report_text.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using namespace std::chrono_literals;
using coordination::StoredPosition;
using testing::HasSubstr;

const Timestamp kNow = from_micros(1'795'318'375'742'001);  // 2026-11-22T03:32:55.742001Z

std::vector<RelayRows> some_positions() {
  StoredPosition reading;
  reading.shard = aws::ShardId("shardId-000000000000");
  reading.position = shards::Position::after(aws::SequenceNumber("495"));
  reading.incarnation = coordination::Incarnation("arn:x/2026");
  reading.epoch = 2;
  reading.read_to = kNow - 61s;
  reading.fence = 3;
  reading.worker = coordination::WorkerName("host/1/a");
  reading.updated = kNow - 1s;
  StoredPosition ended;
  ended.shard = aws::ShardId("shardId-000000000001");
  ended.position = shards::Position::shard_end();
  return {{coordination::RelayName("kinesis:cdc@doc.demo"), {reading, ended}}};
}

sink::TableReport some_report() {
  sink::TableReport report;
  report.table = "doc.demo";
  report.columns = {{"id", "BIGINT"}, {"data", "OBJECT"}};
  report.key = {"id"};
  report.rows = 12;
  report.living = 10;
  report.tombstones = 2;
  report.health = "GREEN";
  report.positions = some_positions();
  report.dead_letters = 1;
  report.dead_letters_of_no_table = 3;
  return report;
}

sink::DeadLetter some_dead_letter() {
  sink::DeadLetter dead_letter;
  dead_letter.id = "09a6";
  dead_letter.time = kNow;
  dead_letter.relay = "r";
  dead_letter.shard = "s";
  dead_letter.position = "4";
  dead_letter.source_table = "demo";
  dead_letter.key = R"({"id":{"N":"1"}})";
  dead_letter.version = "00000001.1";
  dead_letter.kind = "refused";
  dead_letter.reason = std::string(78, 'x') + "äöü";
  dead_letter.change = "{}";
  return dead_letter;
}

TEST(Reports, PositionsAsJson) {
  EXPECT_EQ(positions_json(some_positions(), kNow),
            R"([{"relay":"kinesis:cdc@doc.demo","shard":"shardId-000000000000","position":"495",)"
            R"("read_to":"2026-11-22T03:31:54.742001Z","lag_seconds":61,"updated":"2026-11-22T03:32:54.742001Z",)"
            R"("worker":"host/1/a","fence":3,"epoch":2,"incarnation":"arn:x/2026"},)"
            R"({"relay":"kinesis:cdc@doc.demo","shard":"shardId-000000000001","position":"SHARD_END","read_to":null,)"
            R"("lag_seconds":null,"updated":null,"worker":"","fence":0,"epoch":1,"incarnation":""}])"
            "\n");
  EXPECT_EQ(positions_json({}, kNow), "[]\n");
}

TEST(Reports, PositionsForPeople) {
  const std::string text = positions_text(some_positions(), kNow);
  EXPECT_THAT(text,
              HasSubstr("| 495       | 2026-11-22T03:31:54.742001Z | 1m01s | 2026-11-22T03:32:54.742001Z | host/1/a\n"));
  EXPECT_THAT(text, HasSubstr("| SHARD_END | -                           | -     | -"));
  EXPECT_THAT(text, testing::EndsWith("(2 rows)\n"));
}

TEST(Reports, ATableAsJsonHasExactlyTheContractsMembers) {
  auto report = some_report();
  report.positions.clear();
  EXPECT_EQ(table_report_json(report, kNow),
            R"({"table":"doc.demo","columns":[{"name":"id","type":"BIGINT"},{"name":"data","type":"OBJECT"}],"key":["id"],)"
            R"("rows":12,"living":10,"marked":2,"size_bytes":null,"positions":[],"dead_letters":1})"
            "\n");
  report.size_bytes = 4096;
  EXPECT_THAT(table_report_json(report, kNow), HasSubstr("\"size_bytes\":4096,"));
}

TEST(Reports, ATableForPeople) {
  auto report = some_report();
  report.size_bytes = 46694;
  const std::string text = table_report_text(report, kNow);
  EXPECT_THAT(text,
              testing::StartsWith(
                  "Table doc.demo\n\n column | type   | key\n--------+--------+-----\n"
                  " id     | BIGINT | yes\n data   | OBJECT |\n\n"
                  "Rows 12: 10 living, 2 marked\nSize 45.6 KB\nHealth GREEN\nDead letters 1, and 3 that tell no table\n\n"
                  "Positions\n relay"));
}

TEST(Reports, DeadLetters) {
  const auto dead_letter = some_dead_letter();
  const std::string object = dead_letter_json(dead_letter).substr(0, dead_letter_json(dead_letter).size() - 1);
  EXPECT_EQ(LetterList(true).end(), "[]\n");
  LetterList list(true);
  EXPECT_EQ(list.page({dead_letter, dead_letter}), "[" + object + "," + object);
  EXPECT_EQ(list.page({dead_letter}), "," + object);
  EXPECT_EQ(list.end(), "]\n");
  EXPECT_THAT(
      dead_letter_json(dead_letter),
      testing::StartsWith(R"({"id":"09a6","time":"2026-11-22T03:32:55.742001Z","relay":"r","shard":"s","position":"4",)"
                          R"("source_table":"demo","key":"{\"id\":{\"N\":\"1\"}}","version":"00000001.1",)"
                          R"("kind":"refused","reason":"xxx)"));
  LetterList table(false);
  EXPECT_THAT(table.page({dead_letter}), testing::EndsWith(std::string(77, 'x') + "...\n")) << "cut between characters";
  EXPECT_THAT(table.page({dead_letter}), HasSubstr(" id   | time "));
  EXPECT_EQ(table.end(), "(2 rows)\n");
  EXPECT_THAT(LetterList(false).end(), testing::AllOf(HasSubstr("| reason"), testing::EndsWith("\n(0 rows)\n")));
  EXPECT_THAT(dead_letter_text(dead_letter), testing::EndsWith("äöü\nchange       | {}\n"));
}

}  // namespace
}  // namespace ctk::cli
