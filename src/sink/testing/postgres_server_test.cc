#include "sink/testing/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

namespace ctk::sink::testing {
namespace {

namespace fs = std::filesystem;

std::string find_binaries() {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (fs::exists(version.path() / "bin" / "initdb", ignored)) found.push_back((version.path() / "bin").string());
  }
  return found.empty() ? "" : *std::max_element(found.begin(), found.end());
}

/// PostgreSQL refuses to run as root: its files and processes are given to the user `postgres` then.
const passwd* owner() { return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr; }

int free_port() {
  int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

/// Starts a program whose standard error is a pipe; returns its pid and the pipe's end.
std::pair<int, int> spawn(const std::vector<std::string>& arguments, const std::string& folder) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return {-1, -1};
  const passwd* as = owner();
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int parent = ::getpid();
  int pid = ::fork();
  if (pid != 0) {
    ::close(pipe[1]);
    return {pid, pipe[0]};
  }
  if (as != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(as->pw_gid) != 0 || ::setuid(as->pw_uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent || ::chdir(folder.c_str()) != 0) ::_exit(126);
  int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  ::dup2(null, 1);
  ::dup2(pipe[1], 2);
  ::setenv("LC_ALL", "C.UTF-8", 1);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

/// Reads until `mark` or the end; returns whether the mark came.
bool read_until(int pipe, const std::string& mark, std::string& text) {
  std::array<char, 4096> buffer{};
  while (mark.empty() || !text.contains(mark)) {
    ssize_t size = ::read(pipe, buffer.data(), buffer.size());
    if (size <= 0) return false;
    text.append(buffer.data(), static_cast<size_t>(size));
  }
  return true;
}

void give_to_owner(const std::string& path) {
  if (const passwd* as = owner()) (void)!::chown(path.c_str(), as->pw_uid, as->pw_gid);
}

}  // namespace

std::unique_ptr<PostgresServer> PostgresServer::start(std::string& why) {
  std::unique_ptr<PostgresServer> server(new PostgresServer);
  server->binaries_ = find_binaries();
  if (server->binaries_.empty() || (::geteuid() == 0 && owner() == nullptr)) {
    why = "PostgreSQL is not installed";
    return nullptr;
  }
  std::string pattern = (fs::temp_directory_path() / "ctk-postgres-XXXXXX").string();
  server->folder_ = ::mkdtemp(pattern.data());
  std::string password = server->folder_ + "/password";
  std::ofstream(password) << "secret\n";
  give_to_owner(server->folder_);
  give_to_owner(password);
  auto [pid, pipe] = spawn({server->binaries_ + "/initdb", "-D", server->folder_ + "/data", "-U", "postgres", "--no-sync",
                            "-A", "scram-sha-256", "--pwfile=" + password, "-E", "UTF8", "--locale=C.UTF-8"},
                           server->folder_);
  why.clear();
  read_until(pipe, "", why);
  ::close(pipe);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0 || !server->launch(why)) return nullptr;
  return server;
}

bool PostgresServer::launch(std::string& why) {
  if (port_ == 0) port_ = free_port();
  auto [pid, pipe] =
      spawn({binaries_ + "/postgres", "-D", folder_ + "/data", "-p", std::to_string(port_), "-c",
             "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + folder_, "-c", "fsync=off", "-c",
             "log_min_messages=log", "-c", "log_min_error_statement=panic", "-c", "log_checkpoints=off"},
            folder_);
  pid_ = pid;
  why.clear();
  bool ready = read_until(pipe, "ready to accept connections", why);
  if (ready) {
    // Nobody reads on. The pipe stays open all the same, since SIGPIPE would end the server; it logs very little.
    ::fcntl(pipe, F_SETFL, O_NONBLOCK);
  } else {
    ::close(pipe);
  }
  return ready;
}

void PostgresServer::stop(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGCONT);
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void PostgresServer::restart() {
  stop(SIGQUIT);
  std::string why;
  if (!launch(why)) ADD_FAILURE() << "PostgreSQL did not start again: " << why;
}

PostgresServer::~PostgresServer() {
  stop(SIGQUIT);
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

PostgresServer* shared_postgres_server() {
  static std::string why;
  static std::unique_ptr<PostgresServer> server = PostgresServer::start(why);
  if (!server) std::fprintf(stderr, "no PostgreSQL server for tests: %s\n", why.c_str());
  return server.get();
}

}  // namespace ctk::sink::testing
