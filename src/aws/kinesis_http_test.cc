// The client against canned answers, on a virtual clock.
#include "aws/kinesis_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/http_testing.h"
#include "aws/kinesis_wire.h"
#include "json/writer.h"

namespace ctk::aws {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class KinesisHttpTest : public HttpClientTest {
 protected:
  std::unique_ptr<KinesisApi> make(std::string url = "http://localhost:4566",
                                   std::optional<WireFormat> format = WireFormat::json) {
    return make_kinesis_http({std::move(url), "eu-central-1"}, credentials_, http_, decoder_, loop_, format);
  }
  Result<RecordPage> get_records(const std::string& iterator = "IT") {
    return run<RecordPage>([&](Done<RecordPage> done) { api_->get_records(iterator, 1000, 1 << 20, std::move(done)); });
  }
  Result<StreamSummary> describe(const char* name = "cdc") {
    return run<StreamSummary>([&](Done<StreamSummary> done) { api_->describe_stream(StreamName(name), std::move(done)); });
  }
  Result<ShardPage> list(const char* name, std::optional<std::string> token = std::nullopt) {
    return run<ShardPage>([&](Done<ShardPage> done) { api_->list_shards(StreamName(name), token, std::move(done)); });
  }
  Result<std::string> iterator(IteratorStart start, const char* name = "cdc") {
    return run<std::string>([&](Done<std::string> done) {
      api_->get_shard_iterator(StreamName(name), ShardId("shard-1"), start, std::move(done));
    });
  }

