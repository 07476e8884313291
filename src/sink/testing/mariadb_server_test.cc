#include "sink/testing/mariadb_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

namespace ctk::sink::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kServer = "/usr/sbin/mariadbd";
constexpr const char* kSystemTables[] = {"/usr/share/mysql/mysql_system_tables.sql",
                                         "/usr/share/mysql/mysql_system_tables_data.sql"};

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

/// Starts the server, `input` as its standard input, its standard error a pipe; returns its pid and the pipe's end.
std::pair<int, int> spawn(std::vector<std::string> arguments, const std::string& input) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return {-1, -1};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int parent = ::getpid();
  const int pid = ::fork();
  if (pid != 0) {
    ::close(pipe[1]);
    return {pid, pipe[0]};
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  ::dup2(::open(input.c_str(), O_RDONLY), 0);
  ::dup2(::open("/dev/null", O_WRONLY), 1);
  ::dup2(pipe[1], 2);
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

std::vector<std::string> arguments(const std::string& folder) {
  std::vector<std::string> all = {kServer,
                                  "--no-defaults",
                                  "--datadir=" + folder + "/data",
                                  "--tmpdir=" + folder,
                                  "--innodb-flush-log-at-trx-commit=2",
                                  "--innodb-flush-method=nosync",
                                  "--innodb-doublewrite=0",
                                  "--innodb-buffer-pool-size=64M",
                                  "--innodb-log-file-size=32M",
                                  "--skip-log-bin",
                                  "--aria-log-dir-path=" + folder + "/data"};
  if (::geteuid() == 0) all.emplace_back("--user=root");
  return all;
}

/// What the server makes of itself before anybody may connect.
std::string write_bootstrap(const std::string& folder) {
  const std::string path = folder + "/bootstrap.sql";
  std::ofstream sql(path);
  sql << "CREATE DATABASE mysql;\nUSE mysql;\n";
  for (const char* part : kSystemTables) sql << std::ifstream(part).rdbuf() << "\n";
  sql << "FLUSH PRIVILEGES;\nCREATE USER ctk@'%' IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO ctk@'%' WITH GRANT OPTION;\n"
         "CREATE DATABASE test;\n";
  return path;
}

}  // namespace

std::unique_ptr<MariadbServer> MariadbServer::start(std::string& why) {
  std::unique_ptr<MariadbServer> server(new MariadbServer);
  if (!fs::exists(kServer) || !fs::exists(kSystemTables[0])) {
    why = "MariaDB is not installed";
    return nullptr;
  }
  std::string pattern = (fs::temp_directory_path() / "ctk-mariadb-XXXXXX").string();
  server->folder_ = ::mkdtemp(pattern.data());
  fs::create_directory(server->folder_ + "/data");
  std::vector<std::string> all = arguments(server->folder_);
  all.emplace_back("--bootstrap");
  const auto [pid, pipe] = spawn(all, write_bootstrap(server->folder_));
  why.clear();
  read_until(pipe, "", why);
  ::close(pipe);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0 || !server->launch(why)) return nullptr;
  return server;
}

bool MariadbServer::launch(std::string& why) {
  if (port_ == 0) port_ = free_port();
  std::vector<std::string> all = arguments(folder_);
  all.insert(all.end(), {"--port=" + std::to_string(port_), "--bind-address=127.0.0.1", "--socket=" + folder_ + "/socket",
                         "--pid-file=" + folder_ + "/pid", "--skip-name-resolve", "--log-warnings=0",
                         // The worst that a database can have by default.
                         "--character-set-server=latin1", "--collation-server=latin1_swedish_ci",
                         "--sql-mode=", "--default-time-zone=+05:00"});
  const auto [pid, pipe] = spawn(all, "/dev/null");
  pid_ = pid;
  why.clear();
  const bool ready = read_until(pipe, "ready for connections", why);
  if (ready) {
    // Nobody reads on. The pipe stays open all the same, since SIGPIPE would end the server; it logs very little.
    ::fcntl(pipe, F_SETFL, O_NONBLOCK);
  } else {
    ::close(pipe);
  }
  return ready;
}

void MariadbServer::stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void MariadbServer::restart() {
  stop();
  std::string why;
  if (!launch(why)) ADD_FAILURE() << "MariaDB did not start again: " << why;
}

MariadbServer::~MariadbServer() {
  stop();
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

MariadbServer* shared_mariadb_server() {
  static std::string why;
  static std::unique_ptr<MariadbServer> server = MariadbServer::start(why);
  if (!server) std::fprintf(stderr, "no MariaDB server for tests: %s\n", why.c_str());
  return server.get();
}

}  // namespace ctk::sink::testing
