#include "sim/in_process_fan_out.h"

#include <utility>

#include "base/lifeline.h"

namespace ctk::sim {
namespace {

/// So often a subscription looks whether there is something to be pushed.
constexpr Duration kPushPause = std::chrono::milliseconds(20);

Answer<aws::StreamConsumer> consumer_of(const Answer<ConsumerDescription>& found) {
  if (!found) return std::unexpected(found.error());
  return aws::StreamConsumer{found->name, aws::Arn(found->arn), found->status};
}

aws::ShardEvent event_of(Push&& push) {
  aws::ShardEvent event;
  event.behind_latest = push.behind;
  if (push.continuation) event.continuation = aws::SequenceNumber(*push.continuation);
  for (const ShardDescription& child : push.children)
    event.children.push_back({child.shard.id, child.shard.parents, child.range});
  for (StoredRecord& record : push.records) {
    aws::KinesisRecord out{aws::SequenceNumber(std::move(record.sequence)), record.arrival, {}};
    out.data = record.data;
    event.bytes += record.data.size();
    event.records.push_back(std::move(out));
  }
  return event;
}

Status failure_of(PushFault fault) {
  const ErrorKind kind = fault == PushFault::spoilt ? ErrorKind::corrupt : ErrorKind::unreachable;
  return fail(kind, "a subscription has broken off", std::string(to_string(fault)));
}

}  // namespace

class InProcessFanOut::Subscription final : public aws::ShardSubscription {
 public:
  Subscription(InProcessFanOut& api, aws::ShardListener& listener) : api_(api), listener_(listener) {}
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() override {
    if (number_ != 0) api_.service_.unsubscribe(number_);
  }

  void ask(const aws::Arn& consumer, const aws::ShardId& shard, const aws::IteratorStart& start) {
    api_.way_.carry<uint64_t>(
        "SubscribeToShard", CallKind::other,
        [&service = api_.service_, consumer, shard, start](Timestamp now, Fault) {
          return service.subscribe(consumer.str(), shard.str(), start, now);
        },
        lifeline_.guard([this](Result<uint64_t> number) { open(std::move(number)); }));
  }

 private:
  void open(Result<uint64_t> number) {
    if (!number) return listener_.ended(forward_error(std::move(number)));
    number_ = *number;
    const Lifeline::Sight sight = lifeline_.sight();
    listener_.opened(api_.environment_.clock.now());
    if (sight.alive()) wait();
  }

  /// A listener that sleeps holds up the connection: what comes meanwhile waits at the service.
  void wait() {
    EventLoop& listening = api_.environment_.caller != nullptr ? *api_.environment_.caller : api_.environment_.loop;
    listening.after(kPushPause, lifeline_.guard([this] { push(); }));
  }

  void push() {
    Answer<Push> next = api_.service_.next_push(number_, api_.environment_.clock.now());
    if (!next) return listener_.ended(std::unexpected(to_error("SubscribeToShard", next.error())));
    if (next->kind == Push::Kind::nothing) return wait();
    if (next->kind == Push::Kind::over) return listener_.ended({});
    const PushFault fault = draw_push_fault(api_.way_.settings().faults, api_.environment_.random);
    if (fault != PushFault::none && api_.environment_.on_fault)
      api_.environment_.on_fault("SubscribeToShard", to_string(fault));
    if (fault == PushFault::silent) return;
    if (fault != PushFault::none) return listener_.ended(failure_of(fault));
    const Lifeline::Sight sight = lifeline_.sight();
    listener_.took(event_of(std::move(*next)));
    if (sight.alive()) wait();
  }

  InProcessFanOut& api_;
  aws::ShardListener& listener_;
  uint64_t number_ = 0;  ///< 0: the service has not taken it yet
  Lifeline lifeline_;
};

void InProcessFanOut::describe_consumer(const aws::Arn& stream, const std::string& name, Done<aws::StreamConsumer> done) {
  way_.carry<aws::StreamConsumer>(
      "DescribeStreamConsumer", CallKind::other,
      [this, stream, name](Timestamp now, Fault) {
        return consumer_of(service_.describe_consumer(stream.str(), name, now));
      },
      std::move(done));
}

void InProcessFanOut::register_consumer(const aws::Arn& stream, const std::string& name, Done<aws::StreamConsumer> done) {
  way_.carry<aws::StreamConsumer>(
      "RegisterStreamConsumer", CallKind::other,
      [this, stream, name](Timestamp now, Fault) {
        return consumer_of(service_.register_consumer(stream.str(), name, now));
      },
      std::move(done));
}

std::unique_ptr<aws::ShardSubscription> InProcessFanOut::subscribe(const aws::Arn& consumer, const aws::ShardId& shard,
                                                                   const aws::IteratorStart& start,
                                                                   aws::ShardListener& listener) {
  ++subscriptions_;
  auto subscription = std::make_unique<Subscription>(*this, listener);
  subscription->ask(consumer, shard, start);
  return subscription;
}

}  // namespace ctk::sim
