#include "sink/testing/postgres_server.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

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

std::unique_ptr<DatabaseServer> start_postgres(std::string& why) {
  const std::string binaries = find_binaries();
  // It refuses to run as root: its files and processes are given to the user `postgres` then.
  const bool is_root = ::geteuid() == 0;
  const passwd* user = is_root ? ::getpwnam("postgres") : nullptr;
  if (binaries.empty() || (is_root && user == nullptr)) {
    why = "PostgreSQL is not installed";
    return nullptr;
  }
  auto server = std::make_unique<DatabaseServer>(
      DatabaseServer::Kind{.ready = "ready to accept connections", .crash = SIGQUIT, .user = user});
  const std::string data = server->folder() / "data", password = server->write("password", "secret\n");
  if (!server->make({binaries + "/initdb", "-D", data, "-U", "postgres", "--no-sync", "-A", "scram-sha-256",
                     "--pwfile=" + password, "-E", "UTF8", "--locale=C.UTF-8"},
                    why)) {
    return nullptr;
  }
  const bool serves = server->start(
      {binaries + "/postgres", "-D", data, "-p", std::to_string(server->port()), "-c", "listen_addresses=127.0.0.1", "-c",
       "unix_socket_directories=" + server->folder().path().string(), "-c", "fsync=off", "-c", "log_min_messages=log", "-c",
       "log_min_error_statement=panic", "-c", "log_checkpoints=off"},
      why);
  return serves ? std::move(server) : nullptr;
}

}  // namespace

DatabaseServer* shared_postgres_server() {
  static const std::unique_ptr<DatabaseServer> server = start_or_say("PostgreSQL", start_postgres);
  return server.get();
}

}  // namespace ctk::sink::testing
