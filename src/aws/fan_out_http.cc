#include "aws/fan_out_http.h"

#include <fmt/format.h>

#include <utility>

#include "aws/kinesis_requests.h"
#include "aws/kinesis_wire.h"
#include "aws/subscription_http.h"

namespace ctk::aws {
namespace {

JsonCall fan_out_call(const char* action, const KinesisRequest& request, std::string object) {
  return {.action = action, .body = to_json(request), .cbor_body = to_cbor(request), .object = std::move(object)};
}

/// Of a consumer's ARN: "me" of "…:stream/cdc/consumer/me:1700000000".
std::string consumer_in(const Arn& consumer) {
  constexpr std::string_view kBefore = "/consumer/";
  const size_t at = consumer.str().find(kBefore);
  if (at == std::string::npos) return consumer.str();
  const std::string name = consumer.str().substr(at + kBefore.size());
  return name.substr(0, name.find(':'));
}

class FanOutHttp final : public FanOutApi {
 public:
  FanOutHttp(ServiceEndpoint endpoint, FanOutParts parts, std::optional<WireFormat> format)
      : endpoint_(std::move(endpoint)),
        parts_(parts),
        format_(format),
        caller_(kinesis_service(), endpoint_, parts.credentials, parts.calls, parts.decoder, parts.clock, format) {}

  void describe_consumer(const Arn& stream, const std::string& name, Done<StreamConsumer> done) override {
    ask("DescribeStreamConsumer", "ConsumerDescription", stream, name, std::move(done));
  }
  void register_consumer(const Arn& stream, const std::string& name, Done<StreamConsumer> done) override {
    ask("RegisterStreamConsumer", "Consumer", stream, name, std::move(done));
  }

  std::unique_ptr<ShardSubscription> subscribe(const Arn& consumer, const ShardId& shard, const IteratorStart& start,
                                               ShardListener& listener) override {
    JsonCall call = fan_out_call("SubscribeToShard", subscribe_request(consumer, shard, start),
                                 fmt::format("consumer '{}'", consumer_in(consumer)));
    call.part = shard.str();
    return open_subscription(kinesis_service(), endpoint_, parts_, format_, std::move(call), parser_, listener);
  }

 private:
  void ask(const char* action, const char* member, const Arn& stream, const std::string& name, Done<StreamConsumer> done) {
    caller_.call(fan_out_call(action, consumer_request(stream, name), fmt::format("consumer '{}'", name)),
                 [action, member, done = std::move(done)](Result<JsonAnswer> answer) mutable {
                   if (!answer) return done(forward_error(std::move(answer)));
                   done(read_consumer(action, member, answer->body));
                 });
  }

  const ServiceEndpoint endpoint_;
  const FanOutParts parts_;
  const std::optional<WireFormat> format_;
  JsonCaller caller_;
  std::shared_ptr<json::Parser> parser_ = std::make_shared<json::Parser>();  // used by jobs of the decoder only
};

}  // namespace

std::unique_ptr<FanOutApi> make_fan_out_http(ServiceEndpoint endpoint, FanOutParts parts,
                                             std::optional<WireFormat> format) {
  return std::make_unique<FanOutHttp>(std::move(endpoint), parts, format);
}

}  // namespace ctk::aws
