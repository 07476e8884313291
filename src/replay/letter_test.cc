#include "replay/letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dynamodb/decode.h"
#include "json/writer.h"

namespace ctk::replay {
namespace {

using coordination::RelayName;
using coordination::TableRecord;
using testing::HasSubstr;

sink::DeadLetter letter_of(const std::string& source) {
  sink::DeadLetter letter;
  letter.id = "id";
  letter.relay = "kinesis:cdc@s";
  letter.source_table = source;
  letter.key = R"({"pk":{"S":"a"}})";
  letter.version = "00000003.1.0000000000000000000000000000000000000007";
  letter.kind = "refused";
  letter.reason = "too long";
  letter.change = R"({"eventName":"REMOVE","dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":{"pk":{"S":"a"}},)"
                  R"("SequenceNumber":"7"}})";
  return letter;
}

TableRecord record_of(const std::string& table, const std::string& source, std::vector<RelayName> relays = {}) {
  TableRecord record;
  record.table = table;
  record.source_table = source;
  record.relays = std::move(relays);
  return record;
}

TEST(SplitVersion, TakesWholeVersionsOnly) {
  const auto version = split_version("00000012.1.0001");
  ASSERT_TRUE(version);
  EXPECT_EQ(version->first, 12);
  EXPECT_EQ(version->second, "1.0001");
  for (const char* none : {"", "1.0001", "00000012", "00000012.", "0000x012.1.0001", "1.01700000000123456"}) {
    EXPECT_FALSE(split_version(none)) << none;
  }
}

TEST(ReadLetter, GivesTheChangeInItsVersion) {
  dynamodb::Decoder decoder;
  const auto read = read_letter(letter_of("t"), decoder, false);
  ASSERT_TRUE(std::holds_alternative<Letter>(read));
  const Letter& letter = std::get<Letter>(read);
  EXPECT_EQ(letter.epoch, 3);
  EXPECT_EQ(letter.change->operation, dynamodb::Operation::remove);
  EXPECT_EQ(table::version_text(letter.epoch, letter.change->order), letter.stored.version);
}

TEST(ReadLetter, OfWhatCouldNotBeDecodedKeepsItsReason) {
  dynamodb::Decoder decoder;
  sink::DeadLetter letter = letter_of("t");
  letter.kind = "undecodable";
  letter.reason = "it was no JSON";
  letter.change = "base64:";
  json::append_base64(letter.change, "\xff\xfe");
  EXPECT_EQ(std::get<std::string>(read_letter(letter, decoder, false)), "it was no JSON");
  letter.version.clear();
  EXPECT_EQ(std::get<std::string>(read_letter(letter, decoder, false)), "it was no JSON");
  letter = letter_of("t");
  letter.change = "{}";
  EXPECT_THAT(std::get<std::string>(read_letter(letter, decoder, false)), HasSubstr("dynamodb"));
}

TEST(Destination, IsTheTableOfTheSource) {
  const std::vector<TableRecord> records = {record_of("s.a", "a"), record_of("s.b", "b")};
  EXPECT_EQ(std::get<const TableRecord*>(destination_of(letter_of("b"), records, {}))->table, "s.b");
  EXPECT_EQ(std::get<const TableRecord*>(destination_of(letter_of("b"), records, "s.b"))->table, "s.b");
  EXPECT_TRUE(std::holds_alternative<OfAnotherTable>(destination_of(letter_of("b"), records, "s.a")));
  EXPECT_TRUE(std::holds_alternative<OfAnotherTable>(destination_of(letter_of("gone"), records, "s.a")));
  EXPECT_THAT(std::get<std::string>(destination_of(letter_of("gone"), records, {})), HasSubstr("source table \"gone\""));
}

TEST(Destination, OfOneSourceInSeveralTablesIsTheRelays) {
  const RelayName ours("kinesis:cdc@s"), theirs("kinesis:other@s");
  const std::vector<TableRecord> heard = {record_of("s.a", "t", {theirs}), record_of("s.b", "t", {theirs, ours})};
  EXPECT_EQ(std::get<const TableRecord*>(destination_of(letter_of("t"), heard, {}))->table, "s.b");
  EXPECT_EQ(std::get<const TableRecord*>(destination_of(letter_of("t"), heard, "s.a"))->table, "s.a");
  const std::vector<TableRecord> untold = {record_of("s.a", "t"), record_of("s.b", "t")};
  EXPECT_THAT(std::get<std::string>(destination_of(letter_of("t"), untold, {})), HasSubstr("s.a and s.b"));
}

TEST(Destination, OfWhatIsNoChangeIsNone) {
  sink::DeadLetter letter = letter_of("");
  letter.version.clear();
  const std::vector<TableRecord> records = {record_of("s.a", "a")};
  EXPECT_EQ(std::get<std::string>(destination_of(letter, records, {})), "too long");
  EXPECT_EQ(std::get<std::string>(destination_of(letter, records, "s.a")), "too long") << "it may be that table's";
  letter.source_table = "a";
  EXPECT_EQ(std::get<std::string>(destination_of(letter, records, "s.a")), "too long");
}

TEST(Destination, OfRecordsThatNameNoTable) {
  const std::vector<TableRecord> records = {record_of("demo", "")};
  EXPECT_EQ(std::get<const TableRecord*>(destination_of(letter_of(""), records, {}))->table, "demo");
  EXPECT_EQ(std::get<const TableRecord*>(destination_of(letter_of(""), records, "demo"))->table, "demo");
}

}  // namespace
}  // namespace ctk::replay
