// What relays are torn down between: every source and every target of the program, as its own URLs name them, served by
// threads of this process (PostgreSQL by a process of its own).
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "sim/services.h"
#include "sim/simulator_server.h"
#include "sink/testing/silent_server.h"
#include "tools/fake_cratedb_server.h"

namespace ctk::teardown {

/// `loaded`: a load, and the stream beside it. `made`: a Kinesis stream that the relay makes.
enum class From { file, packed, pipe, kinesis, made, streams, scan, loaded };
/// The stuck ones never answer: a server that is silent, a file that another one has locked, a pipe that nobody reads.
enum class To { sqlite, postgres, cratedb, ndjson, stuck_sqlite, stuck_postgres, stuck_cratedb, stuck_ndjson };

std::string to_string(From from);
std::string to_string(To to);
bool is_stuck(To to);

class Places {
  struct Unlock {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  using Locked = std::unique_ptr<sqlite3, Unlock>;

 public:
  Places();
  ~Places();
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  /// The source's URL. `broken`: it holds a change that cannot be decoded, and the run is to end there.
  std::string source(From from, bool broken);
  /// The URL of a table of its own for each call; empty where the server is not installed.
  std::string target(To to);
  /// From now on the services fail, or are well again.
  void fail_services(bool failing);

 private:
  std::string pipe(bool broken);
  std::string unread_pipe();
  std::string locked_file();

  SystemClock clock_;
  TemporaryFolder folder_;
  sim::Services services_{7};
  sim::SimulatorServer aws_;
  tools::FakeCrateDbServer cratedb_;
  std::thread cratedb_thread_;
  sink::testing::SilentServer silent_;
  std::vector<int> open_pipes_;
  std::vector<Locked> locked_;
  int runs_ = 0;
};

}  // namespace ctk::teardown
