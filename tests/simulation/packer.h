// An application between a table and its Kinesis stream that packs records into aggregates, as the Kinesis Producer Library
// does: what is put within a moment and belongs to one shard goes as one record. A shard that is split or merged meanwhile
// leaves strays: records in an aggregate of another shard than their own.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "sim/item_change.h"
#include "sim/kinesis.h"

namespace ctk::simulation {

class Packer {
 public:
  /// `sent`: called after each record.
  Packer(sim::Kinesis& kinesis, Random& random, EventLoop& loop, Clock& clock, std::function<void()> sent)
      : kinesis_(kinesis), random_(random), loop_(loop), clock_(clock), sent_(std::move(sent)) {}

  /// Sent at once where there is enough for an aggregate, else soon.
  void take(const std::string& stream, const sim::TableEvent& event);
  void send_all();

 private:
  struct Waiting {
    std::string stream;
    size_t enough = 0;
    std::vector<sim::TableEvent> events = {};
  };

  aws::ShardId shard_of(const std::string& stream, const std::string& partition_key) const;
  void send(const aws::ShardId& shard);

  sim::Kinesis& kinesis_;
  Random& random_;
  EventLoop& loop_;
  Clock& clock_;
  const std::function<void()> sent_;
  std::map<aws::ShardId, Waiting> waiting_;
};

}  // namespace ctk::simulation
