#include "sink/testing/mariadb_server.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace ctk::sink::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kServer = "/usr/sbin/mariadbd";
constexpr const char* kSystemTables[] = {"/usr/share/mysql/mysql_system_tables.sql",
                                         "/usr/share/mysql/mysql_system_tables_data.sql"};

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
  const Launch bootstrap{
      .arguments = all, .folder = server->folder_, .input = write_bootstrap(server->folder_), .death_signal = SIGKILL};
  if (!run_to_end(bootstrap, why) || !server->launch(why)) return nullptr;
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
  return process_.start({.arguments = all, .folder = folder_, .death_signal = SIGKILL}, "ready for connections", why);
}

void MariadbServer::restart() {
  process_.stop(SIGKILL);
  std::string why;
  if (!launch(why)) ADD_FAILURE() << "MariaDB did not start again: " << why;
}

MariadbServer::~MariadbServer() {
  process_.stop(SIGKILL);
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
