#include "sink/sql/lanes.h"

namespace ctk::sink::sql {

void Lanes::close(Done<bool> done) {
  auto left = std::make_shared<size_t>(lanes_.size());
  auto shared = std::make_shared<Done<bool>>(std::move(done));
  for (Lane& lane : lanes_) {
    auto disconnect = [&driver = *lane.driver] {
      driver.disconnect();
      return true;
    };
    lane.jobs.run(std::move(disconnect), [left, shared](bool) {
      if (--*left == 0) (*shared)(true);
    });
  }
}

}  // namespace ctk::sink::sql
