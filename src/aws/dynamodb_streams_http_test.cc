// The client against canned answers, on a virtual clock.
#include "aws/dynamodb_streams_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/http_testing.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kArn[] = "arn:aws:dynamodb:us-east-1:1:table/demo/stream/2025-01-01T00:00:00.000";
constexpr char kShard[] = "shardId-00000001735689600000-0a1b2c3d";

class DynamoDbStreamsHttpTest : public HttpClientTest {
 protected:
  Result<StreamsDescription> describe(const DescribeStreamRequest& request = {Arn(kArn), {}, {}}) {
    return run<StreamsDescription>([&](Done<StreamsDescription> done) { api_->describe_stream(request, std::move(done)); });
  }
  Result<std::string> iterator(IteratorStart start) {
    return run<std::string>(
        [&](Done<std::string> done) { api_->get_shard_iterator(Arn(kArn), ShardId(kShard), start, std::move(done)); });
  }
  Result<StreamsPage> get_records() {
    return run<StreamsPage>([&](Done<StreamsPage> done) { api_->get_records("IT", 100, 1 << 20, std::move(done)); });
  }

  std::unique_ptr<DynamoDbStreamsApi> api_ =
      make_dynamodb_streams_http({"http://localhost:8000", "us-east-1"}, credentials_, http_, decoder_, loop_);
};

TEST_F(DynamoDbStreamsHttpTest, DescribesAStreamPageByPage) {
  http_.answer(200,
               std::string(R"({"StreamDescription":{"StreamArn":")") + kArn +
                   R"(","StreamLabel":"2025-01-01T00:00:00.000","StreamStatus":"ENABLED","TableName":"demo",)"
                   R"("StreamViewType":"NEW_AND_OLD_IMAGES","CreationRequestDateTime":1735689600,)"
                   R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"Shards":[)"
                   R"({"ShardId":"a","SequenceNumberRange":{"StartingSequenceNumber":"1","EndingSequenceNumber":"9"}},)"
                   R"({"ShardId":"b","ParentShardId":"a","SequenceNumberRange":{"StartingSequenceNumber":"10"}}],)"
                   R"("LastEvaluatedShardId":"b"}})",
               "Sun, 22 Nov 2026 03:33:00 GMT");
  Result<StreamsDescription> stream = describe();
  ASSERT_TRUE(stream) << to_string(stream.error());
  EXPECT_EQ(stream->arn.str(), kArn);
  EXPECT_EQ(stream->table.str(), "demo");
  EXPECT_EQ(stream->status, "ENABLED");
  EXPECT_EQ(stream->created, parse_timestamp("2025-01-01").value());
  EXPECT_EQ(stream->view, StreamView::new_and_old_images);
  EXPECT_THAT(stream->keys, ElementsAre(KeyAttribute{"id", 'S'}));
  EXPECT_THAT(stream->shards, ElementsAre(StreamsShard{ShardId("a"), {}, SequenceNumber("1"), SequenceNumber("9")},
                                          StreamsShard{ShardId("b"), ShardId("a"), SequenceNumber("10"), {}}));
  EXPECT_EQ(stream->next, ShardId("b"));
  EXPECT_EQ(stream->server_time, parse_timestamp("2026-11-22T03:33:00Z").value());
  const net::HttpRequest& request = http_.requests.at(0);
  EXPECT_EQ(request.body, std::string(R"({"StreamArn":")") + kArn + R"("})");
  EXPECT_EQ(header(request, "X-Amz-Target"), "DynamoDBStreams_20120810.DescribeStream");
  EXPECT_EQ(header(request, "Content-Type"), "application/x-amz-json-1.0");
  EXPECT_THAT(header(request, "Authorization"), HasSubstr("/us-east-1/dynamodb/aws4_request"));

  http_.answer(200, R"({"StreamDescription":{"StreamArn":"x","Shards":[]}})");
  stream = describe({Arn(kArn), ShardId("b"), {}});
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->next, std::nullopt);
  EXPECT_THAT(http_.requests.at(1).body, HasSubstr(R"(,"ExclusiveStartShardId":"b"})"));
}

