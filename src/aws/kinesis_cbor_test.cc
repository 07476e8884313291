// The client in CBOR against canned answers: what it asks, what it makes of answers in both forms, and when it asks in
// JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/http_testing.h"
#include "aws/kinesis_cbor.h"
#include "aws/kinesis_http.h"
#include "cbor/cbor_json.h"
#include "cbor/cbor_writer.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr char kCbor[] = "application/x-amz-cbor-1.1";
constexpr char kJson[] = "application/x-amz-json-1.1";
constexpr char kSummary[] = R"({"StreamDescriptionSummary":{"StreamName":"cdc","StreamARN":"arn:x"}})";

void write_record(cbor::Writer& out, const std::string& sequence, const std::string& data) {
  out.begin_map();
  out.text("SequenceNumber");
  out.text(sequence);
  out.text("ApproximateArrivalTimestamp");
  out.time(parse_timestamp("2025-01-01T00:00:00.25Z").value());
  out.text("Data");
  out.bytes(data);
  out.text("EncryptionType");
  out.text("NONE");
  out.end();
}

std::string page() {
  std::string bytes;
  cbor::Writer out(bytes);
  out.begin_map();
  out.text("Records");
  out.begin_array();
  write_record(out, "49", R"({"a":1})");
  write_record(out, "50", "");
  out.end();
  out.text("NextShardIterator");
  out.text("NEXT");
  out.text("MillisBehindLatest");
  out.integer(1500);
  out.text("ChildShards");
  out.begin_array();
  out.begin_map();
  out.text("ShardId");
  out.text("c");
  out.text("ParentShards");
  out.begin_array();
  out.text("a");
  out.text("b");
  out.end();
  out.text("HashKeyRange");
  out.begin_map();
  out.text("StartingHashKey");
  out.text("0");
  out.text("EndingHashKey");
  out.text("7");
  out.end();
  out.end();
  out.end();
  out.end();
  return bytes;
}

std::string refusal(const std::string& code) {
  std::string bytes;
  cbor::Writer out(bytes);
  out.begin_map();
  out.text("__type");
  out.text(code);
  out.text("message");
  out.text("no");
  out.end();
  return bytes;
}

class KinesisCborTest : public HttpClientTest {
 protected:
  std::unique_ptr<KinesisApi> make(std::optional<WireFormat> format = {}) {
    return make_kinesis_http({"http://localhost:4566", "eu-central-1"}, credentials_, http_, decoder_, loop_, format);
  }
  Result<RecordPage> get_records() {
    return run<RecordPage>([&](Done<RecordPage> done) { api_->get_records("cdc\nIT", 1000, 1 << 20, std::move(done)); });
  }
  Result<StreamSummary> describe() {
    return run<StreamSummary>([&](Done<StreamSummary> done) { api_->describe_stream(StreamName("cdc"), std::move(done)); });
  }
  std::vector<std::string> forms() const {
    std::vector<std::string> types;
    for (const net::HttpRequest& request : http_.requests) types.push_back(header(request, "Content-Type"));
    return types;
  }

  std::unique_ptr<KinesisApi> api_ = make();
};

TEST_F(KinesisCborTest, ReadsRecords) {
  http_.answer(200, page());
  Result<RecordPage> read = get_records();
  ASSERT_TRUE(read) << to_string(read.error());
  ASSERT_THAT(read->records, SizeIs(2));
  EXPECT_EQ(read->records[0].sequence.str(), "49");
  EXPECT_EQ(read->records[0].data, R"({"a":1})");
  EXPECT_EQ(read->records[0].arrival, parse_timestamp("2025-01-01T00:00:00.25Z").value());
  EXPECT_EQ(read->records[1].data, "");
  EXPECT_EQ(read->next_iterator, "cdc\nNEXT");
  EXPECT_EQ(read->behind_latest, std::chrono::milliseconds(1500));
  EXPECT_EQ(read->answer_bytes, page().size());
  ASSERT_THAT(read->children, SizeIs(1));
  EXPECT_THAT(read->children[0].parents, ElementsAre(ShardId("a"), ShardId("b")));
  EXPECT_EQ(read->children[0].keys, (HashKeyRange{0, 7}));
  EXPECT_EQ(header(http_.requests.at(0), "Content-Type"), kCbor);
  EXPECT_EQ(cbor::to_json(http_.requests.at(0).body).value(), R"({"ShardIterator":"IT","Limit":1000})");
}

