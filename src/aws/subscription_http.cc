#include "aws/subscription_http.h"

#include <fmt/format.h>

#include <utility>

#include "aws/errors.h"
#include "aws/kinesis_cbor.h"
#include "aws/kinesis_wire.h"
#include "cbor/cbor_reader.h"

namespace ctk::aws {
namespace {

/// The service sends an event at least every few seconds.
constexpr Duration kLongestSilence = std::chrono::seconds(30);
/// Of one subscription's bytes that have come and are not read yet: beyond, it breaks off. It is read as it comes, so that
/// means a loop or a decoder that does not keep up.
constexpr size_t kMostUnread = 8u << 20;
constexpr size_t kLongestRefusal = 64u << 10;

Result<ShardEvent> read_event(json::Parser& parser, std::string& payload) {
  Result<RecordPage> page = cbor::begins_map(payload) ? read_cbor_record_page(std::move(payload), kShardEvent)
                                                      : read_record_page(parser, payload, kShardEvent);
  if (!page) return forward_error(std::move(page));
  ShardEvent event;
  event.records = std::move(page->records);
  if (page->next_iterator) event.continuation = SequenceNumber(std::move(*page->next_iterator));
  event.children = std::move(page->children);
  event.behind_latest = page->behind_latest;
  event.bytes = page->answer_bytes;
  return event;
}

/// What the service says instead of an event. Source: Smithy, "Amazon Event Stream Specification": exceptions are those
/// that the call is known for, errors are all others.
Error error_of_event(const EventMessage& message) {
  const bool modelled = message.header(":message-type") == "exception";
  const std::string code(message.header(modelled ? ":exception-type" : ":error-code"));
  const std::string words =
      modelled ? read_error_answer(message.payload).message : std::string(message.header(":error-message"));
  constexpr int kUnknownCode = 500;
  return {classify_aws_error(code, kUnknownCode), "the service has ended a subscription to a shard",
          words.empty() ? code : code + ": " + words, ""};
}

class HttpSubscription final : public ShardSubscription {
 public:
  HttpSubscription(JsonService service, ServiceEndpoint endpoint, const FanOutParts& parts,
                   std::optional<WireFormat> format, std::shared_ptr<json::Parser> parser, ShardListener& listener)
      : parts_(parts), opener_(parts.streams), listener_(listener), parser_(std::move(parser)) {
    if (parts.metrics != nullptr) counted_.emplace(opener_, *parts.metrics);
    net::HttpClient& http = counted_ ? static_cast<net::HttpClient&>(*counted_) : opener_;
    caller_.emplace(std::move(service), std::move(endpoint), parts.credentials, http, parts.decoder, parts.clock, format);
  }

  void start(JsonCall call) {
    caller_->call(std::move(call), [this](Result<JsonAnswer> answer) {
      // In a step of its own: whoever is told may let go of this, and of the caller that is at work here.
      Result<Timestamp> time = std::unexpected(Error{});
      if (answer) time = answer->server_time;
      if (!answer) time = forward_error(std::move(answer));
      parts_.loop.post(lifeline_.guard([this, time = std::move(time)] { open(time); }));
    });
  }

 private:
  void open(const Result<Timestamp>& server_time) {
    if (!server_time) return listener_.ended(std::unexpected(server_time.error()));
    stream_ = opener_.take_stream();
    const Lifeline::Sight sight = lifeline_.sight();
    listener_.opened(*server_time);
    if (sight.alive()) read_on();
  }

  void read_on() {
    stream_->read(lifeline_.guard([this](Result<std::string> bytes) { take_bytes(std::move(bytes)); }));
  }

  void take_bytes(Result<std::string> bytes) {
    if (!bytes) return end(std::unexpected(std::move(bytes).error()));
    if (bytes->empty()) {
      if (!events_.inside_message()) return end({});
      return end(fail(ErrorKind::unreachable, "the connection was cut within an event"));
    }
    events_.add(*bytes);
    while (!over_) {
      Result<std::optional<EventMessage>> message = events_.next();
      if (!message) return end(std::unexpected(std::move(message).error()));
      if (!*message) break;
      take_message(std::move(**message));
    }
    if (!over_ && undecoded_ == 0) read_on();
  }

