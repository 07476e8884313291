// How the engine's start calls what may fail for a while: again and again, within the time that a start has.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {

template <class T>
struct Relay::Engine::Attempt {
  std::string what;
  std::move_only_function<void(Done<T>)> call;
  std::move_only_function<void(T)> then;
  Retry retry{RetryPolicy{std::chrono::milliseconds(200), std::chrono::seconds(5), {}}};
};

template <class T>
void Relay::Engine::attempt(std::string what, std::move_only_function<void(Done<T>)> call,
                            std::move_only_function<void(T)> then) {
  try_attempt(std::make_shared<Attempt<T>>(Attempt<T>{std::move(what), std::move(call), std::move(then)}));
}

template <class T>
void Relay::Engine::try_attempt(const std::shared_ptr<Attempt<T>>& state) {
  state->call(guarded([this, state](Result<T> result) {
    if (phase_ == Phase::ended) return;
    if (result) return state->then(std::move(*result));
    const ErrorKind kind = result.error().kind;
    const bool again = kind == ErrorKind::unreachable || kind == ErrorKind::throttled;
    const bool in_time = restarted_ || now() - started_at_ < options_.start_timeout;
    if (!again || !in_time) return fail_run(std::move(result).error());
    env_.log.warn(state->what + " failed, trying again", {{"error", to_string(result.error())}});
    const Duration pause = state->retry.failed(now(), env_.random).value_or(std::chrono::seconds(1));
    env_.loop.after(pause, guarded([this, state] { try_attempt(state); }));
  }));
}

}  // namespace ctk::relay
