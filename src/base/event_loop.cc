#include "base/event_loop.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace ctk {
namespace {

/// Timers by due time, and by creation among those of the same time: a heap of small entries over slots that hold the
/// tasks. A cancelled timer frees its slot; its entry stays until it comes to the top, or until most entries are such.
class Timers {
 public:
  EventLoop::TimerId add(Duration due, Job job) {
    const size_t slot = free_.empty() ? slots_.size() : free_.back();
    if (free_.empty())
      slots_.emplace_back();
    else
      free_.pop_back();
    const EventLoop::TimerId id = ++created_ << kSlotBits | slot;
    slots_[slot].id = id;
    slots_[slot].job = std::move(job);
    heap_.push_back({due, id});
    std::ranges::push_heap(heap_, std::greater{});
    return id;
  }
  void cancel(EventLoop::TimerId id) {
    if (!is_live(id)) return;
    const Job job = free_slot(id);  // its end may come back to us
    if (heap_.size() > 64 && heap_.size() > 4 * (slots_.size() - free_.size())) {
      std::erase_if(heap_, [this](const Entry& entry) { return !is_live(entry.id); });
      std::ranges::make_heap(heap_, std::greater{});
    }
    drop_cancelled();
  }
  std::optional<Duration> next_due() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due;
  }
  /// The first timer's job if it is due at `now`.
  std::optional<Job> take(Duration now) {
    if (heap_.empty() || heap_.front().due > now) return std::nullopt;
    Job job = free_slot(heap_.front().id);
    drop_cancelled();
    return job;
  }

 private:
  static constexpr unsigned kSlotBits = 24;

  struct Entry {
    Duration due;
    EventLoop::TimerId id;
    auto operator<=>(const Entry&) const = default;
  };
  struct Slot {
    EventLoop::TimerId id = 0;  ///< 0: free
    Job job;
  };

  static size_t slot_of(EventLoop::TimerId id) { return id & ((size_t{1} << kSlotBits) - 1); }
  bool is_live(EventLoop::TimerId id) const {
    return id != 0 && slot_of(id) < slots_.size() && slots_[slot_of(id)].id == id;
  }
  Job free_slot(EventLoop::TimerId id) {
    Slot& slot = slots_[slot_of(id)];
    slot.id = 0;
    free_.push_back(slot_of(id));
    return std::exchange(slot.job, nullptr);
  }
  void drop_cancelled() {
    while (!heap_.empty() && !is_live(heap_.front().id)) {
      std::ranges::pop_heap(heap_, std::greater{});
      heap_.pop_back();
    }
  }

  std::vector<Entry> heap_;  ///< the first one is live
  std::vector<Slot> slots_;
  std::vector<size_t> free_;
  uint64_t created_ = 0;
};

}  // namespace

struct ThreadLoop::State {
  explicit State(Clock& c) : clock(c) {}

  /// What was posted since the last call, into `ready`, which is empty: the two change places, so that neither gives its
  /// memory back. Waits for it, for the next timer, or for quit().
  void wait_for_jobs(std::vector<Job>& ready) {
    std::unique_lock lock(mutex);
    auto awake = [this] { return quitting || !posted.empty(); };
    if (std::optional<Duration> due = timers.next_due()) {
      // The condition variable's clock stands still while the machine is suspended, ours does not: look again now and then.
      constexpr Duration kLongestSleep = std::chrono::seconds(5);
      Duration sleep = std::min(*due - clock.monotonic(), kLongestSleep);
      if (sleep > Duration(0)) wake.wait_for(lock, sleep, awake);
    } else {
      wake.wait(lock, awake);
    }
    ready.swap(posted);
  }
  bool is_quitting() {
    std::lock_guard lock(mutex);
    return quitting;
  }

  Clock& clock;
  Timers timers;  // of the loop's thread only
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<Job> posted;
  bool quitting = false;
};

ThreadLoop::ThreadLoop(Clock& clock) : state_(std::make_unique<State>(clock)) {}
ThreadLoop::~ThreadLoop() = default;

