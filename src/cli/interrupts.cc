#include "cli/interrupts.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

namespace ctk::cli {
namespace {

std::atomic<int> rung{-1};  // a handler has no other way to know
std::atomic<int> last{0};

extern "C" void on_interrupt(int signal) {
  const int saved = errno;
  last = signal;
  eventfd_write(rung, 1);
  errno = saved;
}

}  // namespace

Interrupts::Interrupts() : bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (bell_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  rung = bell_;
  last = 0;
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

Interrupts::~Interrupts() {
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  rung = -1;
  close(bell_);
}

bool Interrupts::take() {
  eventfd_t count = 0;
  return eventfd_read(bell_, &count) == 0;
}

int Interrupts::signal() const { return last; }

void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  raise(signal);
  _exit(128 + signal);
}

}  // namespace ctk::cli
