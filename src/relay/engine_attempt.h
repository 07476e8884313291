// How the engine's start calls what may fail for a while: again and again, within the time that a start has.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/retry.h"
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
    if (state_.ended()) co_return fail(ErrorKind::stopped, "the run has ended");
    if (result) {
      outages_.of(side).worked(what);
      co_return std::move(result);
    }
    outages_.of(side).failed(what, result.error(), now());
    const StartUp::Limits limits{run_.options.deadlines.start_timeout, run_.options.deadlines.give_up, !run_.is_bounded()};
    if (!start_.try_again(result.error().kind, side, begun, now(), limits)) co_return std::move(result);
    const bool worth_a_line = !reported || now() - *reported >= std::chrono::seconds(10);
    if (worth_a_line) {
      reported = now();
      run_.env.log.warn(what + " failed, trying again", {{"error", to_string(result.error())}});
    }
    TaskGroup::Pausing pausing = starting_->pause(retry.failed(now(), run_.env.random).value_or(std::chrono::seconds(1)));
    co_await pausing;
  }
}

}  // namespace ctk::relay
