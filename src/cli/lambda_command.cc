// `ctk lambda`: a custom runtime of AWS Lambda. It asks the runtime API for invocations, hands their records to relays that
// live as long as the function's environment, and answers how far they are written.
#include <unistd.h>

#include <map>
#include <utility>

#include "base/event_loop.h"
#include "cli/exit_code.h"
#include "cli/pushed_relay.h"
#include "cli/request_log.h"
#include "cli/run_commands.h"
#include "cli/signals.h"
#include "cli/wired_relay.h"
#include "engines/lambda_session.h"
#include "engines/runtime_api.h"
#include "net/curl_client.h"

namespace ctk::cli {
namespace {

using engines::LambdaSession;
using engines::MappedStream;

constexpr const char* kApiVariable = "AWS_LAMBDA_RUNTIME_API";
/// An invocation is answered so long before its function is ended: 500 ms, and time to say it on a share of a processor.
constexpr Duration kReserve = std::chrono::milliseconds(900);
/// Lambda gives a function ten seconds to begin.
constexpr Duration kLongestStart = std::chrono::seconds(8);
constexpr Duration kStartPause = std::chrono::milliseconds(200);
/// Nothing more comes until the batch is answered: there is nothing to wait for.
constexpr Duration kBatchAge = std::chrono::milliseconds(1);
/// A relay's records are of any shard; DynamoDB's do not even say which.
const aws::ShardId kAnyShard("lambda");

source::SourceIdentity identity_of(const MappedStream& stream) {
  return engines::identity_of_pushed("lambda", stream.name(), stream.service == MappedStream::Service::dynamodb);
}

/// What the options of a load leave to Lambda.
void leave_to_lambda(LoadPlan& plan) {
  relay::RelayOptions& relay = plan.relay;
  relay.once = false;
  relay.batch.age = relay.batch.age.value_or(kBatchAge);
  relay.deadlines.start_timeout = std::min(relay.deadlines.start_timeout, kLongestStart);
  plan.target.start_timeout = relay.deadlines.start_timeout;
  // Lambda freezes the environment between invocations: a transaction that is open then would keep its locks.
  relay.sweep.grace = Duration::max();
}

/// Errors as Lambda is told them.
engines::RuntimeError shown_error(const Error& error, const observe::Redactor& redactor) {
  engines::RuntimeError shown = engines::runtime_error_of(error);
  shown.message = redactor.redact(std::move(shown.message));
  return shown;
}

/// Obeys the session: between the runtime API and the streams' relays.
class Function {
 public:
  Function(const LoadPlan& plan, const std::string& host, const World& world, ThreadLoop& loop)
      : plan_(plan),
        log_(world.log),
        world_{world.clock,  world.random,      log_,         world.terminal, world.redactor,
               world.output, world.environment, world.metrics},
        loop_(loop),
        client_(loop, {}),
        api_(client_, host) {}

  /// Reaches the target, and asks for the first invocation.
  void begin() {
    began_ = world_.clock.monotonic();
    reached_ = std::make_unique<WiredSink>(plan_.target, world_, loop_);
    reach();
  }
  /// The invocation at hand is answered yet.
  void stop() {
    stops_ = true;
    if (!busy_) return loop_.quit();
    loop_.after(plan_.relay.deadlines.grace, lifeline_.guard([this] { loop_.quit(); }));
  }
  int exit_code() const { return code_; }

 private:
  /// A stream's relay; which one, since another may follow it.
  struct Served {
    uint64_t number;
    std::unique_ptr<PushedRelay> relay;
  };

  void reach() {
    reached_->sink().connect(lifeline_.guard([this](Result<bool> connected) {
      if (connected) return next();
      const bool may_come = may_pass(connected.error().kind);
      const Duration left = began_ + plan_.relay.deadlines.start_timeout - world_.clock.monotonic();
      if (may_come && left > kStartPause) return (void)loop_.after(kStartPause, lifeline_.guard([this] { reach(); }));
      api_.fail_init(shown_error(connected.error(), world_.redactor),
                     lifeline_.guard([this, why = connected.error()](const Result<bool>&) { fail(why); }));
    }));
  }

  void next() {
    busy_ = false;
    log_.set_request("");
    if (stops_) return loop_.quit();
    api_.next(lifeline_.guard([this](Result<engines::Invocation> invocation) {
      if (!invocation) return fail(invocation.error());
      take(std::move(*invocation));
    }));
  }

  void take(engines::Invocation invocation) {
    busy_ = true;
    began_ = world_.clock.monotonic();
    log_.set_request(invocation.id);
    if (invocation.deadline != kNoTime) {
      const Duration left = invocation.deadline - kReserve - world_.clock.now();
      timer_ = loop_.after(std::max(left, Duration{}), lifeline_.guard([this] {
        timer_ = 0;
        world_.log.warn("the invocation's time is nearly over: what is not written will be given again");
        perform(session_.out_of_time());
      }));
    }
    perform(session_.invoked(std::move(invocation)));
  }

