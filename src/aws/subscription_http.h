// One SubscribeToShard over HTTP/2: signed and sent like every other call, its answer read as an event stream.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/call_metrics.h"
#include "aws/event_stream.h"
#include "aws/fan_out_http.h"
#include "aws/json_caller.h"
#include "json/reader.h"

namespace ctk::aws {

/// The client under its signed call: an answer that is a success is not read, but kept as a stream.
class StreamOpener final : public net::HttpClient {
 public:
  explicit StreamOpener(net::HttpStreamClient& streams) : streams_(streams) {}
  void send(net::HttpRequest request, net::HttpDone done) override;
  std::unique_ptr<net::HttpStream> take_stream() { return std::move(stream_); }

 private:
  void begin(Result<net::HttpHead> head, net::HttpDone done);
  void read_refusal(net::HttpResponse sofar, net::HttpDone done);

  net::HttpStreamClient& streams_;
  std::unique_ptr<net::HttpStream> stream_;
  Lifeline lifeline_;
};

/// `parser` is used by jobs of the decoder only.
std::unique_ptr<ShardSubscription> open_subscription(JsonService service, ServiceEndpoint endpoint,
                                                     const FanOutParts& parts, std::optional<WireFormat> format,
                                                     JsonCall call, std::shared_ptr<json::Parser> parser,
                                                     ShardListener& listener);

}  // namespace ctk::aws
