// How a Verifier asks: templates of its members, for the files that it is written in alone.
#pragma once

#include <utility>

#include "base/retry.h"
#include "verify/verifier.h"

namespace ctk::verify {

template <class T, class Call>
Task<Result<T>> Verifier::insist(Duration budget, Call& call) {
  Retry retry(RetryPolicy{std::chrono::milliseconds(100), std::chrono::seconds(30), budget});
  while (true) {
    Result<T> answer = co_await tasks_.answer<T>([&call](Done<T> done) { call(std::move(done)); });
    if (answer || !may_pass(answer.error().kind)) co_return answer;
    const std::optional<Duration> pause = retry.failed(env_.clock.monotonic(), env_.random);
    if (!pause || failure_) co_return answer;
    if (retry.failures() == 1) env_.log.debug("trying again", {{"error", to_string(answer.error())}});
    co_await tasks_.pause(*pause);
  }
}

template <class T, class Work>
auto Verifier::at(JobQueue& jobs, Work& work) {
  return tasks_.answer<T>(
      [&jobs, &work](Done<T> done) { jobs.run([&work]() -> Result<T> { return work(); }, std::move(done)); });
}

}  // namespace ctk::verify
