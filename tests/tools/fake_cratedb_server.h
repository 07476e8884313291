// The fake CrateDB of src/sink/cratedb/testing behind HTTP on the loopback interface.
#pragma once

#include <memory>

namespace ctk::tools {

class FakeCrateDbServer {
 public:
  /// `port` 0: a free one.
  explicit FakeCrateDbServer(int port = 0);
  ~FakeCrateDbServer();
  FakeCrateDbServer(const FakeCrateDbServer&) = delete;
  FakeCrateDbServer& operator=(const FakeCrateDbServer&) = delete;

  /// Negative where the port could not be had.
  int port() const { return port_; }
  /// Answers until stop() is called, from any thread.
  void serve();
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
  int port_ = -1;
};

}  // namespace ctk::tools
