// The simulated services over real HTTP on the loopback interface, for clients that know nothing of the simulation.
// Which service is meant says X-Amz-Target, as with the real ones. `POST /simulator` runs an action (simulator_actions.h);
// `POST /faults` with a JSON object of FaultKnobs' names turns the knobs, what is left out is 0.
//
//   sim::SimulatorServer server(services, clock, {.seed = 7});   // http://127.0.0.1:PORT until it is destroyed
//
//   { std::lock_guard lock(server.mutex()); services.kinesis.split_any("cdc", clock.now()); }
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/time.h"
#include "sim/faults.h"
#include "sim/services.h"

namespace ctk::sim {

struct SimulatorServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  ///< 0: a free one
  uint64_t seed = 1;
  FaultKnobs faults;
  /// Connections served at once; further ones wait.
  size_t threads = 72;
  /// Moves the clock forward; empty: it cannot be moved.
  std::function<void(Duration)> advance_clock;
};

/// Answers from its own threads. The services are touched under `mutex()` only, by the server and by everybody else while
/// it lives.
class SimulatorServer {
 public:
  SimulatorServer(Services& services, Clock& clock, SimulatorServerOptions options = {});
  ~SimulatorServer();

  /// False if the port could not be had.
  bool listening() const;
  int port() const;
  std::string url() const;
  std::mutex& mutex();
  void set_faults(const FaultKnobs& faults);
  /// Requests answered until now.
  uint64_t requests() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ctk::sim
