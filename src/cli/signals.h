// SIGINT and SIGTERM as one polite request and one order.
#pragma once

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

namespace ctk::cli {

/// From construction to destruction both signals are blocked and read by a thread: the first calls `stop` (on that thread),
/// the second ends the process at once with 128 + its number. What follows within `same_wish` belongs to the first:
/// timeout(1) signals its child and then the child's whole group. Made before other threads, so that they inherit the mask.
class SignalWatcher {
 public:
  explicit SignalWatcher(std::function<void()> stop, std::chrono::milliseconds same_wish = std::chrono::milliseconds(50));
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void watch(const std::function<void()>& stop, std::chrono::milliseconds same_wish) const;

  sigset_t before_{};
  int signals_ = -1;  ///< signalfd
  int closing_ = -1;  ///< eventfd
  std::thread thread_;
};

}  // namespace ctk::cli
