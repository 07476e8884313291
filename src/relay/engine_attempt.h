// How the engine's start calls what may fail for a while: again and again, within the time that a start has.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {

template <class T>
struct Relay::Engine::Attempt {
  std::string what;
  std::move_only_function<void(Done<T>)> call;
  std::move_only_function<void(T)> then;
  Side side = kTarget;
  Duration begun{};
  Retry retry{RetryPolicy{std::chrono::milliseconds(200), std::chrono::seconds(1), {}}};
  std::optional<Duration> said = {};
};

template <class T>
void Relay::Engine::attempt(std::string what, std::move_only_function<void(Done<T>)> call,
                            std::move_only_function<void(T)> then, Side side) {
  try_attempt(std::make_shared<Attempt<T>>(Attempt<T>{std::move(what), std::move(call), std::move(then), side, now()}));
}

template <class T>
void Relay::Engine::try_attempt(const std::shared_ptr<Attempt<T>>& state) {
  state->call(guarded([this, state](Result<T> result) {
    if (phase_ == Phase::ended) return;
    if (result) return state->then(std::move(*result));
    const ErrorKind kind = result.error().kind;
    // What the target had before may come back.
    OpenStanding standing;
    standing.opened_before = restarted_ && state->side == kTarget;
    const bool again = after_failed_open(kind, standing) == Patience::wait;
    const bool endless = restarted_ && !is_bounded();
    const Duration most = restarted_ ? options_.give_up : options_.start_timeout;
    const bool in_time = endless || now() - (restarted_ ? state->begun : started_at_) < most;
    if (!again || !in_time) return fail_run(std::move(result).error());
    const bool worth_a_line = !state->said || now() - *state->said >= std::chrono::seconds(10);
    if (worth_a_line) {
      state->said = now();
      env_.log.warn(state->what + " failed, trying again", {{"error", to_string(result.error())}});
    }
    const Duration pause = state->retry.failed(now(), env_.random).value_or(std::chrono::seconds(1));
    env_.loop.after(pause, guarded([this, state] { try_attempt(state); }));
  }));
}

}  // namespace ctk::relay
