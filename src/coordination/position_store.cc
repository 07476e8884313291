#include "coordination/position_store.h"

#include <algorithm>

namespace ctk::coordination {

bool AcquireRequest::takes(const aws::ShardId& shard) const {
  return !only || std::ranges::find(*only, shard) != only->end();
}

Error fenced_error(const RelayName& relay, const WorkerName& by, Timestamp at) {
  std::string message = "relay " + relay.str() + " was taken over by worker " + (by.empty() ? "unknown" : by.str());
  if (at != kNoTime) message += " at " + format_iso8601(at);
  return {ErrorKind::fenced, std::move(message), {}, "of two relays of one name the one started last writes"};
}

Error incarnation_error(const RelayName& relay, const Incarnation& stored, const Incarnation& wanted) {
  return {ErrorKind::mismatch,
          "the stored positions of relay " + relay.str() + " belong to source " + stored.str() + ", this run reads " +
              wanted.str(),
          {},
          {}};
}

}  // namespace ctk::coordination
