#include "sink/testing/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace ctk::sink::testing {
namespace {

bool becomes(const passwd* user) {
  return user == nullptr || (::setgroups(0, nullptr) == 0 && ::setgid(user->pw_gid) == 0 && ::setuid(user->pw_uid) == 0);
}

/// Its pid, and the end of the pipe that is its standard error.
std::pair<int, int> spawn(const Launch& launch) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return {-1, -1};
  std::vector<char*> argv;
  for (const std::string& argument : launch.arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int parent = ::getpid();
  const int pid = ::fork();
  if (pid != 0) {
    ::close(pipe[1]);
    return {pid, pipe[0]};
  }
  // After the change of user, which forgets it.
  if (!becomes(launch.user) || ::prctl(PR_SET_PDEATHSIG, launch.death_signal) != 0) ::_exit(126);
  if (::getppid() != parent || ::chdir(launch.folder.c_str()) != 0) ::_exit(126);
  ::dup2(::open(launch.input.c_str(), O_RDONLY), 0);
  ::dup2(::open("/dev/null", O_WRONLY), 1);
  ::dup2(pipe[1], 2);
  ::setenv("LC_ALL", "C.UTF-8", 1);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

/// Reads until `mark` or the end; returns whether the mark came.
bool read_until(int pipe, const std::string& mark, std::string& text) {
  std::array<char, 4096> buffer{};
  while (mark.empty() || !text.contains(mark)) {
    const ssize_t size = ::read(pipe, buffer.data(), buffer.size());
    if (size <= 0) return false;
    text.append(buffer.data(), static_cast<size_t>(size));
  }
  return true;
}

}  // namespace

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

bool run_to_end(const Launch& launch, std::string& output) {
  const auto [pid, pipe] = spawn(launch);
  output.clear();
  read_until(pipe, "", output);
  ::close(pipe);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

bool ServerProcess::start(const Launch& launch, const std::string& ready, std::string& output) {
  const auto [pid, pipe] = spawn(launch);
  pid_ = pid;
  output.clear();
  const bool is_ready = read_until(pipe, ready, output);
  if (is_ready) {
    // Nobody reads on. The pipe stays open all the same, since SIGPIPE would end the server; it logs very little.
    ::fcntl(pipe, F_SETFL, O_NONBLOCK);
  } else {
    ::close(pipe);
  }
  return is_ready;
}

void ServerProcess::stop(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGCONT);
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

}  // namespace ctk::sink::testing
