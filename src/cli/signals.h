// SIGINT and SIGTERM as one polite request and one order; SIGHUP as a wish to read a file again.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

namespace ctk::cli {

/// SIGINT, SIGTERM and SIGHUP wait, from the first moment of the program on, until it is known whether a SignalWatcher is
/// to have them; where none is, they go on as before.
void hold_signals();
void release_signals();

/// From construction to destruction both signals are blocked and read by a thread: the first calls `stop` (on that thread),
/// the second ends the process at once with 128 + its number. What follows within `same_wish` belongs to the first:
/// timeout(1) signals its child and then the child's whole group. Made before other threads, so that they inherit the mask.
/// `reload` is called (on that thread) by each SIGHUP; where there is none, SIGHUP goes on as before.
/// Once run_is_over() has been called the exit code is decided, and no signal changes it: both stay blocked for good.
class SignalWatcher {
 public:
  explicit SignalWatcher(std::function<void()> stop, std::chrono::milliseconds same_wish = std::chrono::milliseconds(50),
                         std::function<void()> reload = nullptr);
  ~SignalWatcher();

  /// From now on a signal only ends the process, with this code, where its end takes longer than a second.
  void run_is_over(int exit_code) { exit_code_ = exit_code; }

  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void watch(const std::function<void()>& stop, std::chrono::milliseconds same_wish,
             const std::function<void()>& reload) const;
  bool run_is_over() const { return exit_code_ >= 0; }
  /// Returns true if the watcher is to go, within a second.
  bool is_closing_soon() const;

  sigset_t before_{};
  std::atomic<int> exit_code_ = -1;  ///< of the run, once that is over
  int signals_ = -1;                 ///< signalfd
  int closing_ = -1;                 ///< eventfd
  std::thread thread_;
};

}  // namespace ctk::cli
