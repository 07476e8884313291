#include "sink/sql/connection_pool.h"

namespace ctk::sink::sql {

void ConnectionPool::close(Done<bool> done) {
  auto left = std::make_shared<size_t>(connections_.size());
  auto shared = std::make_shared<Done<bool>>(std::move(done));
  for (Connection& connection : connections_) {
    auto disconnect = [&driver = *connection.driver] {
      driver.disconnect();
      return true;
    };
    connection.jobs.run(std::move(disconnect), [left, shared](bool) {
      if (--*left == 0) (*shared)(true);
    });
  }
}

}  // namespace ctk::sink::sql
