// A database server for tests: over a folder of its own, gone with the test program.
#pragma once

#include <pwd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "sink/testing/server_process.h"

namespace ctk::sink::testing {

/// On a free port of 127.0.0.1 only. Stopped by the destructor, and by the kernel should the test program die.
class DatabaseServer {
 public:
  struct Kind {
    std::string ready;             ///< what it says on its standard error once it can be reached
    int crash = 0;                 ///< the signal that ends it as a crash does
    const passwd* user = nullptr;  ///< who owns the folder and runs it; null: who runs the test program
  };
  explicit DatabaseServer(Kind kind);
  ~DatabaseServer();
  DatabaseServer(const DatabaseServer&) = delete;
  DatabaseServer& operator=(const DatabaseServer&) = delete;

  const TemporaryFolder& folder() const { return folder_; }
  /// For files of a moment, in memory where there is room. No other server's: one that starts clears such a folder.
  const TemporaryFolder& quick_folder() const { return quick_folder_; }
  int port() const { return port_; }

  /// Writes a file of the folder, for the server to read; its path.
  std::string write(const std::string& name, const std::string& content) const;
  /// Runs a program that makes the databases. False, and what it said, where it fails.
  bool make(std::vector<std::string> program, std::string& why, const std::string& input = "/dev/null");
  /// False, and what it said, where it ends before it can be reached.
  bool start(std::vector<std::string> program, std::string& why);
  /// Ends it as a crash does, and starts it again on the same port.
  void restart();

 private:
  Launch launch_of(std::vector<std::string> program) const;

  const Kind kind_;
  const TemporaryFolder folder_;
  const TemporaryFolder quick_folder_;
  const int port_;
  Launch launch_;
  ServerProcess process_;
};

/// What `start(why)` gives: null, which is said, where there can be no such server.
template <class Start>
std::unique_ptr<DatabaseServer> start_or_say(const char* name, Start start) {
  std::string why;
  std::unique_ptr<DatabaseServer> server = start(why);
  if (!server) std::fprintf(stderr, "no %s server for tests: %s\n", name, why.c_str());
  return server;
}

}  // namespace ctk::sink::testing
