// What relays are torn down between: every source and every target of the program, as its own URLs name them, served by
// threads of this process (PostgreSQL by a process of its own).
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sim/http_server.h"
#include "sim/services.h"
#include "tools/fake_cratedb_server.h"

namespace ctk::teardown {

enum class From { file, pipe, kinesis, streams, scan };
enum class To { sqlite, postgres, cratedb, ndjson };

std::string to_string(From from);
std::string to_string(To to);

class Places {
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

  SystemClock clock_;
  std::string folder_;
  sim::Services services_{7};
  sim::HttpServer aws_;
  tools::FakeCrateDbServer cratedb_;
  std::thread cratedb_thread_;
  std::vector<int> open_pipes_;
  int runs_ = 0;
};

}  // namespace ctk::teardown