  void take_message(EventMessage message) {
    const std::string_view type = message.header(":message-type");
    if (type == "exception" || type == "error") return end(std::unexpected(error_of_event(message)));
    if (message.header(":event-type") != "SubscribeToShardEvent") return;  // "initial-response" says nothing
    ++undecoded_;
    auto job = [parser = parser_, payload = std::move(message.payload)]() mutable { return read_event(*parser, payload); };
    run_on(parts_.decoder, std::move(job), lifeline_.guard([this](Result<ShardEvent> event) { give(std::move(event)); }));
  }

  void give(Result<ShardEvent> event) {
    --undecoded_;
    if (!event) {
      over_ = true;
      return listener_.ended(forward_error(std::move(event)));
    }
    const Lifeline::Sight sight = lifeline_.sight();
    listener_.took(std::move(*event));
    // What comes meanwhile waits at the connection's end.
    if (sight.alive() && undecoded_ == 0 && !over_) read_on();
  }

  /// Behind the events that are being decoded.
  void end(Status how) {
    over_ = true;
    stream_.reset();
    run_on(
        parts_.decoder, [how = std::move(how)] { return how; },
        lifeline_.guard([this](const Status& ended) { listener_.ended(ended); }));
  }

  const FanOutParts parts_;
  StreamOpener opener_;
  ShardListener& listener_;
  std::shared_ptr<json::Parser> parser_;
  std::optional<CountedCalls> counted_;
  std::optional<JsonCaller> caller_;
  std::unique_ptr<net::HttpStream> stream_;
  EventDecoder events_;
  size_t undecoded_ = 0;
  bool over_ = false;  ///< nothing more is read
  Lifeline lifeline_;
};

}  // namespace

void StreamOpener::send(net::HttpRequest request, net::HttpDone done) {
  net::HttpStreamRequest asked;
  asked.method = std::move(request.method);
  asked.url = std::move(request.url);
  asked.headers = std::move(request.headers);
  asked.body = std::move(request.body);
  asked.silence = kLongestSilence;
  asked.max_held = kMostUnread;
  asked.http2 = true;
  stream_ = streams_.open_stream(std::move(asked),
                                 lifeline_.guard([this, done = std::move(done)](Result<net::HttpHead> head) mutable {
                                   begin(std::move(head), std::move(done));
                                 }));
}

void StreamOpener::begin(Result<net::HttpHead> head, net::HttpDone done) {
  if (!head) return done(forward_error(std::move(head)));
  net::HttpResponse response{head->status, std::move(head->headers), ""};
  if (response.status >= 200 && response.status < 300) return done(std::move(response));
  read_refusal(std::move(response), std::move(done));
}

void StreamOpener::read_refusal(net::HttpResponse sofar, net::HttpDone done) {
  auto take = [this, sofar = std::move(sofar), done = std::move(done)](Result<std::string> bytes) mutable {
    if (!bytes) return done(forward_error(std::move(bytes)));
    sofar.body += *bytes;
    if (bytes->empty() || sofar.body.size() > kLongestRefusal) return done(std::move(sofar));
    read_refusal(std::move(sofar), std::move(done));
  };
  stream_->read(lifeline_.guard(std::move(take)));
}

std::unique_ptr<ShardSubscription> open_subscription(JsonService service, ServiceEndpoint endpoint,
                                                     const FanOutParts& parts, std::optional<WireFormat> format,
                                                     JsonCall call, std::shared_ptr<json::Parser> parser,
                                                     ShardListener& listener) {
  auto subscription = std::make_unique<HttpSubscription>(std::move(service), std::move(endpoint), parts, format,
                                                         std::move(parser), listener);
  subscription->start(std::move(call));
  return subscription;
}

}  // namespace ctk::aws
