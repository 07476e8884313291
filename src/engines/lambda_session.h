// A custom runtime's side of AWS Lambda: what it is given, and what is to be done then. Pure.
//
//   idle ──invoked──▶ writing ──all is stored, or given up──▶ idle
//                     writing ──out_of_time──▶ idle
//
// An invocation is answered with the first record of each shard that is not written. So Lambda gives again from there on,
// and a record is confirmed only once it is written durably. What it gives again is harmless: the guard makes it so.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engines/lambda_batch.h"

namespace ctk::engines {

/// What the runtime API hands out.
struct Invocation {
  std::string id;                ///< of the request
  Timestamp deadline = kNoTime;  ///< when the function is ended; kNoTime: nobody said
  std::string event;
};

class LambdaSession {
 public:
  /// Hand these on to the stream's relay, which is made if there is none, and tell how far they are stored (`stored`).
  struct Push {
    MappedStream stream;
    std::vector<dynamodb::RawRecord> records;
  };
  /// Break the stream's relay off: what it has under way is nobody's any more.
  struct Drop {
    MappedStream stream;
  };
  /// The invocation's answer.
  struct Answer {
    std::string id;
    std::string body;
  };
  /// The invocation has failed as a whole.
  struct Refuse {
    std::string id;
    Error error;
  };
  using Action = std::variant<Push, Drop, Answer, Refuse>;
  using Actions = std::vector<Action>;

  /// Only while none is at hand.
  Actions invoked(Invocation invocation);
  /// The stream's relay has written durably what stands before `to`.
  Actions stored(const MappedStream& stream, const shards::Position& to);
  /// The stream's relay has ended. `why` is `corrupt` where a record is to be the last one (on-error=stop): other shards go
  /// on then.
  Actions ended(const MappedStream& stream, const Error& why);
  /// The invocation at hand must be answered now.
  Actions out_of_time();

  /// Of the invocation at hand.
  bool is_writing() const { return batch_.has_value(); }
  const std::string& id() const { return id_; }
  /// Of the last invocation.
  size_t size() const { return size_; }
  size_t written() const { return written_; }

 private:
  Actions go_on();
  Actions finish(Actions actions);

  std::string id_;
  std::optional<LambdaBatch> batch_;
  std::optional<MappedStream> pushed_;  ///< whose relay has records of the batch under way
  WrittenRecord pushed_last_;           ///< of these
  std::map<MappedStream, WrittenRecord> written_last_;
  size_t size_ = 0, written_ = 0;
};

}  // namespace ctk::engines
