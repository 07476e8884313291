// Coroutines for work that waits: step after step, each for the answer to the one before.
//
// A Task<T> starts when it is awaited and lives in the frame of whoever awaits it. A TaskGroup owns the outermost ones:
// destroying it destroys every task that still waits, and late answers then find nobody to wake. Everything runs on the
// loop; no thread waits here, and no exceptions cross an await.
//
// What is passed to an awaited coroutine has a name, or is a function's result: g++ 12 destroys an aggregate that is made
// in the argument list twice.
//
//   Task<Result<int>> count(Client& client) { auto answer = co_await client.run(...); co_return …; }
//   tasks.spawn(count(client), std::move(done));
//
// Calls that take a Done are awaited through the group:
//
//   auto page = co_await tasks.answer<Page>([&](Done<Page> done) { source.read(request, std::move(done)); });
#pragma once

#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include "base/done.h"
#include "base/event_loop.h"
#include "base/lifeline.h"

namespace ctk {

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> waiting;

    struct WakeWaiting {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) const noexcept {
        return ended.promise().waiting;
      }
      void await_resume() const noexcept {}
    };

    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    WakeWaiting final_suspend() const noexcept { return {}; }
    void return_value(T result) { value.emplace(std::move(result)); }
    void unhandled_exception() const { std::terminate(); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) noexcept {
    handle_.promise().waiting = waiting;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().value); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

/// Owns tasks. Make it the last member of what they use, so that it goes first. Used on the loop, `post` and `guard` from
/// any thread while the group lives.
class TaskGroup {
 public:
  explicit TaskGroup(EventLoop& loop) : loop_(loop) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() {
    // The lifeline goes after them: what a frame has handed to another thread may use it until the frame is gone.
    for (auto root : std::exchange(roots_, {})) root.destroy();
  }

  /// Begins `task` at the loop's next turn and gives what it returns to `done`.
  template <class T, class Done>
  void spawn(Task<T> task, Done done) {
    Root root = run(this, std::move(task), std::move(done));
    roots_.insert(root.handle);
    post([handle = root.handle] { handle.resume(); });
  }

  /// The same at once.
  template <class T, class Done>
  void start(Task<T> task, Done done) {
    Root root = run(this, std::move(task), std::move(done));
    roots_.insert(root.handle);
    root.handle.resume();
  }

  /// Posts a step that is dropped if the group is gone by then.
  template <class Step>
  void post(Step step) {
    loop_.post(guard(std::move(step)));
  }

  /// `function` while the group lives, and nothing afterwards.
  template <class F>
  auto guard(F function) const {
    return lifeline_.guard(std::move(function));
  }

  /// `then` is called once nothing is under way any more.
  void when_idle(std::move_only_function<void()> then) {
    if (roots_.empty()) return post(std::move(then));
    when_idle_ = std::move(then);
  }

  Lifeline::Sight sight() const { return lifeline_.sight(); }

  /// Something to await: goes on after `duration`; never, where the group is gone by then.
  struct Pausing {
    TaskGroup& group;
    Duration duration;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      group.loop_.after(duration, group.guard([waiting] { waiting.resume(); }));
    }
    void await_resume() const noexcept {}
  };
  Pausing pause(Duration duration) { return {*this, duration}; }

  /// Something to await: what a call gives to its Done. Where the group is gone by then, the answer finds nobody.
  template <class T, class Call>
  struct Answering {
    TaskGroup& group;
    Call call;
    std::optional<Result<T>> result = std::nullopt;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      call(Done<T>(group.guard([this, waiting](Result<T> answer) {
        result.emplace(std::move(answer));
        waiting.resume();
      })));
    }
    Result<T> await_resume() { return std::move(*result); }
  };
  /// `call(done)` begins it, at once; it captures by reference.
  template <class T, class Call>
  Answering<T, Call> answer(Call call) {
    static_assert(std::is_trivially_destructible_v<Call>, "g++ 12 would destroy what it has captured twice");
    return {*this, call};
  }

 private:
  struct Root {
    struct promise_type {
      TaskGroup* group;
      template <class... Rest>
      explicit promise_type(TaskGroup* owner, Rest&...) : group(owner) {}
      Root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      std::suspend_never final_suspend() noexcept {
        group->ended(std::coroutine_handle<promise_type>::from_promise(*this));
        return {};
      }
      void return_void() const {}
      void unhandled_exception() const { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
  };

  template <class T, class Done>
  static Root run(TaskGroup* group, Task<T> task, Done done) {
    T result = co_await std::move(task);
    // Not from within: whoever is told may destroy the group, and this task with it.
    group->post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  void ended(std::coroutine_handle<> root) noexcept {
    roots_.erase(root);
    if (roots_.empty() && when_idle_) post(std::exchange(when_idle_, nullptr));
  }

  EventLoop& loop_;
  std::set<std::coroutine_handle<>> roots_;
  std::move_only_function<void()> when_idle_;
  Lifeline lifeline_;
};

/// One holder at a time, the others wait in order; nobody blocks.
class AsyncMutex {
 public:
  explicit AsyncMutex(TaskGroup& tasks) : tasks_(tasks) {}

  /// Holding it; hands it on when it goes.
  class Lock {
   public:
    explicit Lock(AsyncMutex& mutex) : mutex_(&mutex), tasks_(mutex.tasks_.sight()) {}
    Lock(Lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)), tasks_(std::move(other.tasks_)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock() {
      if (mutex_ != nullptr && tasks_.alive()) mutex_->unlock();
    }

   private:
    AsyncMutex* mutex_;
    Lifeline::Sight tasks_;
  };

  struct Locking {
    AsyncMutex& mutex;
    bool await_ready() const noexcept { return !mutex.held_; }
    void await_suspend(std::coroutine_handle<> waiting) const { mutex.waiting_.push_back(waiting); }
    Lock await_resume() const {
      mutex.held_ = true;
      return Lock(mutex);
    }
  };
  Locking lock() { return {*this}; }

 private:
  void unlock() {
    if (waiting_.empty()) {
      held_ = false;
      return;
    }
    auto next = waiting_.front();
    waiting_.pop_front();
    tasks_.post([next] { next.resume(); });
  }

  TaskGroup& tasks_;
  bool held_ = false;
  std::deque<std::coroutine_handle<>> waiting_;
};

}  // namespace ctk