TEST_F(DynamoDbStreamsHttpTest, AsksForTheChildrenOfOneShard) {
  http_.answer(200, R"({"StreamDescription":{"StreamArn":"x","Shards":[]}})");
  EXPECT_THAT(describe({Arn(kArn), {}, ShardId(kShard)}).value().shards, IsEmpty());
  EXPECT_THAT(http_.requests.at(0).body,
              HasSubstr(std::string(R"(,"ShardFilter":{"Type":"CHILD_SHARDS","ShardId":")") + kShard + R"("}})"));
}

TEST_F(DynamoDbStreamsHttpTest, AsksForIteratorsOfEveryKind) {
  using Kind = IteratorStart::Kind;
  struct Case {
    IteratorStart start;
    const char* body;
  };
  for (const Case& c : {Case{{Kind::trim_horizon, {}, {}}, R"("ShardIteratorType":"TRIM_HORIZON"})"},
                        Case{{Kind::latest, {}, {}}, R"("ShardIteratorType":"LATEST"})"},
                        Case{{Kind::at_sequence, SequenceNumber("7"), {}},
                             R"("ShardIteratorType":"AT_SEQUENCE_NUMBER","SequenceNumber":"7"})"},
                        Case{{Kind::after_sequence, SequenceNumber("7"), {}},
                             R"("ShardIteratorType":"AFTER_SEQUENCE_NUMBER","SequenceNumber":"7"})"}}) {
    http_.answer(200, R"({"ShardIterator":"IT"})");
    EXPECT_EQ(iterator(c.start), "IT");
    EXPECT_EQ(http_.requests.back().body,
              std::string(R"({"StreamArn":")") + kArn + R"(","ShardId":")" + kShard + "\"," + c.body);
  }
}

TEST_F(DynamoDbStreamsHttpTest, KeepsEachRecordsOwnText) {
  const std::string record =
      R"({"eventID":"e1","dynamodb":{"Keys":{"id":{"N":"1E+2"}},"SequenceNumber":"4421584500000000017450439091",)"
      R"("ApproximateCreationDateTime":1.7356896E9,"StreamViewType":"KEYS_ONLY"},"eventName" : "REMOVE"})";
  http_.answer(200, R"({"NextShardIterator":"NEXT","Records":[)" + record + R"( , {"dynamodb":{"SequenceNumber":"5"}}]})",
               "Sun, 22 Nov 2026 03:33:00 GMT");
  const size_t size = http_.answers.front()->body.size();
  Result<StreamsPage> page = get_records();
  ASSERT_TRUE(page) << to_string(page.error());
  ASSERT_THAT(page->records, SizeIs(2));
  EXPECT_EQ(page->records[0].data, record);
  EXPECT_EQ(page->records[0].sequence.str(), "4421584500000000017450439091");
  EXPECT_EQ(page->records[0].time, parse_timestamp("2025-01-01").value());
  EXPECT_EQ(page->records[1].data, R"({"dynamodb":{"SequenceNumber":"5"}})");
  EXPECT_EQ(page->records[1].time, kNoTime);
  EXPECT_EQ(page->next_iterator, "NEXT");
  EXPECT_EQ(page->server_time, parse_timestamp("2026-11-22T03:33:00Z").value());
  EXPECT_EQ(page->answer_bytes, size);
  EXPECT_EQ(http_.requests.at(0).body, R"({"ShardIterator":"IT","Limit":100})");
  EXPECT_EQ(http_.requests.at(0).max_answer_bytes, size_t{1} << 20);
}

TEST_F(DynamoDbStreamsHttpTest, ReadsTheLastPageOfAShard) {
  for (const char* body : {R"({"Records":[{"dynamodb":{"SequenceNumber":"5"}}]})",
                           R"({"Records":[{"dynamodb":{"SequenceNumber":"5"}}],"NextShardIterator":null})"}) {
    http_.answer(200, body);
    Result<StreamsPage> page = get_records();
    ASSERT_TRUE(page) << to_string(page.error());
    EXPECT_THAT(page->records, SizeIs(1));
    EXPECT_EQ(page->next_iterator, std::nullopt);
  }
}

TEST_F(DynamoDbStreamsHttpTest, TellsAnswersThatAreNone) {
  for (const char* body :
       {"<html>", "[]", R"({"Records":[{"dynamodb":{"SequenceNumber":"x"}}]})", R"({"Records":[{"eventName":"INSERT"}]})",
        R"({"Records":[{"dynamodb":{"SequenceNumber":"1"}})", R"({"Records":[7]})", "{}", R"({"NextShardIterator":"NEXT"})",
        R"({"Records":null})", R"({"Records":{}})", R"({"Records":[],"NextShardIterator":7})"}) {
    http_.answer(200, body);
    Result<StreamsPage> page = get_records();
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().kind, ErrorKind::corrupt);
  }
  http_.answer(200, "{}");
  EXPECT_EQ(describe().error().kind, ErrorKind::corrupt);
  http_.answer(200, R"({"StreamDescription":{"StreamArn":"x","Shards":[{}]}})");
  EXPECT_EQ(describe().error().kind, ErrorKind::corrupt);
  http_.answer(200, "{}");
  EXPECT_EQ(iterator({}).error().kind, ErrorKind::corrupt);
}

TEST_F(DynamoDbStreamsHttpTest, ClassifiesTheServicesCodes) {
  struct Case {
    int status;
    const char* code;
    ErrorKind kind;
  };
  for (const Case& c :
       {Case{400, "TrimmedDataAccessException", ErrorKind::gap}, Case{400, "ExpiredIteratorException", ErrorKind::expired},
        Case{400, "LimitExceededException", ErrorKind::throttled},
        Case{400, "ProvisionedThroughputExceededException", ErrorKind::throttled},
        Case{400, "ThrottlingException", ErrorKind::throttled},
        Case{400, "ResourceNotFoundException", ErrorKind::not_found},
        Case{500, "InternalServerError", ErrorKind::unreachable}, Case{400, "ValidationException", ErrorKind::refused}}) {
    http_.answer(c.status, std::string(R"({"__type":"com.amazonaws.dynamodb.v20120810#)") + c.code + R"(","message":"x"})");
    EXPECT_EQ(get_records().error().kind, c.kind) << c.code;
  }
}

TEST_F(DynamoDbStreamsHttpTest, NamesTheStreamOrShardThatIsNotThere) {
  http_.answer(400, R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested )"
                    R"(resource not found: Stream: x not found"})");
  EXPECT_EQ(describe().error().message,
            std::string("there is no stream ") + kArn + " in region us-east-1 at http://localhost:8000");
  http_.answer(400, std::string(R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":")") +
                        "Requested resource not found: Shard: " + kShard + R"( does not exist"})");
  EXPECT_EQ(iterator({}).error().message, std::string("there is no shard ") + kShard + " of stream " + kArn +
                                              " in region us-east-1 at http://localhost:8000");
}

}  // namespace
}  // namespace ctk::aws
