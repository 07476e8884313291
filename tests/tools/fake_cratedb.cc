// The fake CrateDB of src/sink/cratedb/testing as a program, for the black-box tests: prints its address, serves until it
// is killed.
//
//   fake_cratedb [PORT]
#include <fmt/core.h>

#include <cstdlib>

#include "tools/fake_cratedb_server.h"

int main(int argc, char** argv) {
  const int wanted = argc > 1 ? std::atoi(argv[1]) : 0;
  ctk::tools::FakeCrateDbServer server(wanted);
  if (server.port() < 0) {
    fmt::print(stderr, "fake_cratedb: port {} cannot be had\n", wanted);
    return 1;
  }
  fmt::print("listening on http://127.0.0.1:{}\n", server.port());
  std::fflush(stdout);
  server.serve();
}
