#include "relay/frontier.h"

namespace ctk::relay {

void Frontier::add(uint64_t write, shards::Position to, Arrivals arrivals) {
  pending_.push_back({write, std::move(to), arrivals});
}

void Frontier::shorten(uint64_t write, shards::Position to) {
  for (Write& pending : pending_) {
    if (pending.id != write) continue;
    pending.to = std::move(to);
    pending.arrivals = {};
    return;
  }
}

void Frontier::restart(shards::Position position) {
  pending_.clear();
  acknowledged_ = std::move(position);
}

bool Frontier::acknowledge(uint64_t write) {
  for (Write& pending : pending_) {
    if (pending.id == write) pending.done = true;
  }
  bool moved = false;
  while (!pending_.empty() && pending_.front().done) {
    acknowledged_ = std::move(pending_.front().to);
    if (pending_.front().arrivals.last != kNoTime) arrival_ = pending_.front().arrivals.last;
    pending_.pop_front();
    moved = true;
  }
  return moved;
}

}  // namespace ctk::relay
