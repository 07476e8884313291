// The simulated AWS, with the limits of a test, as a program of its own, for the black-box tests: prints its address,
// serves until it is killed.
//
//   sim_server [--port N] [--seed N] [--read-limits] [--no-children] [--list-page N] [--subscription-life SECONDS]
#include <fmt/core.h>

#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include "sim/simulator_server.h"

int main(int argc, char** argv) {
  std::map<std::string, std::string> given;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const bool has_value = i + 1 < argc && argv[i + 1][0] != '-';
    given[name] = has_value ? argv[++i] : "1";
  }
  const auto number = [&](const char* name, double otherwise) {
    return given.contains(name) ? std::strtod(given[name].c_str(), nullptr) : otherwise;
  };
  ctk::sim::SimulatorServerOptions http;
  http.port = static_cast<int>(number("--port", 0));
  http.seed = static_cast<uint64_t>(number("--seed", 1));
  ctk::sim::Services services(http.seed);
  ctk::sim::KinesisOptions& options = services.kinesis.options();
  options.read_limits = given.contains("--read-limits");
  options.give_children = !given.contains("--no-children");
  options.list_page = static_cast<size_t>(number("--list-page", 1000));
  options.subscription_life = ctk::Duration(static_cast<int64_t>(number("--subscription-life", 300) * 1e6));
  ctk::SystemClock clock;
  ctk::sim::SimulatorServer server(services, clock, http);
  if (!server.listening()) {
    fmt::print(stderr, "sim_server: port {} cannot be had\n", http.port);
    return 1;
  }
  fmt::print("listening on {}\n", server.url());
  std::fflush(stdout);
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable().wait(lock, [] { return false; });
}