void ThreadLoop::post(Job job) {
  {
    std::lock_guard lock(state_->mutex);
    state_->posted.push_back(std::move(job));
  }
  state_->wake.notify_one();
}

EventLoop::TimerId ThreadLoop::after(Duration delay, Job job) {
  return state_->timers.add(state_->clock.monotonic() + delay, std::move(job));
}

void ThreadLoop::cancel(TimerId timer) { state_->timers.cancel(timer); }

void ThreadLoop::run() {
  std::vector<Job> ready;
  while (!state_->is_quitting()) {
    state_->wait_for_jobs(ready);
    Duration now = state_->clock.monotonic();
    while (!state_->is_quitting()) {
      std::optional<Job> timer = state_->timers.take(now);
      if (!timer) break;
      (*timer)();
    }
    for (Job& posted : ready) {
      if (state_->is_quitting()) break;
      Job job = std::move(posted);  // what it holds dies once it has run
      job();
    }
    ready.clear();
  }
}

void ThreadLoop::quit() {
  {
    std::lock_guard lock(state_->mutex);
    state_->quitting = true;
  }
  state_->wake.notify_all();
}

struct ThreadExecutor::State {
  explicit State(EventLoop& l) : loop(l) {}

  struct Work {
    Job job;
    Job done;
  };

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      if (stopping) return;
      Work work = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      work.job();
      work.job = nullptr;  // what the job held dies here, not on the loop
      loop.post(std::move(work.done));
      lock.lock();
    }
  }

  EventLoop& loop;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Work> queue;
  bool stopping = false;
  std::thread thread;
};

ThreadExecutor::ThreadExecutor(EventLoop& loop, const char* thread_name) : state_(std::make_unique<State>(loop)) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
  pthread_setname_np(state_->thread.native_handle(), thread_name);
}

ThreadExecutor::~ThreadExecutor() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->thread.join();
}

void ThreadExecutor::submit(Job job, Job done) {
  {
    std::lock_guard lock(state_->mutex);
    state_->queue.push_back({std::move(job), std::move(done)});
  }
  state_->wake.notify_one();
}

void InlineExecutor::submit(Job job, Job done) {
  job();
  loop_.post(std::move(done));
}

struct VirtualLoop::State {
  Timestamp start;
  Duration elapsed{0};
  Timers timers;
  std::deque<Job> posted;

  /// Runs one job or jumps to the next timer and runs that; false at rest, or where the next timer lies past `end`.
  bool step(Duration end) {
    Job job;
    if (!posted.empty()) {
      job = std::move(posted.front());
      posted.pop_front();
    } else {
      std::optional<Duration> due = timers.next_due();
      if (!due || *due > end) return false;
      elapsed = *due;
      job = std::move(*timers.take(elapsed));
    }
    job();
    return true;
  }
};

VirtualLoop::VirtualLoop(Timestamp start) : state_(std::make_unique<State>()) { state_->start = start; }
VirtualLoop::~VirtualLoop() = default;

void VirtualLoop::post(Job job) { state_->posted.push_back(std::move(job)); }

EventLoop::TimerId VirtualLoop::after(Duration delay, Job job) {
  return state_->timers.add(state_->elapsed + std::max(delay, Duration(0)), std::move(job));
}

void VirtualLoop::cancel(TimerId timer) { state_->timers.cancel(timer); }

Timestamp VirtualLoop::now() { return state_->start + state_->elapsed; }

Duration VirtualLoop::monotonic() { return state_->elapsed; }

bool VirtualLoop::run_until_idle(Duration limit) {
  run_until([] { return false; }, limit);
  return state_->posted.empty() && !state_->timers.next_due();
}

bool VirtualLoop::run_until(const std::function<bool()>& done, Duration limit) {
  Duration end = state_->elapsed + limit;
  while (!done()) {
    if (state_->step(end)) continue;
    if (state_->timers.next_due()) state_->elapsed = end;
    return done();
  }
  return true;
}

}  // namespace ctk
