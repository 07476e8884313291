// What a task awaits: the answer to a call that takes a Done. It has a name where it is awaited (base/task.h says why).
//
//   Answer<bool> answer(tasks, [&](Done<bool> done) { sink.connect(std::move(done)); });
//   const Result<bool> connected = co_await answer;
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "base/done.h"
#include "base/task.h"

namespace ctk::relay {

template <class T>
class Answer {
 public:
  using Call = std::move_only_function<void(Done<T>)>;

  Answer(const TaskGroup& tasks, Call call) : alive_(tasks.token()), call_(std::move(call)) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    call_([this, alive = alive_, waiting](Result<T> result) {
      if (alive.expired()) return;  // and this with it
      result_ = std::move(result);
      waiting.resume();
    });
  }
  Result<T> await_resume() { return std::move(*result_); }

 private:
  std::weak_ptr<bool> alive_;
  Call call_;
  std::optional<Result<T>> result_;
};

}  // namespace ctk::relay
