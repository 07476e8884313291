#include "sink/testing/mysql_server.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ctk::sink::testing {
namespace {

namespace fs = std::filesystem;

using Arguments = std::vector<std::string>;

constexpr const char* kMariadb = "/usr/sbin/mariadbd";
constexpr const char* kSystemTables[] = {"/usr/share/mysql/mysql_system_tables.sql",
                                         "/usr/share/mysql/mysql_system_tables_data.sql"};
constexpr const char* kMysqlHome = "CTK_TEST_MYSQL_HOME";
/// A statement a line, as MySQL's --init-file has it.
constexpr const char* kUsers =
    "CREATE USER ctk@'%' IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO ctk@'%' WITH GRANT OPTION;\nCREATE DATABASE test;\n";

Arguments joined(Arguments all, const Arguments& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Arguments settings(const DatabaseServer& server) {
  Arguments all = {"--no-defaults",
                   "--datadir=" + (server.folder() / "data").string(),
                   "--tmpdir=" + server.quick_folder().path().string(),
                   "--innodb-flush-log-at-trx-commit=2",
                   "--innodb-flush-method=nosync",
                   "--innodb-doublewrite=0",
                   "--innodb-buffer-pool-size=64M",
                   "--innodb-log-file-size=32M",
                   "--skip-log-bin"};
  if (::geteuid() == 0) all.emplace_back("--user=root");
  return all;
}

Arguments listening(const DatabaseServer& server) {
  return {"--port=" + std::to_string(server.port()), "--bind-address=127.0.0.1",
          "--socket=" + (server.folder() / "socket").string(), "--pid-file=" + (server.folder() / "pid").string(),
          "--skip-name-resolve",
          // The worst that a database can have by default.
          "--character-set-server=latin1", "--collation-server=latin1_swedish_ci",
          "--sql-mode=", "--default-time-zone=+05:00"};
}

DatabaseServer::Kind kind() { return {.ready = "ready for connections", .crash = SIGKILL}; }

/// What MariaDB makes of itself before anybody may connect.
std::string bootstrap() {
  std::ostringstream sql;
  sql << "CREATE DATABASE mysql;\nUSE mysql;\n";
  for (const char* part : kSystemTables) sql << std::ifstream(part).rdbuf() << "\n";
  sql << "FLUSH PRIVILEGES;\n" << kUsers;
  return sql.str();
}

std::unique_ptr<DatabaseServer> start_mariadb(std::string& why) {
  if (!fs::exists(kMariadb) || !fs::exists(kSystemTables[0])) {
    why = "MariaDB is not installed";
    return nullptr;
  }
  auto server = std::make_unique<DatabaseServer>(kind());
  const fs::path data = server->folder() / "data";
  fs::create_directory(data);
  const Arguments command = joined(joined({kMariadb}, settings(*server)), {"--aria-log-dir-path=" + data.string()});
  const Arguments serve = joined(joined(command, {"--log-warnings=0"}), listening(*server));
  if (!server->make(joined(command, {"--bootstrap"}), why, server->write("bootstrap.sql", bootstrap()))) return nullptr;
  return server->start(serve, why) ? std::move(server) : nullptr;
}

std::unique_ptr<DatabaseServer> start_mysql(std::string& why) {
  const char* named = std::getenv(kMysqlHome);
  const std::string home = named == nullptr ? "" : named;
  if (!fs::exists(home + "/bin/mysqld")) {
    why = std::string(kMysqlHome) + " names no folder with bin/mysqld in it";
    return nullptr;
  }
  auto server = std::make_unique<DatabaseServer>(kind());
  // Some builds of it bring the libraries that they were linked with.
  const Arguments command =
      joined(joined({"/usr/bin/env", "LD_LIBRARY_PATH=" + home + "/lib", home + "/bin/mysqld"}, settings(*server)),
             {"--basedir=" + home});
  const Arguments serve =
      joined(joined(command, {"--mysqlx=OFF", "--log-error-verbosity=1", "--secure-file-priv=NULL"}), listening(*server));
  const std::string users = server->write("users.sql", kUsers);
  if (!server->make(joined(command, {"--initialize-insecure", "--init-file=" + users}), why)) return nullptr;
  return server->start(serve, why) ? std::move(server) : nullptr;
}

}  // namespace

DatabaseServer* shared_mariadb_server() {
  static const std::unique_ptr<DatabaseServer> server = start_or_say("MariaDB", start_mariadb);
  return server.get();
}

DatabaseServer* shared_mysql_server() {
  static const std::unique_ptr<DatabaseServer> server = start_or_say("MySQL", start_mysql);
  return server.get();
}

}  // namespace ctk::sink::testing
