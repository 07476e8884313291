#include "sink/sql/lanes.h"

namespace ctk::sink::sql {

void Lanes::close(Done<bool> done) {
  auto left = std::make_shared<size_t>(lanes_.size());
  auto shared = std::make_shared<Done<bool>>(std::move(done));
  for (Lane& lane : lanes_) {
    lane.executor->submit([driver = lane.driver.get()] { driver->disconnect(); }, lifeline_.guard([left, shared] {
      if (--*left == 0) (*shared)(true);
    }));
  }
}

}  // namespace ctk::sink::sql
