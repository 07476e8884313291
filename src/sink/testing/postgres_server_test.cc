#include "sink/testing/postgres_server.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
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
  const Launch initdb{
      .arguments = {server->binaries_ + "/initdb", "-D", server->folder_ + "/data", "-U", "postgres", "--no-sync", "-A",
                    "scram-sha-256", "--pwfile=" + password, "-E", "UTF8", "--locale=C.UTF-8"},
      .folder = server->folder_,
      .user = owner(),
      .death_signal = SIGQUIT};
  if (!run_to_end(initdb, why) || !server->launch(why)) return nullptr;
  return server;
}

bool PostgresServer::launch(std::string& why) {
  if (port_ == 0) port_ = free_port();
  const Launch postgres{
      .arguments = {binaries_ + "/postgres", "-D", folder_ + "/data", "-p", std::to_string(port_), "-c",
                    "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + folder_, "-c", "fsync=off", "-c",
                    "log_min_messages=log", "-c", "log_min_error_statement=panic", "-c", "log_checkpoints=off"},
      .folder = folder_,
      .user = owner(),
      .death_signal = SIGQUIT};
  return process_.start(postgres, "ready to accept connections", why);
}

void PostgresServer::restart() {
  process_.stop(SIGQUIT);
  std::string why;
  if (!launch(why)) ADD_FAILURE() << "PostgreSQL did not start again: " << why;
}

PostgresServer::~PostgresServer() {
  process_.stop(SIGQUIT);
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
