// A MariaDB server for tests: started on a free port over a temporary folder, gone with the test program.
#pragma once

#include <memory>
#include <string>

#include "sink/testing/server_process.h"

namespace ctk::sink::testing {

/// User `ctk`, password `secret`, who may everything; listens on 127.0.0.1 only. Nothing is synced to disk.
/// The server is stopped by the destructor, and by the kernel should the test program die.
class MariadbServer {
 public:
  /// Null where MariaDB is not installed or does not start; `why` says which.
  static std::unique_ptr<MariadbServer> start(std::string& why);
  ~MariadbServer();
  MariadbServer(const MariadbServer&) = delete;
  MariadbServer& operator=(const MariadbServer&) = delete;

  int port() const { return port_; }
  /// Ends it as a crash does, and starts it again on the same port.
  void restart();

 private:
  MariadbServer() = default;
  bool launch(std::string& why);

  std::string folder_;
  int port_ = 0;
  ServerProcess process_;
};

/// One server for the whole test program, started at first use; null where there can be none.
MariadbServer* shared_mariadb_server();

}  // namespace ctk::sink::testing
