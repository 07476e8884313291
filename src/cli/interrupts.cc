#include "cli/interrupts.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

namespace ctk::cli {
namespace {

std::atomic<int> rung{-1};  // a handler has no other way to know

extern "C" void on_interrupt(int) {
  const int saved = errno;
  eventfd_write(rung, 1);
  errno = saved;
}

}  // namespace

Interrupts::Interrupts() : bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (bell_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  rung = bell_;
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &before_);
}

Interrupts::~Interrupts() {
  sigaction(SIGINT, &before_, nullptr);
  rung = -1;
  close(bell_);
}

bool Interrupts::take() {
  eventfd_t count = 0;
  return eventfd_read(bell_, &count) == 0;
}

void end_as_interrupted() {
  signal(SIGINT, SIG_DFL);
  raise(SIGINT);
  _exit(128 + SIGINT);
}

}  // namespace ctk::cli
