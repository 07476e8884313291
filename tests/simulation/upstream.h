// What lies upstream in a simulated world: a DynamoDB table that changes, and the stream that carries its changes, which
// rolls, splits and merges. What it holds is the truth that the target is compared with. It knows nothing of the relay.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/log.h"
#include "base/random.h"
#include "sim/dynamodb.h"
#include "sim/dynamodb_streams.h"
#include "sim/kinesis.h"
#include "simulation/knobs.h"
#include "simulation/packer.h"

namespace ctk::simulation {

inline constexpr const char* kTable = "demo";
inline constexpr const char* kHistory = "demo_history";
inline constexpr const char* kStream = "cdc";

/// A record that lies in a shard of the stream: which change it is of, as the row of that change would say.
struct StreamRecord {
  std::string sequence;
  std::string key;    ///< typed JSON, as rows are found by
  std::string order;  ///< a row with this order, or a higher one, holds the change: the beginning of an order text
  Timestamp time{};   ///< of the change
  Timestamp arrival{};
  // What the change did.
  std::string operation = {};          ///< as `op` of a history has it
  std::optional<int> value = {};       ///< of a put
  bool refused = false;                ///< the target refuses what was put
  bool expired = false;                ///< removed by the service, since its time was up
  std::optional<uint32_t> index = {};  ///< in an aggregate
};

/// What an item was from a moment on: the value of a put, or nothing once deleted.
struct Moment {
  Timestamp at{};
  std::optional<int> value;
  bool refused = false;  ///< the target refuses what was put
};
/// An item's name → its moments, in order. No two items ever have the same value.
using History = std::map<std::string, std::vector<Moment>>;

class Upstream {
 public:
  Upstream(const WorldKnobs& knobs, Random& random, VirtualLoop& loop, Log& log, sim::FaultObserver on_fault);

  /// One item is put, updated or deleted.
  void change();
  /// A shard rolls, splits or merges with another.
  void reshard();
  void switch_stream_off();
  /// Everything that was held back is in the stream; from now on nothing outlives its time.
  void deliver_all();

  sim::Kinesis& kinesis() { return kinesis_; }
  sim::DynamoDbStreams& streams() { return streams_; }
  sim::DynamoDb& dynamodb() { return dynamodb_; }

  const History& history();
  Timestamp now() const { return loop_.now(); }
  /// Items from before are in no stream.
  Timestamp stream_begun() const { return stream_begun_; }
  /// With what the services have done by themselves.
  Coverage coverage() const;
  /// Records of each shard that came since the last call.
  std::map<std::string, std::vector<StreamRecord>> new_records();
  /// The shard's parents.
  std::vector<std::string> parents_of(const std::string& shard) const;

 private:
  void put(const std::string& name, Timestamp now);
  void note_expired(Timestamp now);
  void begin_stream(Timestamp now);
  void tick();
  /// Before time goes on: a record that nobody has looked at may leave the stream in a jump of it.
  void note_records();
  void reshard_kinesis();
  void reshard_streams();
  const sim::TableStream& table_stream() const { return *streams_.stream(dynamodb_.stream_of(kTable)); }

  const WorldKnobs& knobs_;
  Random& random_;
  VirtualLoop& loop_;
  Log& log_;
  sim::FaultObserver on_fault_;
  sim::Kinesis kinesis_;
  sim::DynamoDbStreams streams_;
  sim::DynamoDb dynamodb_;
  Packer packer_;
  Timestamp stream_begun_{};
  History history_;
  Coverage coverage_;
  uint64_t changes_ = 0;  ///< of items, that the history has
  int written_ = 0;
  int64_t last_time_ = 0;
  std::map<std::string, uint64_t> seen_;                    ///< shard → records that were noted
  std::map<std::string, std::vector<StreamRecord>> noted_;  ///< since new_records() was called last
};

}  // namespace ctk::simulation