  std::unique_ptr<KinesisApi> api_ = make();
};

constexpr char kArn[] = "arn:aws:kinesis:eu-central-1:123456789012:stream/cdc";

TEST_F(KinesisHttpTest, DescribesAStream) {
  http_.answer(200,
               R"({"StreamDescriptionSummary":{"StreamName":"cdc","StreamARN":"arn:x","StreamStatus":"ACTIVE",)"
               R"("StreamCreationTimestamp":1.7356896E9,"RetentionPeriodHours":48,"OpenShardCount":1}})",
               "Sun, 22 Nov 2026 03:33:00 GMT");
  Result<StreamSummary> stream = describe();
  ASSERT_TRUE(stream) << to_string(stream.error());
  EXPECT_EQ(stream->name.str(), "cdc");
  EXPECT_EQ(stream->arn.str(), "arn:x");
  EXPECT_EQ(stream->status, "ACTIVE");
  EXPECT_EQ(stream->created, parse_timestamp("2025-01-01").value());
  EXPECT_EQ(stream->retention, hours(48));
  EXPECT_EQ(stream->server_time, parse_timestamp("2026-11-22T03:33:00Z").value());
  const net::HttpRequest& request = http_.requests.at(0);
  EXPECT_EQ(request.url, "http://localhost:4566/");
  EXPECT_EQ(request.body, R"({"StreamName":"cdc"})");
  EXPECT_EQ(header(request, "Host"), "localhost:4566");
  EXPECT_EQ(header(request, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(header(request, "X-Amz-Target"), "Kinesis_20131202.DescribeStreamSummary");
  EXPECT_EQ(header(request, "X-Amz-Date"), "20261122T033255Z");
  EXPECT_THAT(header(request, "Authorization"),
              HasSubstr("Credential=KEY0/20261122/eu-central-1/kinesis/aws4_request, "
                        "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="));
}

TEST_F(KinesisHttpTest, LeavesTheUsualPortOutOfTheHost) {
  api_ = make("https://kinesis.eu-central-1.amazonaws.com:443/base");
  http_.answer(200, "{}");
  describe();
  EXPECT_EQ(header(http_.requests.at(0), "Host"), "kinesis.eu-central-1.amazonaws.com");
  EXPECT_EQ(http_.requests.at(0).url, "https://kinesis.eu-central-1.amazonaws.com:443/base");
}

TEST_F(KinesisHttpTest, ListsShardsPageByPage) {
  http_.answer(200, R"({"NextToken":"T1","Shards":[{"ShardId":"a","SequenceNumberRange":{"StartingSequenceNumber":"1",)"
                    R"("EndingSequenceNumber":"9"}},{"ShardId":"b","ParentShardId":"a","AdjacentParentShardId":"z",)"
                    R"("HashKeyRange":{"StartingHashKey":"0","EndingHashKey":"7"},)"
                    R"("SequenceNumberRange":{"StartingSequenceNumber":"10"}}]})");
  Result<ShardPage> page = list(kArn);
  ASSERT_TRUE(page);
  EXPECT_THAT(
      page->shards,
      ElementsAre(KinesisShard{ShardId("a"), {}, SequenceNumber("1"), SequenceNumber("9")},
                  KinesisShard{ShardId("b"), {ShardId("a"), ShardId("z")}, SequenceNumber("10"), {}, HashKeyRange{0, 7}}));
  EXPECT_EQ(page->next_token, "T1");
  EXPECT_EQ(http_.requests.at(0).body, R"({"StreamARN":"arn:aws:kinesis:eu-central-1:123456789012:stream/cdc"})");
  http_.answer(200, R"({"Shards":[]})");
  page = list(kArn, page->next_token);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next_token, std::nullopt);
  EXPECT_EQ(http_.requests.at(1).body, R"({"NextToken":"T1"})");
}

TEST_F(KinesisHttpTest, AsksForIteratorsOfEveryKind) {
  using Kind = IteratorStart::Kind;
  struct Case {
    IteratorStart start;
    const char* body;
  };
  for (const Case& c : {Case{{Kind::trim_horizon, {}, {}}, R"("ShardIteratorType":"TRIM_HORIZON"})"},
                        Case{{Kind::latest, {}, {}}, R"("ShardIteratorType":"LATEST"})"},
                        Case{{Kind::at_timestamp, {}, from_micros(1'735'689'600'123'456)},
                             R"("ShardIteratorType":"AT_TIMESTAMP","Timestamp":1735689600.123456})"},
                        Case{{Kind::at_sequence, SequenceNumber("7"), {}},
                             R"("ShardIteratorType":"AT_SEQUENCE_NUMBER","StartingSequenceNumber":"7"})"},
                        Case{{Kind::after_sequence, SequenceNumber("7"), {}},
                             R"("ShardIteratorType":"AFTER_SEQUENCE_NUMBER","StartingSequenceNumber":"7"})"}}) {
    http_.answer(200, R"({"ShardIterator":"IT"})");
    EXPECT_EQ(iterator(c.start), "cdc\nIT");
    EXPECT_EQ(http_.requests.back().body, std::string(R"({"StreamName":"cdc","ShardId":"shard-1",)") + c.body);
  }
}

TEST_F(KinesisHttpTest, ReadsRecords) {
  http_.answer(
      200,
      R"({"Records":[{"SequenceNumber":"49","ApproximateArrivalTimestamp":1735689600.25,"Data":"eyJhIjoxfQ==",)"
      R"("PartitionKey":"p"},{"SequenceNumber":"50","ApproximateArrivalTimestamp":"2025-01-01T00:00:01Z","Data":""}],)"
      R"("NextShardIterator":"NEXT","MillisBehindLatest":1500})",
      "Sun, 22 Nov 2026 03:33:00 GMT");
  size_t size = http_.answers.front()->body.size();
  Result<RecordPage> page = get_records();
  ASSERT_TRUE(page) << to_string(page.error());
  ASSERT_THAT(page->records, SizeIs(2));
  EXPECT_EQ(page->records[0].sequence.str(), "49");
  EXPECT_EQ(page->records[0].data, R"({"a":1})");
  EXPECT_EQ(page->records[0].arrival, parse_timestamp("2025-01-01T00:00:00.25Z").value());
  EXPECT_EQ(page->records[0].data.memory(), page->records[1].data.memory()) << "one piece of memory a page";
  EXPECT_EQ(page->records[1].arrival, parse_timestamp("2025-01-01T00:00:01Z").value());
  EXPECT_EQ(page->next_iterator, "NEXT");
  EXPECT_EQ(page->behind_latest, milliseconds(1500));
  EXPECT_EQ(page->server_time, parse_timestamp("2026-11-22T03:33:00Z").value());
  EXPECT_EQ(page->answer_bytes, size);
  EXPECT_EQ(http_.requests.at(0).body, R"({"ShardIterator":"IT","Limit":1000})");
  EXPECT_EQ(http_.requests.at(0).max_answer_bytes, size_t{1} << 20);
}

TEST_F(KinesisHttpTest, ReadsTheLastPageOfAShardWithItsChildren) {
  http_.answer(200, R"({"Records":[{"SequenceNumber":"1","Data":"eA=="}],"NextShardIterator":null,"MillisBehindLatest":0,)"
                    R"("ChildShards":[{"ShardId":"c","ParentShards":["a","b"],"HashKeyRange":{}}]})");
  Result<RecordPage> page = get_records();
  ASSERT_TRUE(page);
  EXPECT_THAT(page->records, SizeIs(1));
  EXPECT_EQ(page->next_iterator, std::nullopt);
  ASSERT_THAT(page->children, SizeIs(1));
  EXPECT_EQ(page->children[0].id.str(), "c");
  EXPECT_THAT(page->children[0].parents, ElementsAre(ShardId("a"), ShardId("b")));
  EXPECT_EQ(page->server_time, loop_.now()) << "without a Date header our own clock must do";
}

TEST_F(KinesisHttpTest, SendsTheArnAgainWithItsIterators) {
  http_.answer(200, R"({"ShardIterator":"IT"})");
  std::string first = iterator({}, kArn).value();
  http_.answer(200, R"({"Records":[],"NextShardIterator":"NEXT"})");
  Result<RecordPage> page = get_records(first);
  ASSERT_TRUE(page);
  EXPECT_EQ(http_.requests.back().body,
            std::string(R"({"StreamARN":")") + kArn + R"(","ShardIterator":"IT","Limit":1000})");
  http_.answer(200, R"({"Records":[]})");
  get_records(page->next_iterator.value());
  EXPECT_THAT(http_.requests.back().body, HasSubstr(R"("ShardIterator":"NEXT")"));
  EXPECT_THAT(http_.requests.back().body, HasSubstr(kArn));
}

TEST_F(KinesisHttpTest, OfAnAnswerThatIsTooLargeTheFirstRecordsAreOfUse) {
  const std::string whole =
      R"({"MillisBehindLatest":5,"Records":[{"SequenceNumber":"1","Data":""},{"SequenceNumber":"2","Data":""}],)"
      R"("NextShardIterator":"NEXT"})";
  const auto cut = [&](size_t length) {
    http_.answer(200, whole.substr(0, length));
    http_.answers.back()->cut_off = true;
    return get_records("cdc\nIT");
  };
  Result<RecordPage> page = cut(whole.find(R"("2")"));
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_TRUE(http_.requests.back().keep_beginning);
  EXPECT_TRUE(page->cut_off);
  ASSERT_THAT(page->records, SizeIs(1));
  EXPECT_EQ(page->records[0].sequence.str(), "1");
  EXPECT_EQ(cut(whole.find(R"("1")")).error().kind, ErrorKind::too_large);
}

TEST_F(KinesisHttpTest, NamesTheRightThatIsMissing) {
  http_.answer(400, R"({"__type":"AccessDeniedException","message":"User: arn:aws:iam::1:user/u is not authorized"})");
  const Error error = get_records("cdc\nIT").error();
  EXPECT_EQ(error.message,
            "kinesis:GetRecords of stream 'cdc' in region eu-central-1 failed: the right to do this is missing");
  EXPECT_EQ(error.hint, "check the credentials and their right to call kinesis:GetRecords");
  http_.answer(400, R"({"__type":"KMSAccessDeniedException","message":"no"})");
  EXPECT_EQ(get_records("cdc\nIT").error().hint,
            "check the key that the data is encrypted with, and the right kms:Decrypt on it");
}

TEST_F(KinesisHttpTest, TellsAnswersThatAreNone) {
  for (const char* body : {"<html>", "[]", R"({"Records":[{"SequenceNumber":"1","Data":"not base64"}]})",
                           R"({"Records":[{"SequenceNumber":"x","Data":""}]})", R"({"Records":[{"SequenceNumber":"1"}]})",
                           R"({"Records":[],"ChildShards":[{}]})", "{}", R"({"NextShardIterator":"NEXT"})",
                           R"({"Records":null})", R"({"Records":{}})", R"({"Records":[],"NextShardIterator":7})"}) {
    http_.answer(200, body);
    Result<RecordPage> page = get_records();
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().kind, ErrorKind::corrupt);
  }
  http_.answer(200, "{}");
  EXPECT_EQ(describe().error().kind, ErrorKind::corrupt);
  http_.answer(200, "{}");
  EXPECT_EQ(iterator({}).error().kind, ErrorKind::corrupt);
  for (const char* body : {R"({"Shards":[{}]})", "{}", R"({"Shards":null})"}) {
    http_.answer(200, body);
    EXPECT_EQ(list("cdc").error().kind, ErrorKind::corrupt);
  }
}

TEST_F(KinesisHttpTest, CorrectsItsClockOnceAndKeepsTheCorrection) {
  const char* kSkewed = R"({"__type":"InvalidSignatureException","message":"Signature expired: 1 is now earlier than 2"})";
  http_.answer(403, kSkewed, "Sun, 22 Nov 2026 04:32:55 GMT");
  http_.answer(200, R"({"Records":[]})");
  ASSERT_TRUE(get_records());
  EXPECT_EQ(header(http_.requests.at(0), "X-Amz-Date"), "20261122T033255Z");
  EXPECT_EQ(header(http_.requests.at(1), "X-Amz-Date"), "20261122T043255Z");
  http_.answer(200, R"({"Records":[]})");
  ASSERT_TRUE(get_records());
  EXPECT_EQ(header(http_.requests.at(2), "X-Amz-Date"), "20261122T043255Z");
  http_.answer(403, kSkewed, "Sun, 22 Nov 2026 05:32:55 GMT");
  http_.answer(403, kSkewed, "Sun, 22 Nov 2026 05:32:55 GMT");
  Result<RecordPage> page = get_records();
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::skewed);
  EXPECT_THAT(http_.requests, SizeIs(5));
}

TEST_F(KinesisHttpTest, SignsWithTheKeyOfTheDay) {
  for (int i = 0; i < 2; ++i) {
    http_.answer(200, R"({"Records":[]})");
    ASSERT_TRUE(get_records());
    loop_.after(hours(24), [] {});
    loop_.run_until_idle(hours(25));
  }
  EXPECT_THAT(header(http_.requests.at(0), "Authorization"), HasSubstr("/20261122/"));
  EXPECT_THAT(header(http_.requests.at(1), "Authorization"), HasSubstr("/20261123/"));
}

TEST_F(KinesisHttpTest, RenewsExpiredCredentialsOnce) {
  const char* kExpired = R"({"__type":"ExpiredTokenException","message":"The security token included is expired"})";
  http_.answer(400, kExpired);
  http_.answer(200, R"({"Records":[]})");
  ASSERT_TRUE(get_records());
  EXPECT_EQ(credentials_.renewals, 1);
  EXPECT_THAT(header(http_.requests.at(1), "Authorization"), HasSubstr("Credential=KEY1/"));
  http_.answer(400, kExpired);
  http_.answer(400, kExpired);
  Result<RecordPage> page = get_records();
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::denied);
  EXPECT_EQ(credentials_.renewals, 2);
}

TEST_F(KinesisHttpTest, AsksForOtherCredentialsWhereTheKeyHasBeenReplaced) {
  const char* kUnknown = R"({"__type":"UnrecognizedClientException","message":"The security token is invalid."})";
  http_.answer(400, kUnknown);
  http_.answer(200, R"({"Records":[]})");
  ASSERT_TRUE(get_records());
  EXPECT_THAT(header(http_.requests.at(1), "Authorization"), HasSubstr("Credential=KEY1/"));
  credentials_.fixed = true;
  http_.answer(400, kUnknown);
  EXPECT_EQ(get_records().error().kind, ErrorKind::denied);
  EXPECT_THAT(http_.requests, SizeIs(3)) << "with the same key nobody asks again";
}

TEST_F(KinesisHttpTest, HandsExpiredIteratorsAndThrottlingOn) {
  http_.answer(400, R"({"__type":"ExpiredIteratorException","message":"Iterator expired."})");
  EXPECT_EQ(get_records().error().kind, ErrorKind::expired);
  http_.answer(400, R"({"__type":"ProvisionedThroughputExceededException","message":"Rate exceeded"})");
  Result<RecordPage> page = get_records();
  EXPECT_EQ(page.error().kind, ErrorKind::throttled);
  EXPECT_EQ(page.error().message,
            "GetRecords in region eu-central-1 failed: the limit of calls, bytes or capacity is used up");
  EXPECT_EQ(credentials_.renewals, 0);
  EXPECT_THAT(http_.requests, SizeIs(2));
}

TEST_F(KinesisHttpTest, NamesTheStreamRegionAndEndpointThatAreNotThere) {
  http_.answer(400, R"({"__type":"ResourceNotFoundException","message":"Stream cdc under account 1 not found."})");
  Result<StreamSummary> stream = describe();
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().kind, ErrorKind::not_found);
  EXPECT_EQ(stream.error().message, "there is no stream 'cdc' in region eu-central-1 at http://localhost:4566");
  EXPECT_THAT(stream.error().peer, HasSubstr("Stream cdc under account 1 not found."));
  http_.answer(400, R"({"__type":"ResourceNotFoundException","message":"Shard shard-1 in stream cdc does not exist"})");
  EXPECT_EQ(iterator({}).error().message,
            "there is no shard shard-1 of stream 'cdc' in region eu-central-1 at http://localhost:4566");
}

TEST_F(KinesisHttpTest, SaysWhatItWasDoingWhenThereIsNoAnswer) {
  http_.answers.emplace_back(fail(ErrorKind::unreachable, "cannot connect to localhost:4566", "Connection refused"));
  Result<StreamSummary> stream = describe();
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(stream.error().message,
            "DescribeStreamSummary of stream 'cdc' in region eu-central-1: cannot connect to localhost:4566");
  EXPECT_EQ(stream.error().peer, "Connection refused");
}

TEST_F(KinesisHttpTest, FailsWithoutCredentialsBeforeItSends) {
  credentials_.fails = true;
  EXPECT_EQ(describe().error().kind, ErrorKind::denied);
  EXPECT_THAT(http_.requests, IsEmpty());
}

TEST_F(KinesisHttpTest, CreatesAStreamOrFindsItThere) {
  auto create = [&](const char* name) {
    return run<bool>([&](Done<bool> done) { api_->create_stream(StreamName(name), 2, std::move(done)); });
  };
  http_.answer(200, "");
  EXPECT_EQ(create(kArn), true);
  EXPECT_EQ(http_.requests.at(0).body, R"({"StreamName":"cdc","ShardCount":2})");
  http_.answer(400, R"({"__type":"ResourceInUseException","message":"Stream cdc under account 1 already exists."})");
  EXPECT_EQ(create("cdc"), false);
  http_.answer(400, R"({"__type":"LimitExceededException","message":"no"})");
  EXPECT_EQ(create("cdc").error().kind, ErrorKind::throttled);
}

TEST_F(KinesisHttpTest, CallsNobodyOnceItIsGone) {
  bool called = false;
  http_.answer(200, R"({"Records":[]})");
  api_->get_records("IT", 1, 1000, [&](Result<RecordPage>) { called = true; });
  api_.reset();
  loop_.run_until_idle(seconds(1));
  EXPECT_FALSE(called);
}

TEST_F(KinesisHttpTest, CallsNobodyOnceItIsGoneNotEvenForWantOfCredentials) {
  bool called = false;
  credentials_.fails = true;
  api_->get_records("IT", 1, 1000, [&](const Result<RecordPage>&) { called = true; });
  api_.reset();
  loop_.run_until_idle(seconds(1));
  EXPECT_FALSE(called);
}

TEST_F(KinesisHttpTest, CallsNobodyWhoseAnswerWasBeingDecodedWhenItWent) {
  bool called = false;
  http_.answer(200, R"({"Records":[]})");
  api_->get_records("IT", 1, 1000, [&](const Result<RecordPage>&) { called = true; });
  loop_.run_until([&] { return decoder_.submitted > 0; }, seconds(1));
  ASSERT_EQ(decoder_.submitted, 1);
  api_.reset();
  loop_.run_until_idle(seconds(1));
  EXPECT_FALSE(called);
}

TEST(KinesisWire, BringsSpansThatLastLongerThanAnythingWithinBounds) {
  json::Parser parser;
  std::string page = R"({"Records":[],"MillisBehindLatest":9223372036854775807})";
  EXPECT_EQ(read_record_page(parser, page).value().behind_latest, std::chrono::years(100));
  page = R"({"Records":[],"MillisBehindLatest":-1})";
  EXPECT_EQ(read_record_page(parser, page).value().behind_latest, Duration{});
  const Result<StreamSummary> summary =
      read_stream_summary(R"({"StreamDescriptionSummary":{"StreamARN":"a","RetentionPeriodHours":9223372036854775807}})");
  EXPECT_LE(summary.value().retention, std::chrono::years(100));
}

TEST(KinesisWire, ReadsTimesInEveryShape) {
  auto created = [](const std::string& time) {
    return read_stream_summary(R"({"StreamDescriptionSummary":{"StreamARN":"a","StreamCreationTimestamp":)" + time + "}}")
        .value()
        .created;
  };
  Timestamp expected = parse_timestamp("2025-01-01T00:00:00.5Z").value();
  EXPECT_EQ(created("1735689600.5"), expected);
  EXPECT_EQ(created("1.7356896005E9"), expected);
  EXPECT_EQ(created("1735689600500"), expected);
  EXPECT_EQ(created(R"("2025-01-01T00:00:00.500000+00:00")"), expected);
  EXPECT_EQ(created("1735689600"), expected - milliseconds(500));
  EXPECT_EQ(created("null"), Timestamp{});
  EXPECT_EQ(created(R"("soon")"), Timestamp{});
}

}  // namespace
}  // namespace ctk::aws
