#include "cli/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace ctk::cli {

SignalWatcher::SignalWatcher(std::function<void()> stop) {
  sigset_t both;
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &both, &before_);
  signals_ = signalfd(-1, &both, SFD_CLOEXEC);
  closing_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || closing_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  thread_ = std::thread([this, stop = std::move(stop)] { watch(stop); });
}

SignalWatcher::~SignalWatcher() {
  eventfd_write(closing_, 1);
  thread_.join();
  close(signals_);
  close(closing_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void SignalWatcher::watch(const std::function<void()>& stop) const {
  bool asked = false;
  while (true) {
    pollfd ends[] = {{signals_, POLLIN, 0}, {closing_, POLLIN, 0}};
    if (poll(ends, 2, -1) < 0) continue;
    if ((ends[1].revents & POLLIN) != 0) return;
    signalfd_siginfo signal{};
    if (read(signals_, &signal, sizeof signal) != sizeof signal) continue;
    if (asked) _exit(128 + static_cast<int>(signal.ssi_signo));
    asked = true;
    stop();
  }
}

}  // namespace ctk::cli
