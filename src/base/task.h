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
#pragma once

#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/event_loop.h"

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

/// Owns tasks. Make it the last member of what they use, so that it goes first.
class TaskGroup {
 public:
  explicit TaskGroup(EventLoop& loop) : loop_(loop), alive_(std::make_shared<bool>(true)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() {
    alive_.reset();
    for (auto root : std::exchange(roots_, {})) root.destroy();
  }

  /// Begins `task` at the loop's next turn and gives what it returns to `done`.
  template <class T, class Done>
  void spawn(Task<T> task, Done done) {
    Root root = run(this, std::move(task), std::move(done));
    roots_.insert(root.handle);
    post([handle = root.handle] { handle.resume(); });
  }

  /// Posts a step that is dropped if the group is gone by then.
  template <class Step>
  void post(Step step) {
    loop_.post([alive = token(), step = std::move(step)]() mutable {
      if (!alive.expired()) step();
    });
  }

  /// `then` is called once nothing is under way any more.
  void when_idle(std::move_only_function<void()> then) {
    if (roots_.empty()) return post(std::move(then));
    when_idle_ = std::move(then);
  }

  std::weak_ptr<bool> token() const { return alive_; }

  /// Something to await: goes on after `duration`; never, where the group is gone by then.
  struct Pausing {
    TaskGroup& group;
    Duration duration;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      group.loop_.after(duration, [alive = group.token(), waiting] {
        if (!alive.expired()) waiting.resume();
      });
    }
    void await_resume() const noexcept {}
  };
  Pausing pause(Duration duration) { return {*this, duration}; }

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
  std::shared_ptr<bool> alive_;
  std::set<std::coroutine_handle<>> roots_;
  std::move_only_function<void()> when_idle_;
};

/// One holder at a time, the others wait in order; nobody blocks.
class AsyncMutex {
 public:
  explicit AsyncMutex(TaskGroup& tasks) : tasks_(tasks) {}

  /// Holding it; hands it on when it goes.
  class Lock {
   public:
    explicit Lock(AsyncMutex* mutex) : mutex_(mutex) {}
    Lock(Lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)), alive_(std::move(other.alive_)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock() {
      if (mutex_ && !alive_.expired()) mutex_->unlock();
    }

   private:
    friend class AsyncMutex;
    AsyncMutex* mutex_;
    std::weak_ptr<bool> alive_;
  };

  struct Locking {
    AsyncMutex& mutex;
    bool await_ready() const noexcept { return !mutex.held_; }
    void await_suspend(std::coroutine_handle<> waiting) const { mutex.waiting_.push_back(waiting); }
    Lock await_resume() const {
      mutex.held_ = true;
      Lock lock(&mutex);
      lock.alive_ = mutex.tasks_.token();
      return lock;
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
