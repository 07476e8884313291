#include "source/record_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace ctk::source {
namespace {

/// Text that comes a few bytes at a time, and at its end an error, if there is one.
class Bytes final : public ByteStream {
 public:
  explicit Bytes(std::string text, size_t gulp, std::optional<Error> error = {})
      : text_(std::move(text)), gulp_(gulp), error_(std::move(error)) {}

  Result<size_t> read(char* into, size_t size) override {
    const size_t count = std::min({size, gulp_, text_.size() - at_});
    if (count == 0 && error_) return std::unexpected(*error_);
    std::memcpy(into, text_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string text_;
  size_t gulp_;
  size_t at_ = 0;
  std::optional<Error> error_;
};

/// "POSITION TEXT".
using Records = std::vector<std::string>;

Records records_of(RecordReader& reader) {
  Records records;
  for (dynamodb::RawRecord record;;) {
    const Result<bool> more = reader.next(record);
    if (!more) records.push_back("error " + more.error().message);
    if (!more || !*more) return records;
    records.push_back(record.sequence.str() + " " + std::string(record.data) +
                      std::string(record.refusal.empty() ? "" : " …"));
  }
}

Records read(const std::string& text, size_t gulp = 1u << 20) {
  RecordReader reader(std::make_unique<Bytes>(text, gulp), "file \'x\'");
  return records_of(reader);
}

TEST(RecordReader, GivesALineEach) {
  EXPECT_EQ(read(""), Records{});
  EXPECT_EQ(read("{\"a\":1}\n{\"b\":{}}\r\n\n  \n {\"c\":3} \n{\"d\":4}"),
            (Records{"1 {\"a\":1}", "2 {\"b\":{}}", "5 {\"c\":3}", "6 {\"d\":4}"}));
}

TEST(RecordReader, LeavesWholeObjectsOfALineTogether) {
  EXPECT_EQ(read("{\"a\":1}{\"b\":2}\n{\"a\":1} {\"b\":2}\n"), (Records{"1 {\"a\":1}{\"b\":2}", "2 {\"a\":1} {\"b\":2}"}));
}

TEST(RecordReader, CountsWhatEndsOnALine) {
  EXPECT_EQ(read("[{\"a\":1},{\"b\":2},\n{\"c\":3}]\n"), (Records{"1 {\"a\":1}", "1:2 {\"b\":2}", "2 {\"c\":3}"}));
  EXPECT_EQ(read("{\n\"a\":1}{\"b\":2}{\n\n}{}"), (Records{"2 {\n\"a\":1}", "2:2 {\"b\":2}", "4 {\n\n}", "4:2 {}"}));
}

TEST(RecordReader, SaysWhereARecordBegins) {
  RecordReader reader(std::make_unique<Bytes>("{}\n{\n\"a\":{\n}\n}\n", 3), "file \'x\'");
  dynamodb::RawRecord record;
  ASSERT_TRUE(*reader.next(record));
  EXPECT_EQ(std::pair(record.first_line, record.line), std::pair(uint64_t{1}, uint64_t{1}));
  ASSERT_TRUE(*reader.next(record));
  EXPECT_EQ(std::pair(record.first_line, record.line), std::pair(uint64_t{2}, uint64_t{5}));
}

TEST(RecordReader, RecordsShareMemoryUnlessTheyAreLong) {
  const std::string long_one = "{\"a\":\"" + std::string(10'000, 'x') + "\"}";
  RecordReader reader(std::make_unique<Bytes>("{}\n" + long_one + "\n{\"b\":2}\n", 1000), "file \'x\'");
  dynamodb::RawRecord first, second, third;
  ASSERT_TRUE(*reader.next(first));
  ASSERT_TRUE(*reader.next(second));
  ASSERT_TRUE(*reader.next(third));
  EXPECT_EQ(first.data, "{}");
  EXPECT_EQ(second.data, long_one);
  EXPECT_EQ(third.data, "{\"b\":2}");
  EXPECT_EQ(first.data.memory(), third.data.memory());
  EXPECT_LT(second.data.memory_bytes(), 11'000u);
}

TEST(RecordReader, GoesOnBehindWhatIsBroken) {
  EXPECT_EQ(read("no JSON\n{\"a\":\n{\"b\":2}\n{\"c\"\n\n{\"d\":4}{\"e\n"),
            (Records{"1 no JSON", "2 {\"a\":", "3 {\"b\":2}", "4 {\"c\"", "6 {\"d\":4}", "6:2 {\"e"}));
}

TEST(RecordReader, TakesLongLinesApart) {
  const std::string object = "{\"a\":\"" + std::string(1000, 'x') + "\"}";
  std::string line;
  for (int i = 0; i < 1500; ++i) line += object;
  const Records records = read(line + "\n{}\n");
  ASSERT_EQ(records.size(), 1501U);
  EXPECT_EQ(records[0], "1 " + object);
  EXPECT_EQ(records[1499], "1:1500 " + object);
  EXPECT_EQ(records[1500], "2 {}");
}

TEST(RecordReader, KeepsTheBeginningOfWhatHasNoEnd) {
  const std::string text = "{\"a\":\"" + std::string(40u << 20, 'x') + "\n{\"b\":2}\n";
  RecordReader reader(std::make_unique<Bytes>(text, 1u << 20), "file \'x\'");
  dynamodb::RawRecord record;
  ASSERT_TRUE(*reader.next(record));
  EXPECT_EQ(record.data, text.substr(0, 64u << 10));
  EXPECT_NE(record.refusal, "");
  ASSERT_TRUE(*reader.next(record));
  EXPECT_EQ(record.data, "{\"b\":2}");
  EXPECT_EQ(record.line, 2U);
  EXPECT_EQ(record.refusal, "");
}

TEST(RecordReader, GivesWhatIsWholeBeforeAnError) {
  const Error error{ErrorKind::corrupt, "damaged", "", ""};
  const auto read_all = [&](const std::string& text) {
    RecordReader reader(std::make_unique<Bytes>(text, 5, error), "file \'x\'");
    Records records = records_of(reader);
    EXPECT_EQ(records_of(reader), Records{"error damaged"}) << "it stays";
    return records;
  };
  EXPECT_EQ(read_all("{\"a\":1}\n{\"b\":"), (Records{"1 {\"a\":1}", "error damaged"}));
  EXPECT_EQ(read_all("{\"a\":1}\n{\"b\":2}"), (Records{"1 {\"a\":1}", "2 {\"b\":2}", "error damaged"}));
  EXPECT_EQ(read_all("{\"a\":1}\nno J"), (Records{"1 {\"a\":1}", "error damaged"}));
}

TEST(RecordReader, TellsThatAnArrayOrAListOfRecordsIsCutOff) {
  const std::string array = "error file 'x' was cut off: it ends within an array";
  EXPECT_EQ(read("[{\"a\":1},{\"b\":2}"), (Records{"1 {\"a\":1}", "1:2 {\"b\":2}", array}));
  EXPECT_EQ(read("[\n{\"a\":1},\n{\"b\":2}\n"), (Records{"2 {\"a\":1}", "3 {\"b\":2}", array}));
  EXPECT_EQ(read("[{\"a\":1},{\"b\":"), (Records{"1 {\"a\":1}", "1:2 {\"b\":", array}));
  const auto list = [](int line) {
    return "error file 'x' was cut off: it ends within the list of records that begins on line " + std::to_string(line);
  };
  EXPECT_EQ(read(R"({"Records":[{"a":1},{"b":[2]},{"c":)"), (Records{R"(1 {"Records":[{"a":1},{"b":[2]}]})", list(1)}));
  EXPECT_EQ(read("{}\n{\n  \"records\": [\n    {\"a\":1},\n    {\"b\""),
            (Records{"1 {}", "5 {\n  \"records\": [\n    {\"a\":1}]}", list(2)}));
  EXPECT_EQ(read(R"({"Records":[)"), Records{list(1)});
  EXPECT_EQ(read(R"({"Records":[{"a")"), Records{list(1)});
  EXPECT_EQ(read(R"({"Records":[{"a":1}])"), (Records{R"(1 {"Records":[{"a":1}]})", list(1)}));
  EXPECT_EQ(read("{\"a\":1}\n{\"b\":"), (Records{"1 {\"a\":1}", "2 {\"b\":"}))
      << "a line that breaks off is one that is broken";
}

/// Lines and parts of lines.
rc::Gen<std::string> some_file() {
  const auto part = rc::gen::element<std::string>("{\"a\":1}\n", "{\"a\":1}", "{\n", "}\n", "[{\"b\":2},\n", "]\n", "\n",
                                                  "{\"Records\":[{},", "{\"c\":\"}\"}\n", "no JSON\n", "{\"d\":\n", "  ",
                                                  "{\n  \"e\": 1\n}\n", "{\"f\":{\"g\":[{}]}}{\"h\":1}\n", ",", "{}");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(part), [](const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& one : parts) text += one;
    return text;
  });
}

RC_GTEST_PROP(RecordReader, GivesTheSameHoweverTheBytesCome, ()) {
  const std::string text = *some_file();
  RC_ASSERT(read(text, *rc::gen::inRange<size_t>(1, 20)) == read(text));
}

RC_GTEST_PROP(RecordReader, GoesOnBehindEveryRecord, ()) {
  const std::string text = *some_file();
  const Records all = read(text);
  const size_t count = all.size() - (!all.empty() && all.back().starts_with("error") ? 1 : 0);
  RC_PRE(count > 0);
  const size_t done = *rc::gen::inRange<size_t>(0, count);
  RecordReader reader(std::make_unique<Bytes>(text, 7), "file \'x\'");
  RC_ASSERT(*reader.skip_to(all[done].substr(0, all[done].find(' '))));
  RC_ASSERT(records_of(reader) == Records(all.begin() + static_cast<std::ptrdiff_t>(done) + 1, all.end()));
}

}  // namespace
}  // namespace ctk::source