  void perform(LambdaSession::Actions actions) {
    for (LambdaSession::Action& action : actions) std::visit([this](auto& one) { perform(one); }, action);
  }
  void perform(LambdaSession::Push& push) { relay_of(push.stream).shard.push(std::move(push.records)); }
  void perform(const LambdaSession::Drop& drop) {
    const auto found = relays_.find(drop.stream);
    if (found == relays_.end()) return;
    // It may be who has called.
    dropped_.push_back(std::move(found->second.relay));
    relays_.erase(found);
    loop_.post(lifeline_.guard([this] { dropped_.clear(); }));
  }
  void perform(LambdaSession::Answer& answer) {
    end_invocation();
    const int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(world_.clock.monotonic() - began_).count();
    const bool whole = session_.written() == session_.size();
    const LogField records("records", session_.size()), written("written", session_.written()), time("ms", ms);
    if (whole) {
      world_.log.info("batch written", {records, time});
    } else {
      world_.log.error("batch not written whole", {records, written, time});
    }
    api_.answer(answer.id, std::move(answer.body), answered());
  }
  void perform(const LambdaSession::Refuse& refusal) {
    end_invocation();
    world_.log.error("the invocation failed", {{"error", to_string(refusal.error)}});
    api_.refuse(refusal.id, shown_error(refusal.error, world_.redactor), answered());
  }

  void end_invocation() {
    if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  }
  Done<bool> answered() {
    return lifeline_.guard([this](Result<bool> taken) {
      if (!taken) return fail(taken.error());
      if (!*taken) world_.log.error("Lambda has not taken the answer: what was given will be given again");
      next();
    });
  }

  PushedRelay& relay_of(const MappedStream& stream) {
    if (const auto found = relays_.find(stream); found != relays_.end()) return *found->second.relay;
    const uint64_t number = ++made_;
    auto moved = [this, stream, number](const aws::ShardId&, const shards::Position& to) {
      if (is_served(stream, number)) perform(session_.stored(stream, to));
    };
    std::unique_ptr<WiredSink> sink = std::exchange(reached_, nullptr);
    if (!sink) sink = std::make_unique<WiredSink>(plan_.target, world_, loop_);
    auto made = std::make_unique<PushedRelay>(plan_, identity_of(stream), kAnyShard, std::move(moved), std::move(sink),
                                              world_, loop_);
    Served& served = relays_[stream] = {number, std::move(made)};
    served.relay->relay.run([this, stream, number](const Result<relay::RelayStats>& result) {
      if (!is_served(stream, number)) return;
      const Error why = result ? Error{ErrorKind::stopped, "the relay has ended", "", ""} : result.error();
      world_.log.error("writing has ended", {{"stream", stream.name()}, {"error", to_string(why)}});
      perform(session_.ended(stream, why));
    });
    return *served.relay;
  }
  bool is_served(const MappedStream& stream, uint64_t number) const {
    const auto found = relays_.find(stream);
    return found != relays_.end() && found->second.number == number;
  }

  void fail(const Error& error) {
    code_ = report_error(world_, error);
    loop_.quit();
  }

  const LoadPlan& plan_;
  RequestLog log_;
  World world_;  ///< with that log
  ThreadLoop& loop_;
  net::CurlClient client_;
  engines::RuntimeApi api_;
  LambdaSession session_;
  Duration began_{};  ///< the start, or the invocation at hand
  EventLoop::TimerId timer_ = 0;
  bool busy_ = false, stops_ = false;
  int code_ = kDone;
  std::unique_ptr<WiredSink> reached_;  ///< for the first relay
  uint64_t made_ = 0;
  std::map<MappedStream, Served> relays_;
  std::vector<std::unique_ptr<PushedRelay>> dropped_;
  Lifeline lifeline_;
};

}  // namespace

void report_to_lambda(const Error& error, World& world) {
  const std::optional<std::string> host = world.environment().get(kApiVariable);
  if (!host) return;
  ThreadLoop loop(world.clock);
  net::CurlClient client(loop, {});
  engines::RuntimeApi api(client, *host);
  loop.post([&] { api.fail_init(shown_error(error, world.redactor), [&](const Result<bool>&) { loop.quit(); }); });
  loop.run();
}

int run_lambda(const LambdaCommand& command, World& world) {
  const aws::Environment environment = world.environment();
  const std::optional<std::string> host = environment.get(kApiVariable);
  if (!host) {
    return report_error(world, usage("AWS_LAMBDA_RUNTIME_API is not set",
                                     "ctk lambda is started by AWS Lambda, as its function's bootstrap")
                                   .error());
  }
  auto plan = plan_load(command.load, environment, is_readable_file);
  if (!plan) {
    report_to_lambda(plan.error(), world);
    return report_error(world, plan.error());
  }
  for (const std::string& note : plan->notes) world.log.debug(note);
  leave_to_lambda(*plan);
  plan->relay.worker = worker_name(world.random);

  ThreadLoop loop(world.clock);
  std::unique_ptr<Function> function;
  SignalWatcher signals([&] { loop.post([&] { function->stop(); }); });
  function = std::make_unique<Function>(*plan, *host, world, loop);
  loop.post([&] { function->begin(); });
  loop.run();
  const int code = function->exit_code();
  signals.run_is_over(code);
  function.reset();
  return code;
}

}  // namespace ctk::cli
