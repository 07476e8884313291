// A database server as a child process of a test program: started on loopback, gone with the program.
#pragma once

#include <pwd.h>

#include <string>
#include <vector>

namespace ctk::sink::testing {

/// A port of loopback that is free now.
int free_port();

/// Whose command line is it, and where does it run.
struct Launch {
  std::vector<std::string> arguments;  ///< the program's path first
  std::string folder;                  ///< its working directory
  std::string input = "/dev/null";     ///< its standard input
  const passwd* user = nullptr;        ///< null: the test program's own
  int death_signal = 0;                ///< what the kernel sends should the test program die
};

/// Runs to its end; `said` is its standard error. Whether it succeeded.
bool run_to_end(const Launch& launch, std::string& output);

/// One child process. Not its owner's life but stop() ends it.
class ServerProcess {
 public:
  /// Until its standard error holds `ready`; false, and what it said, where it ended before.
  bool start(const Launch& launch, const std::string& ready, std::string& output);
  /// Waits for its end. Does nothing where it does not run.
  void stop(int signal);

 private:
  int pid_ = 0;
};

}  // namespace ctk::sink::testing
