#include "sim/subscription_feed.h"

#include <utility>

#include "aws/event_stream.h"
#include "json/writer.h"
#include "sim/cbor_form.h"
#include "sim/kinesis_json.h"
#include "sim/wire.h"

namespace ctk::sim {
namespace {

std::string encoded_event(std::vector<std::pair<std::string, std::string>> headers, std::string payload) {
  aws::EventMessage message;
  message.headers = std::move(headers);
  message.payload = std::move(payload);
  return aws::encode_event(message);
}

ServiceError of_push(PushFault fault) {
  if (fault == PushFault::resource_in_use)
    return {"ResourceInUseException", "Another subscription has taken this one's place, by the simulation's choice.", 400};
  return {"InternalFailureException", "Failed, by the simulation's choice.", 500};
}

}  // namespace

SubscriptionFeed::~SubscriptionFeed() {
  const std::lock_guard lock(world_.mutex);
  world_.kinesis.unsubscribe(subscription_);
}

Http2Feed::Step SubscriptionFeed::next() {
  if (silent_) return {};
  if (!std::exchange(introduced_, true)) return {event("initial-response", "{}"), Then::goes_on};
  // A thousand of them ask hundreds of times a second. Time alone makes an event, too, but is in no hurry.
  constexpr int kInNoHurry = 20;
  const uint64_t revision = world_.revision;
  if (revision == seen_ && ++unasked_ < kInNoHurry) return {};
  seen_ = revision;
  unasked_ = 0;
  Answer<Push> push;
  PushFault fault = PushFault::none;
  {
    const std::lock_guard lock(world_.mutex);
    push = world_.kinesis.next_push(subscription_, world_.clock.now());
    if (push && push->kind == Push::Kind::event) fault = draw_push_fault(world_.faults, world_.random);
  }
  return give(push, fault);
}

Http2Feed::Step SubscriptionFeed::give(const Answer<Push>& push, PushFault fault) {
  if (!push) return refuse_with(push.error());
  if (push->kind == Push::Kind::nothing) return {};
  seen_ = 0;  // there may be more
  if (push->kind == Push::Kind::over) return {"", Then::ends};
  std::string bytes = event("SubscribeToShardEvent", push_json(*push));
  switch (fault) {
    case PushFault::none: break;
    case PushFault::cut: return {bytes.substr(0, bytes.size() / 2), Then::breaks_off};
    case PushFault::spoilt:
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
      return {std::move(bytes), Then::goes_on};
    case PushFault::silent: silent_ = true; return {};
    case PushFault::resource_in_use:
    case PushFault::internal_failure: return refuse_with(of_push(fault));
  }
  return {std::move(bytes), push->continuation ? Then::goes_on : Then::ends};
}

Http2Feed::Step SubscriptionFeed::refuse_with(const ServiceError& error) const {
  std::string payload = to_wire(error).body;
  if (cbor_) payload = answer_in_cbor(payload);
  return {encoded_event({{":exception-type", error.code}, {":message-type", "exception"}}, std::move(payload)), Then::ends};
}

std::string SubscriptionFeed::event(std::string_view type, std::string payload) const {
  if (cbor_) payload = answer_in_cbor(payload);
  return encoded_event({{":event-type", std::string(type)},
                        {":content-type", cbor_ ? "application/x-amz-cbor-1.1" : "application/x-amz-json-1.1"},
                        {":message-type", "event"}},
                       std::move(payload));
}

}  // namespace ctk::sim
