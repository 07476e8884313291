#include "cli/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <optional>
#include <system_error>
#include <utility>

namespace ctk::cli {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

sigset_t all_signals() { return set_of({SIGINT, SIGTERM, SIGHUP}); }

}  // namespace

void hold_signals() {
  const sigset_t all = all_signals();
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void release_signals() {
  const sigset_t all = all_signals();
  pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
}

SignalWatcher::SignalWatcher(std::function<void()> stop, std::chrono::milliseconds same_wish,
                             std::function<void()> reload) {
  const sigset_t hang_up = set_of({SIGHUP}), watched = reload ? all_signals() : set_of({SIGINT, SIGTERM});
  if (!reload) pthread_sigmask(SIG_UNBLOCK, &hang_up, nullptr);
  pthread_sigmask(SIG_BLOCK, &watched, &before_);
  signals_ = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  closing_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || closing_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  thread_ = std::thread(
      [this, stop = std::move(stop), same_wish, reload = std::move(reload)] { watch(stop, same_wish, reload); });
}

SignalWatcher::~SignalWatcher() {
  eventfd_write(closing_, 1);
  thread_.join();
  signalfd_siginfo late{};  // one that came too late to matter must not kill us once they are unblocked
  while (read(signals_, &late, sizeof late) > 0) {
  }
  close(signals_);
  close(closing_);
  if (!run_is_over()) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool SignalWatcher::is_closing_soon() const {
  constexpr int kSecond = 1000;
  pollfd closing{closing_, POLLIN, 0};
  return poll(&closing, 1, kSecond) == 1;
}

void SignalWatcher::watch(const std::function<void()>& stop, std::chrono::milliseconds same_wish,
                          const std::function<void()>& reload) const {
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> asked;
  while (true) {
    pollfd ends[] = {{signals_, POLLIN, 0}, {closing_, POLLIN, 0}};
    if (poll(ends, 2, -1) < 0) continue;
    if ((ends[1].revents & POLLIN) != 0) return;
    signalfd_siginfo signal{};
    if (read(signals_, &signal, sizeof signal) != sizeof signal) continue;
    if (signal.ssi_signo == SIGHUP) {
      if (!run_is_over() && !asked) reload();
      continue;
    }
    if (run_is_over()) {
      if (is_closing_soon()) return;
      _exit(exit_code_);
    }
    if (asked && Clock::now() - *asked < same_wish) continue;
    if (asked) _exit(128 + static_cast<int>(signal.ssi_signo));
    asked = Clock::now();
    stop();
  }
}

}  // namespace ctk::cli