TEST_F(KinesisCborTest, TakesDataAsBase64WhereAnEmulatorWritesItSo) {
  const auto data = [](std::string_view text) {
    std::string bytes;
    cbor::Writer out(bytes);
    out.begin_map();
    out.text("Records");
    out.begin_array();
    out.begin_map();
    out.text("SequenceNumber");
    out.text("1");
    out.text("Data");
    out.text(text);
    out.end();
    out.end();
    out.end();
    return read_cbor_record_page(bytes);
  };
  EXPECT_EQ(data("eyJhIjoxfQ==").value().records.at(0).data, R"({"a":1})");
  EXPECT_EQ(data("{}").error().kind, ErrorKind::corrupt);
}

TEST_F(KinesisCborTest, RecordsStayInTheAnswer) {
  std::string bytes;
  cbor::Writer out(bytes);
  out.begin_map();
  out.text("Records");
  out.begin_array();
  for (const char* data : {"first", "second", "third"}) {
    out.begin_map();
    out.text("Data");
    out.bytes(data);
    out.text("SequenceNumber");
    out.text("1");
    out.end();
  }
  out.end();
  out.end();
  // The second one in two pieces.
  const size_t second = bytes.find("\x46second");
  bytes.replace(second, 7, "\x5f\x43sec\x43ond\xff");
  const size_t size = bytes.size();
  bytes.reserve(10'000);
  const Result<RecordPage> page = read_cbor_record_page(std::move(bytes));
  ASSERT_TRUE(page) << to_string(page.error());
  ASSERT_THAT(page->records, SizeIs(3));
  const auto& records = page->records;
  EXPECT_EQ(records[0].data, "first");
  EXPECT_EQ(records[1].data, "second");
  EXPECT_EQ(records[2].data, "third");
  EXPECT_EQ(records[0].data.memory(), records[2].data.memory());
  EXPECT_NE(records[0].data.memory(), records[1].data.memory()) << "it stands nowhere in one piece";
  EXPECT_GE(records[0].data.memory_bytes(), size) << "what each of them keeps";
  EXPECT_LT(records[0].data.memory_bytes(), 1000u) << "not what the answer had room for";
  for (const KinesisRecord& record : records) {
    EXPECT_EQ(record.data.data()[record.data.size()], '\0') << "where a parser stops";
    EXPECT_EQ(record.sequence.str(), "1");
  }
}

TEST_F(KinesisCborTest, SendsTimesAsMilliseconds) {
  http_.answer(200, R"({"ShardIterator":"IT"})");
  const IteratorStart start{IteratorStart::Kind::at_timestamp, {}, from_micros(1'735'689'600'123'456)};
  run<std::string>(
      [&](Done<std::string> done) { api_->get_shard_iterator(StreamName("cdc"), ShardId("s"), start, std::move(done)); });
  EXPECT_THAT(http_.requests.at(0).body, HasSubstr("Timestamp\xc1\x1b"));
  EXPECT_THAT(cbor::to_json(http_.requests.at(0).body).value(), HasSubstr(R"("Timestamp":1735689600123)"));
}

TEST_F(KinesisCborTest, TakesTimesInEveryShape) {
  const auto arrival = [](auto write) {
    std::string bytes;
    cbor::Writer out(bytes);
    out.begin_map();
    out.text("Records");
    out.begin_array();
    out.begin_map();
    out.text("Data");
    out.bytes("");
    out.text("SequenceNumber");
    out.text("1");
    out.text("ApproximateArrivalTimestamp");
    write(out);
    out.end();
    out.end();
    out.end();
    const Result<RecordPage> read = read_cbor_record_page(bytes);
    return read ? read->records.at(0).arrival : Timestamp{};
  };
  const Timestamp expected = parse_timestamp("2025-01-01T00:00:00.5Z").value();
  EXPECT_EQ(arrival([](cbor::Writer& out) { out.real(1735689600.5); }), expected);
  EXPECT_EQ(arrival([](cbor::Writer& out) { out.integer(1'735'689'600'500); }), expected);
  EXPECT_EQ(arrival([](cbor::Writer& out) { out.integer(1'735'689'600); }), expected - std::chrono::milliseconds(500));
  EXPECT_EQ(arrival([](cbor::Writer& out) { out.text("2025-01-01T00:00:00.5Z"); }), expected);
  EXPECT_EQ(arrival([](cbor::Writer& out) { out.text("soon"); }), kNoTime);
  EXPECT_EQ(arrival([](cbor::Writer& out) { out.real(std::numeric_limits<double>::quiet_NaN()); }), kNoTime);
  EXPECT_EQ(arrival([](cbor::Writer& out) { out.real(std::numeric_limits<double>::infinity()); }), kNoTime);
  EXPECT_EQ(arrival([](cbor::Writer& out) { out.null(); }), kNoTime);
}

TEST_F(KinesisCborTest, OfAnAnswerThatIsTooLargeTheFirstRecordsAreOfUse) {
  const auto cut = [&](size_t length) {
    http_.answer(200, page().substr(0, length));
    http_.answers.back()->cut_off = true;
    return get_records();
  };
  Result<RecordPage> read = cut(page().find("50"));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_TRUE(read->cut_off);
  ASSERT_THAT(read->records, SizeIs(1));
  EXPECT_EQ(read->records[0].sequence.str(), "49");
  EXPECT_EQ(cut(page().find("49")).error().kind, ErrorKind::too_large);
}

TEST_F(KinesisCborTest, TellsAnswersThatAreNone) {
  std::string foreign = page();
  foreign.replace(foreign.find("49"), 2, "xx");
  for (const std::string& body :
       {page().substr(0, 50), page() + "\x01", foreign, std::string("\xa1\x67Records\x81\xa0", 11), std::string("\xa0"),
        std::string("\xa1\x67Records\xa0"), std::string("\xa1\x67Records\xf6"),
        std::string("\xa2\x67Records\x80\x71NextShardIterator\x07")}) {
    http_.answer(200, body);
    EXPECT_EQ(get_records().error().kind, ErrorKind::corrupt);
  }
  http_.answer(200, "\xbf");
  EXPECT_EQ(describe().error().kind, ErrorKind::corrupt);
}

TEST_F(KinesisCborTest, ReadsSmallAnswersAndRefusalsInBothForms) {
  std::string summary;
  cbor::Writer out(summary);
  out.begin_map();
  out.text("StreamDescriptionSummary");
  out.begin_map();
  out.text("StreamARN");
  out.text("arn:x");
  out.text("StreamCreationTimestamp");
  out.time(parse_timestamp("2025-01-01").value());
  out.end();
  out.end();
  http_.answer(200, summary);
  Result<StreamSummary> stream = describe();
  ASSERT_TRUE(stream) << to_string(stream.error());
  EXPECT_EQ(stream->arn.str(), "arn:x");
  EXPECT_EQ(stream->created, parse_timestamp("2025-01-01").value());
  http_.answer(200, kSummary);
  EXPECT_TRUE(describe());
  http_.answer(400, refusal("ResourceNotFoundException"));
  EXPECT_EQ(describe().error().kind, ErrorKind::not_found);
  http_.answer(400, R"({"__type":"ProvisionedThroughputExceededException"})");
  EXPECT_EQ(get_records().error().kind, ErrorKind::throttled);
  http_.answer(400, "\xbf");
  EXPECT_THAT(describe().error().peer, HasSubstr("not valid CBOR"));
  EXPECT_THAT(forms(), testing::Each(kCbor));
}

TEST_F(KinesisCborTest, AsksOnceAgainInJsonWhereCborIsNotKnown) {
  http_.answer(400, R"({"__type":"SerializationException"})");
  http_.answer(200, kSummary);
  EXPECT_TRUE(describe());
  http_.answer(200, R"({"Records":[]})");
  EXPECT_TRUE(get_records());
  EXPECT_THAT(forms(), ElementsAre(kCbor, kJson, kJson));
  EXPECT_EQ(http_.requests.at(1).body, R"({"StreamName":"cdc"})");
}

TEST_F(KinesisCborTest, CorrectsItsClockBeforeItDoubtsTheForm) {
  http_.answer(403, R"({"__type":"InvalidSignatureException","message":"Signature expired: 1 is now earlier than 2"})",
               "Sun, 22 Nov 2026 04:32:55 GMT");
  http_.answer(200, kSummary);
  EXPECT_TRUE(describe());
  EXPECT_THAT(forms(), ElementsAre(kCbor, kCbor));
}

TEST_F(KinesisCborTest, GivesTheRefusalOfTheSecondTry) {
  http_.answer(500, "");
  http_.answer(400, R"({"__type":"ResourceNotFoundException","message":"no"})");
  EXPECT_EQ(describe().error().kind, ErrorKind::not_found);
  EXPECT_THAT(forms(), ElementsAre(kCbor, kJson));
}

TEST_F(KinesisCborTest, KeepsToTheFormThatIsGiven) {
  api_ = make(WireFormat::cbor);
  http_.answer(400, R"({"__type":"SerializationException"})");
  EXPECT_EQ(describe().error().kind, ErrorKind::refused);
  api_ = make(WireFormat::json);
  http_.answer(200, kSummary);
  EXPECT_TRUE(describe());
  EXPECT_THAT(forms(), ElementsAre(kCbor, kJson));
}

}  // namespace
}  // namespace ctk::aws
