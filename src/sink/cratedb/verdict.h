// What an answer means for the rows that were sent. Pure.
#pragma once

#include <cstddef>

#include "sink/cratedb/classify.h"
#include "sink/cratedb/protocol.h"

namespace ctk::sink::cratedb {

/// After a whole request failed.
enum class RequestVerdict {
  split,    ///< at least one of several rows is the reason: send halves
  refuse,   ///< the one row is
  give_up,  ///< none is: the call fails, and comes again
};
/// `others_passed`: this call has already had rows taken, so the server is well.
RequestVerdict judge_request(Action action, size_t rows, bool others_passed);

/// After the request itself worked.
enum class RowVerdict {
  applied,
  refused,  ///< for itself, with a reason
  unsaid,   ///< failed without a reason: CrateDB gives one for the first ten of a shard only. Send it again among fewer
  later,    ///< not its own fault: the call fails once the other rows are settled
};
RowVerdict judge_row(const RowResult& result);

/// How many rows to send together to learn the reasons of `unsaid` ones; 1 after that gave none.
size_t rows_to_ask_again(size_t rows);

}  // namespace ctk::sink::cratedb
