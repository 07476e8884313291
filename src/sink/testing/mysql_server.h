// A MariaDB or MySQL server for tests: started on a free port over a temporary folder, gone with the test program.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sink/testing/server_process.h"

namespace ctk::sink::testing {

/// User `ctk`, password `secret`, who may everything; listens on 127.0.0.1 only. Nothing is synced to disk.
/// The server is stopped by the destructor, and by the kernel should the test program die.
class MysqlServer {
 public:
  /// Null where the server is not installed or does not start; `why` says which.
  static std::unique_ptr<MysqlServer> start_mariadb(std::string& why);
  /// Of the folder that CTK_TEST_MYSQL_HOME names, which has bin/mysqld in it: Debian has no MySQL.
  static std::unique_ptr<MysqlServer> start_mysql(std::string& why);
  ~MysqlServer();
  MysqlServer(const MysqlServer&) = delete;
  MysqlServer& operator=(const MysqlServer&) = delete;

  int port() const { return port_; }
  /// Ends it as a crash does, and starts it again on the same port.
  void restart();

 private:
  explicit MysqlServer(const std::string& product);
  bool launch(std::string& why);

  std::string folder_;
  std::vector<std::string> command_;  ///< of each of its lives
  int port_ = 0;
  ServerProcess process_;
};

/// One server each for the whole test program, started at first use; null where there can be none.
MysqlServer* shared_mariadb_server();
MysqlServer* shared_mysql_server();

}  // namespace ctk::sink::testing
