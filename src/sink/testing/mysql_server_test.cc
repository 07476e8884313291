#include "sink/testing/mysql_server.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ctk::sink::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMariadb = "/usr/sbin/mariadbd";
constexpr const char* kSystemTables[] = {"/usr/share/mysql/mysql_system_tables.sql",
                                         "/usr/share/mysql/mysql_system_tables_data.sql"};
constexpr const char* kMysqlHome = "CTK_TEST_MYSQL_HOME";
/// A statement a line, as MySQL's --init-file has it.
constexpr const char* kUsers =
    "CREATE USER ctk@'%' IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO ctk@'%' WITH GRANT OPTION;\nCREATE DATABASE test;\n";

std::vector<std::string> joined(std::vector<std::string> all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<std::string> arguments(const std::string& folder) {
  std::vector<std::string> all = {"--no-defaults",
                                  "--datadir=" + folder + "/data",
                                  "--tmpdir=" + folder,
                                  "--innodb-flush-log-at-trx-commit=2",
                                  "--innodb-flush-method=nosync",
                                  "--innodb-doublewrite=0",
                                  "--innodb-buffer-pool-size=64M",
                                  "--innodb-log-file-size=32M",
                                  "--skip-log-bin"};
  if (::geteuid() == 0) all.emplace_back("--user=root");
  return all;
}

/// What MariaDB makes of itself before anybody may connect.
std::string write_bootstrap(const std::string& folder) {
  const std::string path = folder + "/bootstrap.sql";
  std::ofstream sql(path);
  sql << "CREATE DATABASE mysql;\nUSE mysql;\n";
  for (const char* part : kSystemTables) sql << std::ifstream(part).rdbuf() << "\n";
  sql << "FLUSH PRIVILEGES;\n" << kUsers;
  return path;
}

}  // namespace

MysqlServer::MysqlServer(const std::string& product) {
  std::string pattern = (fs::temp_directory_path() / ("ctk-" + product + "-XXXXXX")).string();
  folder_ = ::mkdtemp(pattern.data());
}

std::unique_ptr<MysqlServer> MysqlServer::start_mariadb(std::string& why) {
  if (!fs::exists(kMariadb) || !fs::exists(kSystemTables[0])) {
    why = "MariaDB is not installed";
    return nullptr;
  }
  std::unique_ptr<MysqlServer> server(new MysqlServer("mariadb"));
  const std::string& folder = server->folder_;
  fs::create_directory(folder + "/data");
  const std::vector<std::string> command =
      joined(joined({kMariadb}, arguments(folder)), {"--aria-log-dir-path=" + folder + "/data"});
  server->command_ = joined(command, {"--log-warnings=0"});
  const Launch bootstrap{.arguments = joined(command, {"--bootstrap"}),
                         .folder = folder,
                         .input = write_bootstrap(folder),
                         .death_signal = SIGKILL};
  if (!run_to_end(bootstrap, why) || !server->launch(why)) return nullptr;
  return server;
}

std::unique_ptr<MysqlServer> MysqlServer::start_mysql(std::string& why) {
  const char* named = std::getenv(kMysqlHome);
  const std::string home = named == nullptr ? "" : named;
  if (!fs::exists(home + "/bin/mysqld")) {
    why = std::string(kMysqlHome) + " names no folder with bin/mysqld in it";
    return nullptr;
  }
  std::unique_ptr<MysqlServer> server(new MysqlServer("mysql"));
  const std::string& folder = server->folder_;
  const std::string users = folder + "/users.sql";
  std::ofstream(users) << kUsers;
  // Some builds of it bring the libraries that they were linked with.
  const std::vector<std::string> command =
      joined(joined({"/usr/bin/env", "LD_LIBRARY_PATH=" + home + "/lib", home + "/bin/mysqld"}, arguments(folder)),
             {"--basedir=" + home});
  server->command_ = joined(command, {"--mysqlx=OFF", "--log-error-verbosity=1", "--secure-file-priv=NULL"});
  const Launch first{.arguments = joined(command, {"--initialize-insecure", "--init-file=" + users}),
                     .folder = folder,
                     .death_signal = SIGKILL};
  if (!run_to_end(first, why) || !server->launch(why)) return nullptr;
  return server;
}

bool MysqlServer::launch(std::string& why) {
  if (port_ == 0) port_ = free_port();
  const std::vector<std::string> all =
      joined(command_, {"--port=" + std::to_string(port_), "--bind-address=127.0.0.1", "--socket=" + folder_ + "/socket",
                        "--pid-file=" + folder_ + "/pid", "--skip-name-resolve",
                        // The worst that a database can have by default.
                        "--character-set-server=latin1", "--collation-server=latin1_swedish_ci",
                        "--sql-mode=", "--default-time-zone=+05:00"});
  return process_.start({.arguments = all, .folder = folder_, .death_signal = SIGKILL}, "ready for connections", why);
}

void MysqlServer::restart() {
  process_.stop(SIGKILL);
  std::string why;
  if (!launch(why)) ADD_FAILURE() << "the server did not start again: " << why;
}

MysqlServer::~MysqlServer() {
  process_.stop(SIGKILL);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

MysqlServer* shared_mariadb_server() {
  static std::string why;
  static const std::unique_ptr<MysqlServer> server = MysqlServer::start_mariadb(why);
  if (!server) std::fprintf(stderr, "no MariaDB server for tests: %s\n", why.c_str());
  return server.get();
}

MysqlServer* shared_mysql_server() {
  static std::string why;
  static const std::unique_ptr<MysqlServer> server = MysqlServer::start_mysql(why);
  if (!server) std::fprintf(stderr, "no MySQL server for tests: %s\n", why.c_str());
  return server.get();
}

}  // namespace ctk::sink::testing
