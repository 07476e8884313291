#include "aws/dynamodb_streams_http.h"

#include <fmt/format.h>

#include "aws/common_wire.h"
#include "aws/dynamodb_streams_wire.h"

namespace ctk::aws {
namespace {

// Both services sign as "dynamodb".
const JsonService kService{"dynamodb", "DynamoDBStreams_20120810", "application/x-amz-json-1.0"};

std::string named(const Arn& stream) { return fmt::format("stream {}", stream.str()); }

class DynamoDbStreamsHttp final : public DynamoDbStreamsApi {
 public:
  DynamoDbStreamsHttp(ServiceEndpoint endpoint, CredentialSource& credentials, net::HttpClient& http, Executor& decoder,
                      Clock& clock, Compression compression)
      : caller_(kService, std::move(endpoint), credentials, http, decoder, clock, WireFormat::json, compression) {}

  void describe_stream(const DescribeStreamRequest& request, Done<StreamsDescription> done) override {
    JsonCall call{.action = "DescribeStream", .body = describe_stream_request(request), .object = named(request.stream)};
    if (request.children_of) call.part = request.children_of->str();
    caller_.call(std::move(call), [done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      Result<StreamsDescription> stream = read_streams_description(answer->body);
      if (stream) stream->server_time = answer->server_time;
      done(std::move(stream));
    });
  }

  void get_shard_iterator(const Arn& stream, const ShardId& shard, const IteratorStart& start,
                          Done<std::string> done) override {
    JsonCall call{.action = "GetShardIterator",
                  .body = streams_iterator_request(stream, shard, start),
                  .object = named(stream),
                  .part = shard.str()};
    caller_.call(std::move(call), [done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      done(read_shard_iterator("DynamoDB Streams", answer->body));
    });
  }

  void get_records(const std::string& iterator, int limit, size_t max_answer_bytes, Done<StreamsPage> done) override {
    // "arn:aws:dynamodb:…/stream/2015-05-20T20:51:10.252|1|AAAA…"
    const size_t name = iterator.starts_with("arn:") ? iterator.find('|') : std::string::npos;
    JsonCall call{.action = "GetRecords",
                  .body = streams_records_request(iterator, limit),
                  .object = name == std::string::npos ? "" : named(Arn(iterator.substr(0, name))),
                  .list = "Records"};
    if (max_answer_bytes > 0) call.max_answer_bytes = max_answer_bytes;
    caller_.call_and_decode<StreamsPage>(
        std::move(call), [parser = parser_](std::string& body) { return read_streams_page(*parser, body); },
        [](StreamsPage& page, const JsonAnswer& answer) {
          page.server_time = answer.server_time;
          page.cut_off = answer.cut_off;
        },
        std::move(done));
  }

 private:
  JsonCaller caller_;
  std::shared_ptr<json::PieceParser> parser_ = std::make_shared<json::PieceParser>();  // used by jobs of the decoder only
};

}  // namespace

std::unique_ptr<DynamoDbStreamsApi> make_dynamodb_streams_http(ServiceEndpoint endpoint, CredentialSource& credentials,
                                                               net::HttpClient& http, Executor& decoder, Clock& clock,
                                                               Compression compression) {
  return std::make_unique<DynamoDbStreamsHttp>(std::move(endpoint), credentials, http, decoder, clock, compression);
}

}  // namespace ctk::aws
