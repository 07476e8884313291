// A request to stop as a descriptor that a blocking driver can wait for beside its connection.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <stop_token>

namespace ctk::sink::sql {

class StopBell {
 public:
  explicit StopBell(const std::stop_token& stop)
      : bell_(stop.stop_possible() ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1), ringer_(stop, Ring{bell_}) {}
  ~StopBell() {
    if (bell_ >= 0) close(bell_);
  }
  StopBell(const StopBell&) = delete;
  StopBell& operator=(const StopBell&) = delete;

  /// Readable from the request on; -1, which poll() passes over, where none can come.
  int descriptor() const { return bell_; }

 private:
  struct Ring {
    int bell;
    void operator()() const { eventfd_write(bell, 1); }
  };

  int bell_;
  std::stop_callback<Ring> ringer_;
};

}  // namespace ctk::sink::sql
