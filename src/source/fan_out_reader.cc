#include "source/fan_out_reader.h"

#include <fmt/format.h>

#include <cmath>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "base/lifeline.h"
#include "source/pushed_pages.h"
#include "source/subscription_plan.h"

namespace ctk::source {
namespace {

constexpr Duration kSayNothing = std::chrono::seconds(10);

/// What a subscription may push as soon as it is made, before anybody knows whether its shard has a backlog.
constexpr size_t kFirstEvent = 1u << 20;
/// After which one that has said nothing has none.
constexpr Duration kFirstEventWithin = std::chrono::milliseconds(200);

class FanOutReader final : public ShardReader {
 public:
  FanOutReader(FanOutOptions options, EventLoop& loop, Clock& clock)
      : options_(std::move(options)), loop_(loop), clock_(clock) {}

  /// A consumer that is there is used; one that is not is registered. While it is being made the caller tries again.
  void open(const aws::StreamSummary& stream, Done<bool> done) override {
    auto take = [this, arn = stream.arn, done = std::move(done)](Result<aws::StreamConsumer> found) mutable {
      if (!found && found.error().kind == ErrorKind::not_found) return register_consumer(arn, std::move(done));
      know(std::move(found), std::move(done));
    };
    options_.api->describe_consumer(stream.arn, options_.consumer, lifeline_.guard(std::move(take)));
  }

  void read(const ReadRequest& request, Done<Page> done) override {
    Shard& shard = shard_of(request.shard);
    shard.request = request;
    shard.waiting = std::move(done);
    if (!shard.begun) {
      shard.begun = true;
      shard.plan.begin(iterator_start(request.position), clock_.monotonic());
    } else if (shard.plan.phase() == SubscriptionPlan::Phase::idle && !shard.error) {
      shard.plan.begin(shard.plan.start(), clock_.monotonic());
    }
    // In a step of its own: completions never come from inside.
    loop_.post(shard.lifeline.guard([this, &shard] {
      attend(shard);
      answer(shard);
    }));
  }

  void forget(const ShardId& id) override {
    const auto found = shards_.find(id);
    if (found == shards_.end()) return;
    Shard& shard = *found->second;
    held_ -= shard.pages.bytes();
    shard.pages.clear();
    shard.subscription.reset();
    no_longer_opening(shard);
    shard.plan.restart();
    shard.begun = false;
    shard.error.reset();
    if (shard.waiting) loop_.post(shard.lifeline.guard([this, &shard] { answer_nothing(shard); }));
    attend(shard);
    attend_those_without_room();
  }
  void leave(const ShardId& id) override {
    const auto found = shards_.find(id);
    if (found == shards_.end()) return;
    held_ -= found->second->pages.bytes();
    loop_.cancel(found->second->timer);
    no_longer_opening(*found->second);
    no_longer_without_room(*found->second);
    shards_.erase(found);
    attend_those_without_room();
  }

  void when_ready(std::function<void(const ShardId& shard)> ready) override { ready_ = std::move(ready); }

 private:
  struct Shard final : aws::ShardListener {
    Shard(FanOutReader& owner, ShardId shard) : reader(owner), id(std::move(shard)) {}
    void opened(Timestamp server_time) override { reader.on_opened(*this, server_time); }
    void took(aws::ShardEvent event) override { reader.on_event(*this, std::move(event)); }
    void ended(Status how) override { reader.on_end(*this, std::move(how)); }

    FanOutReader& reader;
    const ShardId id;
    SubscriptionPlan plan;
    bool begun = false;         ///< the plan knows from where
    bool opening = false;       ///< what it pushes first is not known yet
    bool without_room = false;  ///< for the subscription that is due
    PushedPages pages;
    std::optional<Error> error;  ///< which whoever reads is to be told
    ReadRequest request;
    Done<Page> waiting;      ///< the read that is under way
    Duration clock_error{};  ///< of the service's clock against ours
    EventLoop::TimerId timer = 0;
    std::unique_ptr<aws::ShardSubscription> subscription;
    Lifeline lifeline;
  };

  Shard& shard_of(const ShardId& id) {
    std::unique_ptr<Shard>& shard = shards_[id];
    if (!shard) shard = std::make_unique<Shard>(*this, id);
    return *shard;
  }

  void register_consumer(const aws::Arn& stream, Done<bool> done) {
    options_.api->register_consumer(
        stream, options_.consumer,
        lifeline_.guard([this, done = std::move(done)](Result<aws::StreamConsumer> made) mutable {
          know(std::move(made), std::move(done));
        }));
  }

  void know(Result<aws::StreamConsumer> consumer, Done<bool> done) {
    if (!consumer) return done(forward_error(std::move(consumer)));
    if (consumer->status != "ACTIVE") {
      return done(fail(ErrorKind::unreachable, fmt::format("consumer '{}' is {}, not ACTIVE", consumer->name,
                                                           consumer->status.empty() ? "there" : consumer->status)));
    }
    consumer_ = std::move(consumer->arn);
    done(true);
  }

  /// Does what the plan wants by now, and looks again when it will.
  void attend(Shard& shard) {
    const Duration now = clock_.monotonic();
    const bool wants = shard.plan.wants_subscription(now);
    if (wants && !has_room(shard)) {
      await_room(shard);
    } else {
      no_longer_without_room(shard);
      if (wants) subscribe(shard);
    }
    loop_.cancel(std::exchange(shard.timer, 0));
    const Duration next = shard.plan.next();
    if (next == Duration::max() || shard.without_room) return;
    shard.timer = loop_.after(std::max<Duration>(next - now, std::chrono::milliseconds(1)),
                              shard.lifeline.guard([this, &shard] { attend(shard); }));
  }

