// What lies upstream of the demo: a simulated DynamoDB behind HTTP, and in it a table that is older than its stream's
// memory and is written to all the time.
#pragma once

#include <string>

#include "base/random.h"
#include "base/time.h"
#include "sim/lively_table.h"
#include "sim/services.h"
#include "sim/simulator_server.h"

namespace ctk::cli {

class DemoTable {
 public:
  /// Fills the table as if that had been days ago. `clock` and `random` outlive it.
  DemoTable(Clock& clock, Random& random);

  bool listening() const { return server_.listening(); }
  std::string address() const { return server_.url(); }
  /// Where `ctk load` finds it.
  std::string source_url() const;
  /// Not while somebody writes.
  const sim::DynamoDbTable& items() const { return table_.items(); }
  const std::string& name() const { return table_.name(); }

  /// What somebody writes meanwhile, at a steady rate from the first call on. From one thread.
  void live();
  /// Closes the stream's open shard; another one goes on in its place.
  void roll();
  /// Changes of items since it was filled.
  uint64_t changes();

 private:
  Clock& clock_;
  sim::Services services_;
  sim::SimulatorServer server_;
  sim::LivelyTable table_;
  uint64_t filled_ = 0, writes_ = 0;
  Duration begun_{};
};

/// Where the demo's table lies, and how much happens in it.
inline constexpr const char* kDemoRegion = "eu-central-1";
inline constexpr int kDemoItems = 5000;
inline constexpr int kDemoWritesPerSecond = 500;

}  // namespace ctk::cli
