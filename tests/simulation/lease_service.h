// A world's lease table: a DynamoDB of its own, and the ways on which workers reach it, with what goes wrong there. Writes
// arrive a minute late, answers are lost, the table is gone for a while, one worker is cut off from it, and all that is
// lived through by workers whose clocks do not run alike.
#pragma once

#include <map>
#include <memory>
#include <string_view>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_writes_api.h"
#include "base/event_loop.h"
#include "base/random.h"
#include "coordination/lease.h"
#include "sim/dynamodb.h"
#include "sim/dynamodb_streams.h"
#include "sim/faults.h"
#include "simulation/knobs.h"

namespace ctk::simulation {

class LeaseService {
 public:
  using Rows = std::map<aws::ShardId, coordination::Lease>;

  LeaseService(const WorldKnobs& knobs, Random& random, VirtualLoop& loop, sim::FaultObserver on_fault);

  /// One worker's way there and back. The service outlives it, and it the calls.
  struct Line {
    EventLoop& worker;
    Duration cut_until{};   ///< whatever is on its way until then is lost
    Duration late_until{};  ///< answers that were given by then take `late_by` longer, and come whatever is cut meanwhile
    Duration late_by{};
  };
  std::unique_ptr<aws::DynamoDbApi> reads(Line& line);
  std::unique_ptr<aws::DynamoDbWritesApi> writes(Line& line);

  /// For so long every call about a row is answered by "no such table", and those about the table by nothing.
  void be_gone_for(Duration time) { gone_until_ = loop_.monotonic() + time; }
  bool is_gone() const { return loop_.monotonic() < gone_until_; }
  void cut_off(Line& line, Duration time) { line.cut_until = loop_.monotonic() + time; }
  /// For so long answers take `by` longer.
  void answer_late(Line& line, Duration time, Duration by) {
    line.late_until = loop_.monotonic() + time;
    line.late_by = by;
  }
  /// Somebody deletes the row.
  void erase(const aws::ShardId& shard);
  /// From now on everything goes well, for those who come then.
  void end_faults();

  /// The leases as they are.
  Rows rows() const;
  /// Changes of rows until now.
  uint64_t changes() const { return service_.changes(); }

 private:
  class Way;
  class Reads;
  class Writes;

  /// An item, and what it says: most are as they were when they were looked at last.
  struct Seen {
    sim::Attributes item;
    std::optional<coordination::Lease> lease;
  };

  VirtualLoop& loop_;
  Random& random_;
  LeaseKnobs knobs_;
  sim::FaultObserver on_fault_;
  sim::DynamoDbStreams streams_;
  sim::DynamoDb service_;
  Duration gone_until_{};
  mutable std::map<std::pair<std::string, sim::ItemPlace>, Seen> seen_;
};

}  // namespace ctk::simulation
