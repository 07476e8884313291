// A request to stop as a descriptor: whatever blocks in poll() waits for it beside what it is waiting for.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <stop_token>

namespace ctk {

class StopBell {
 public:
  explicit StopBell(const std::stop_token& stop)
      : bell_(stop.stop_possible() ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1), ringer_(stop, Ring{bell_.descriptor}) {}
  StopBell(const StopBell&) = delete;
  StopBell& operator=(const StopBell&) = delete;

  /// Readable from the request on, for good; -1, which poll() passes over, where none can come.
  int descriptor() const { return bell_.descriptor; }

 private:
  struct Bell {
    explicit Bell(int file) : descriptor(file) {}
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;
    ~Bell() {
      if (descriptor >= 0) close(descriptor);
    }
    const int descriptor;
  };
  struct Ring {
    int bell;
    void operator()() const { eventfd_write(bell, 1); }
  };

  Bell bell_;  // closed when nobody rings it any more
  std::stop_callback<Ring> ringer_;
};

}  // namespace ctk
