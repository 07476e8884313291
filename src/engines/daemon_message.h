// The messages of KCL's MultiLangDaemon to a record processor, and its answers. Pure.
//
// A message is a JSON object in UTF-8 on a line of its own:
//
//   initialize         shardId, sequenceNumber, subSequenceNumber
//   processRecords     records [{data (base64), partitionKey, sequenceNumber, subSequenceNumber,
//   approximateArrivalTimestamp
//                      (ms)}], millisBehindLatest
//   checkpoint         sequenceNumber, subSequenceNumber, error (null, or the name of an exception): answers one of ours
//   leaseLost | shardEnded | shutdownRequested
//   shutdown           reason (ZOMBIE | TERMINATE): of daemons before version 2
//
// Ours: {"action":"status","responseFor":…}, once a message is done with; and, before that, {"action":"checkpoint",
// "sequenceNumber":…,"subSequenceNumber":…}, of which null means all that was handed over, at its end the shard's end.
// Source: MultiLangProtocol and the messages of amazon-kinesis-client-multilang 2.x and 3.x.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/ids.h"
#include "base/error.h"
#include "dynamodb/raw_record.h"

namespace ctk::engines {

/// A record's place, as the daemon has it.
struct Checkpoint {
  aws::SequenceNumber sequence;
  int64_t sub_sequence = 0;
  bool operator==(const Checkpoint&) const = default;
};

struct DaemonMessage {
  enum class Action {
    initialize,
    process_records,
    checkpoint,
    lease_lost,
    shard_ended,
    shutdown_requested,
    shutdown_zombie,
    shutdown_terminate,
  };
  Action action = Action::initialize;
  aws::ShardId shard;                        ///< initialize
  std::vector<dynamodb::RawRecord> records;  ///< process_records
  std::optional<Checkpoint> last;            ///< of those records, the last one's place
  std::string error;                         ///< checkpoint; empty: it was made
};

/// `corrupt` where the line is none; its words say what is wrong with it.
Result<DaemonMessage> read_daemon_message(std::string_view line);

/// "processRecords"; both of shutdown are "shutdown".
std::string_view name_of(DaemonMessage::Action action);
/// Each ends with a line end.
std::string status_line(DaemonMessage::Action done);
std::string checkpoint_line(const std::optional<Checkpoint>& place);

}  // namespace ctk::engines