  /// One that is open is renewed whatever is held; what is not read yet holds back the others, and so does what those that
  /// are being opened may bring: a thousand with a backlog would push a gigabyte before the first byte is counted.
  bool has_room(const Shard& shard) const { return shard.subscription != nullptr || has_room_for_another(); }
  bool has_room_for_another() const {
    const size_t room = options_.max_held / 2;
    return held_ <= room && (opening_ == 0 || held_ + (opening_ + 1) * kFirstEvent <= room);
  }

  /// A read that waits, too, holds room of the reader's, which those need whose records are in the way.
  void await_room(Shard& shard) {
    if (!std::exchange(shard.without_room, true)) without_room_.push_back(shard.id);
    if (shard.waiting) loop_.post(shard.lifeline.guard([this, &shard] { answer(shard); }));
  }
  void no_longer_opening(Shard& shard) {
    if (std::exchange(shard.opening, false)) --opening_;
  }
  void no_longer_without_room(Shard& shard) {
    if (std::exchange(shard.without_room, false)) std::erase(without_room_, shard.id);
  }

  void subscribe(Shard& shard) {
    if (!shard.subscription && !std::exchange(shard.opening, true)) ++opening_;
    shard.subscription.reset();
    shard.plan.asked();
    shard.subscription = options_.api->subscribe(consumer_, shard.id, shard.plan.start(), shard);
  }

  void on_opened(Shard& shard, Timestamp server_time) {
    // Steps of the golden ratio lie apart from one another, however many there are.
    constexpr double kGoldenRatio = 0.6180339887498949;
    shard.clock_error = server_time - clock_.now();
    shard.plan.opened(clock_.monotonic(), std::fmod(static_cast<double>(++opened_) * kGoldenRatio, 1));
    attend(shard);
    if (shard.opening) {
      loop_.after(kFirstEventWithin, shard.lifeline.guard([this, &shard] {
        no_longer_opening(shard);
        attend_those_without_room();
      }));
    }
    if (shard.waiting && shard.pages.empty()) answer_nothing(shard);
  }

  void on_event(Shard& shard, aws::ShardEvent event) {
    const bool records = !event.records.empty();
    shard.plan.accepted(event, clock_.monotonic());
    const size_t before = shard.pages.bytes();
    shard.pages.add(std::move(event), clock_.now() + shard.clock_error);
    held_ += shard.pages.bytes() - before;
    no_longer_opening(shard);
    if (shard.plan.phase() == SubscriptionPlan::Phase::finished) {
      shard.subscription.reset();
    } else if (records && held_ > options_.max_held) {
      shard.subscription.reset();
      shard.plan.let_go();
    }
    attend(shard);
    attend_those_without_room();
    call_reader(shard);
  }

  void on_end(Shard& shard, Status how) {
    shard.subscription.reset();
    const bool goes_on = shard.plan.ended(how, clock_.monotonic());
    if (!goes_on) shard.error = std::move(how).error();
    no_longer_opening(shard);
    attend(shard);
    attend_those_without_room();
    if (!goes_on) call_reader(shard);
  }

  void call_reader(Shard& shard) {
    if (shard.waiting) return answer(shard);
    if (ready_) ready_(shard.id);
  }

  /// The read that is under way, if there is something to be said. Whoever is told may forget or leave the shard.
  void answer(Shard& shard) {
    if (!shard.waiting) return;
    if (!shard.pages.empty()) return give_page(shard);
    if (shard.error) {
      Error error = std::move(*std::exchange(shard.error, std::nullopt));
      return std::exchange(shard.waiting, nullptr)(std::unexpected(std::move(error)));
    }
    if (shard.without_room || shard.plan.phase() == SubscriptionPlan::Phase::open) answer_nothing(shard);
  }

  void give_page(Shard& shard) {
    const size_t before = shard.pages.bytes();
    Result<Page> page = shard.pages.take(shard.request);
    held_ -= before - shard.pages.bytes();
    if (shard.error && page && shard.pages.empty()) page->rest = {};
    attend_those_without_room();
    std::exchange(shard.waiting, nullptr)(std::move(page));
  }

  /// The reader is called when there is something.
  void answer_nothing(Shard& shard) {
    if (!shard.waiting) return;
    Page page;
    page.server_time = clock_.now() + shard.clock_error;
    page.rest = kSayNothing;
    std::exchange(shard.waiting, nullptr)(std::move(page));
  }

  void attend_those_without_room() {
    while (!without_room_.empty() && has_room_for_another()) attend(*shards_.at(without_room_.front()));
  }

  const FanOutOptions options_;
  EventLoop& loop_;
  Clock& clock_;
  aws::Arn consumer_;
  size_t held_ = 0;      ///< of all shards' pages
  size_t opening_ = 0;   ///< subscriptions whose first event may be a large one
  uint64_t opened_ = 0;  ///< subscriptions
  std::function<void(const ShardId& shard)> ready_;
  std::map<ShardId, std::unique_ptr<Shard>> shards_;
  std::deque<ShardId> without_room_;  ///< for the subscription that is due; who has waited longest comes first
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<ShardReader> make_fan_out_reader(FanOutOptions options, EventLoop& loop, Clock& clock) {
  return std::make_unique<FanOutReader>(std::move(options), loop, clock);
}

}  // namespace ctk::source
