#include "aws/credentials/process_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "base/stop_bell.h"

namespace ctk::aws {
namespace {

using Steady = std::chrono::steady_clock;

std::unexpected<Error> cannot_start(int error) {
  return fail(ErrorKind::denied, "its command cannot be started", std::strerror(error));
}

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  int get() const { return descriptor_; }
  void reset() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
};

/// How the child is made: signals as for a fresh program, a group of its own, three descriptors and no others.
class SpawnPlan {
 public:
  explicit SpawnPlan(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  /// 0, or the error's number.
  int spawn(pid_t& child, const std::string& command) const {
    std::string shell = "sh", option = "-c", text = command;
    const std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
    return posix_spawn(&child, "/bin/sh", &actions_, &attributes_, arguments.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Waits for descriptors until one moment, or until it is told to stop.
class Patience {
 public:
  Patience(Duration time, const std::stop_token& stop)
      : time_(time), end_(Steady::now() + time), stop_(stop), bell_(stop) {}

  /// Until `descriptor` can be read.
  Status wait(int descriptor) const {
    while (true) {
      const Result<bool> ready = look(descriptor, time_);
      if (!ready) return std::unexpected(ready.error());
      if (*ready) return {};
    }
  }

  /// A moment, for what has no descriptor.
  Status pause() const {
    const Result<bool> ready = look(-1, std::chrono::milliseconds(10));
    return ready ? Status() : std::unexpected(ready.error());
  }

 private:
  /// Whether `descriptor` can be read within `most`. poll() passes over -1.
  Result<bool> look(int descriptor, Duration most) const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min<Steady::duration>(end_ - Steady::now(), most));
    if (Steady::now() >= end_) {
      return fail(ErrorKind::unreachable, fmt::format("its command has not ended in {}", format_duration(time_)));
    }
    std::array<pollfd, 2> waited{pollfd{descriptor, POLLIN, 0}, pollfd{bell_.descriptor(), POLLIN, 0}};
    const int ready = poll(waited.data(), waited.size(), static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (stop_.stop_requested()) return fail(ErrorKind::stopped, "its command is not waited for any more");
    return ready > 0;
  }

  const Duration time_;
  const Steady::time_point end_;
  const std::stop_token stop_;
  const StopBell bell_;
};

Result<std::string> read_output(int pipe, size_t most, const Patience& patience) {
  std::string output;
  std::array<char, 4096> bytes{};
  while (true) {
    if (Status ready = patience.wait(pipe); !ready) return std::unexpected(ready.error());
    const ssize_t count = read(pipe, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return output;
    output.append(bytes.data(), static_cast<size_t>(count));
    if (output.size() > most) return fail(ErrorKind::denied, fmt::format("its command writes more than {} bytes", most));
  }
}

/// The status of a child, once it has ended. Mostly it has: it has closed its output.
Result<int> wait_for_end(pid_t child, const Patience& patience) {
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (Status waited = patience.pause(); !waited) return std::unexpected(waited.error());
  }
  return status;
}

/// Ends a child and all of its group.
void end_group(pid_t child) {
  kill(-child, SIGKILL);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<std::string> run_command(const std::string& command, const ProcessLimits& limits, const std::stop_token& stop) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return cannot_start(errno);
  const Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  pid_t child = 0;
  if (const int error = SpawnPlan(theirs.get()).spawn(child, command); error != 0) return cannot_start(error);
  theirs.reset();
  const Patience patience(limits.time, stop);
  Result<std::string> output = read_output(ours.get(), limits.output_bytes, patience);
  const Result<int> status = output ? wait_for_end(child, patience) : std::unexpected(output.error());
  if (!status) {
    end_group(child);
    return std::unexpected(status.error());
  }
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return output;
  const std::string how = WIFEXITED(*status) ? fmt::format("exit status {}", WEXITSTATUS(*status))
                                             : fmt::format("signal {}", WTERMSIG(*status));
  return fail(ErrorKind::denied, fmt::format("its command ended with {}", how), {},
              "run the command of the profile by hand to see what it says");
}

}  // namespace ctk::aws
