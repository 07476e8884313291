#include "aws/kinesis_http.h"

#include <fmt/format.h>

#include "aws/common_wire.h"
#include "aws/kinesis_cbor.h"
#include "aws/kinesis_requests.h"
#include "aws/kinesis_wire.h"
#include "cbor/cbor_reader.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

JsonCall call_of(const char* action, const KinesisRequest& request) {
  return {.action = action, .body = to_json(request), .cbor_body = to_cbor(request)};
}

std::string named(const StreamName& stream) { return fmt::format("stream '{}'", stream.str()); }

class KinesisHttp final : public KinesisApi {
 public:
  KinesisHttp(ServiceEndpoint endpoint, CredentialSource& credentials, net::HttpClient& http, Executor& decoder,
              Clock& clock, std::optional<WireFormat> format)
      : caller_(kinesis_service(), std::move(endpoint), credentials, http, decoder, clock, format) {}

  void describe_stream(const StreamName& stream, Done<StreamSummary> done) override {
    JsonCall call = call_of("DescribeStreamSummary", describe_stream_request(stream));
    call.object = named(stream);
    caller_.call(std::move(call), [done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      Result<StreamSummary> summary = read_stream_summary(answer->body);
      if (summary) summary->server_time = answer->server_time;
      done(std::move(summary));
    });
  }

  void list_shards(const StreamName& stream, const std::optional<std::string>& token, Done<ShardPage> done) override {
    JsonCall call = call_of("ListShards", list_shards_request(stream, token));
    call.object = named(stream);
    caller_.call(std::move(call), [done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      done(read_shard_page(answer->body));
    });
  }

  void get_shard_iterator(const StreamName& stream, const ShardId& shard, const IteratorStart& start,
                          Done<std::string> done) override {
    JsonCall call = call_of("GetShardIterator", shard_iterator_request(stream, shard, start));
    call.object = named(stream);
    call.part = shard.str();
    caller_.call(std::move(call), [stream, done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      Result<std::string> iterator = read_shard_iterator("Kinesis", answer->body);
      if (iterator) iterator = mark_iterator(stream.str(), std::move(*iterator));
      done(std::move(iterator));
    });
  }

  void get_records(const std::string& iterator, int limit, size_t max_answer_bytes, Done<RecordPage> done) override {
    const std::string stream(unmark_iterator(iterator).stream);
    JsonCall call = call_of("GetRecords", records_request(iterator, limit));
    call.object = stream.empty() ? "" : named(StreamName(stream));
    call.max_answer_bytes = max_answer_bytes;
    call.list = "Records";
    auto read = [parser = parser_](std::string& body) {
      if (cbor::begins_map(body)) return read_cbor_record_page(std::move(body));
      Result<RecordPage> page = read_record_page(*parser, body);
      constexpr size_t kLarge = 1u << 20;
      if (body.size() > kLarge) *parser = json::Parser();  // its buffers are several times as large as the text
      return page;
    };
    auto finish = [stream](RecordPage& page, const JsonAnswer& answer) {
      page.server_time = answer.server_time;
      page.cut_off = answer.cut_off;
      if (page.next_iterator) page.next_iterator = mark_iterator(stream, std::move(*page.next_iterator));
    };
    caller_.call_and_decode<RecordPage>(std::move(call), std::move(read), std::move(finish), std::move(done));
  }

  void create_stream(const StreamName& stream, int shards, Done<bool> done) override {
    JsonCall call = call_of("CreateStream", create_stream_request(stream, shards));
    call.object = named(stream);
    caller_.call(std::move(call), [done = std::move(done)](Result<JsonAnswer> answer) mutable {
      if (answer) return done(true);
      if (answer.error().peer.starts_with("ResourceInUseException")) return done(false);
      done(forward_error(std::move(answer)));
    });
  }

 private:
  JsonCaller caller_;
  std::shared_ptr<json::Parser> parser_ = std::make_shared<json::Parser>();  // used by jobs of the decoder only
};

}  // namespace

std::unique_ptr<KinesisApi> make_kinesis_http(ServiceEndpoint endpoint, CredentialSource& credentials,
                                              net::HttpClient& http, Executor& decoder, Clock& clock,
                                              std::optional<WireFormat> format) {
  return std::make_unique<KinesisHttp>(std::move(endpoint), credentials, http, decoder, clock, format);
}

}  // namespace ctk::aws
