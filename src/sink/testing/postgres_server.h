// A PostgreSQL server for tests: started on a free port over a temporary folder, gone with the test program.
#pragma once

#include <memory>
#include <string>

#include "sink/testing/server_process.h"

namespace ctk::sink::testing {

/// User `postgres`, database `postgres`, password `secret`; listens on 127.0.0.1 only. Nothing is synced to disk.
/// The server is stopped by the destructor, and by the kernel should the test program die.
class PostgresServer {
 public:
  /// Null where PostgreSQL is not installed or does not start; `why` says which.
  static std::unique_ptr<PostgresServer> start(std::string& why);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  int port() const { return port_; }
  /// Ends it as a crash does (SIGQUIT: sessions are cut off), and starts it again on the same port.
  void restart();

 private:
  PostgresServer() = default;
  bool launch(std::string& why);

  std::string folder_, binaries_;
  int port_ = 0;
  ServerProcess process_;
};

/// One server for the whole test program, started at first use; null where there can be none.
PostgresServer* shared_postgres_server();

}  // namespace ctk::sink::testing
