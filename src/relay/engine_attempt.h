// How the engine's start calls what may fail for a while: again and again, within the time that a start has.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/task.h"
#include "relay/engine.h"

namespace ctk::relay {

template <class T>
Task<Result<T>> Relay::Engine::attempt(std::string what, Side side, std::move_only_function<void(Done<T>)> call) {
  const Duration begun = now();
  Retry retry{RetryPolicy{std::chrono::milliseconds(200), std::chrono::seconds(1), {}}};
  std::optional<Duration> reported;
  for (;;) {
    Result<T> result = co_await starting_->template answer<T>([&call](Done<T> done) { call(std::move(done)); });
    if (phase_ == Phase::ended) co_return fail(ErrorKind::stopped, "the run has ended");
    if (result) co_return std::move(result);
    // What the target had before may come back.
    OpenStanding standing;
    standing.opened_before = restarted_ && side == kTarget;
    const bool again = after_failed_open(result.error().kind, standing) == Patience::wait;
    const bool endless = restarted_ && !is_bounded();
    const Duration most = restarted_ ? options_.give_up : options_.start_timeout;
    const bool in_time = endless || now() - (restarted_ ? begun : started_at_) < most;
    if (!again || !in_time) co_return std::move(result);
    const bool worth_a_line = !reported || now() - *reported >= std::chrono::seconds(10);
    if (worth_a_line) {
      reported = now();
      env_.log.warn(what + " failed, trying again", {{"error", to_string(result.error())}});
    }
    TaskGroup::Pausing pausing = starting_->pause(retry.failed(now(), env_.random).value_or(std::chrono::seconds(1)));
    co_await pausing;
  }
}

}  // namespace ctk::relay
