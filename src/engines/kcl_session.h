// A record processor's side of the protocol of KCL's MultiLangDaemon (daemon_message.h): what it hears, and what is to be
// done then. Pure.
//
//   new ──initialize──▶ opening ──it is read──▶ ready ──processRecords──▶ writing ──stored──▶ checkpointing ──▶ ready
//                                                 ready ──shardEnded──▶ ending ──its end is stored──▶ checkpointing ──▶
//                                                 over ready ──shutdownRequested──▶ checkpointing ──▶ ready any
//                                                 ──leaseLost──▶ over
//
// A message gets its status once all that it brought is written durably, and a checkpoint never passes that: it names the
// place of the last record that is. One that is throttled is left to the next one, but where there is none: at the shard's
// end and at a shutdown it is made again, in longer and longer pauses, before the status.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engines/daemon_message.h"
#include "shards/position.h"

namespace ctk::engines {

class KclSession {
 public:
  /// Begin to read this shard, and tell of it (`opened`).
  struct Open {
    aws::ShardId shard;
  };
  /// Hand these on, and tell how far they are stored (`stored`).
  struct Push {
    std::vector<dynamodb::RawRecord> records;
  };
  /// Nothing follows in the shard.
  struct End {};
  /// Write this to standard output.
  struct Say {
    std::string line;
  };
  /// Tell (`waited`) when so much time has gone by.
  struct Wait {
    Duration time;
  };
  /// A checkpoint that was not made, for the log.
  struct Note {
    std::string text;
  };
  /// This cannot go on.
  struct Fail {
    Error error;
  };
  using Action = std::variant<Open, Push, End, Say, Wait, Note, Fail>;
  using Actions = std::vector<Action>;

  /// A line of standard input; empty ones mean nothing.
  Actions hear(std::string_view line);
  Actions opened();
  /// What stands before `to` is written durably.
  Actions stored(const shards::Position& to);
  Actions waited();

 private:
  enum class Phase { fresh, opening, ready, writing, ending, checkpointing, over };

  Actions begin(DaemonMessage message);
  Actions take_records(DaemonMessage message);
  Actions take_answer(const std::string& error);
  Actions checkpoint(const std::optional<Checkpoint>& place);
  Actions done();
  Actions try_again(const std::string& error);
  /// Nothing will come after it that could make the checkpoint.
  bool is_last_chance() const { return answers_ != DaemonMessage::Action::process_records; }

  Phase phase_ = Phase::fresh;
  DaemonMessage::Action answers_ = DaemonMessage::Action::initialize;  ///< which message waits for its status
  shards::Position awaited_;                                           ///< behind the last record that was handed on
  std::optional<shards::Position> stored_;
  std::optional<Checkpoint> last_;   ///< place of the last record that was handed on
  std::optional<Checkpoint> asked_;  ///< what the checkpoint under way names
  int failures_ = 0;                 ///< of it
};

}  // namespace ctk::engines
