// What to do about an error of the server: one table of data, looked up by HTTP status, CrateDB's code and the exception's
// name. Pure.
#pragma once

#include <string_view>

#include "base/error.h"
#include "sink/cratedb/protocol.h"

namespace ctk::sink::cratedb {

enum class Action {
  wait,         ///< nobody answers, or not now: the same again later; the work may have been done
  send_less,    ///< the server is short of memory or threads: smaller batches, later
  refuse,       ///< the statement or the row is wrong as it is; a batch holds at least one such row
  isolate,      ///< an accident inside the server: one row's fault only if others pass without it; else as `wait`
  relearn,      ///< the columns are not what we thought: read them again, then as `refuse`
  wait_table,   ///< the table is unknown: also while a node starts, and where rights are missing. Wait for minutes
  blocked,      ///< the table or node does not take writes: closed, read-only, disk full
  deny,         ///< who we are, or what we may do
  exists,       ///< what was to be made is there already
  lost_race,    ///< somebody else changed the row meanwhile
  row_is_gone,  ///< a delete by key of a row that is not there
};

Action action_for(const ServerError& error);

/// A row was refused for a rule of the user's own on the table, NOT NULL or CHECK; no other type of a column would help.
bool breaks_a_constraint(const ServerError& error);

/// Of an answer that is not CrateDB's own.
inline constexpr std::string_view kForeignAnswer =
    "something between ctk and CrateDB answered in its place, or cut its answer off,";
inline constexpr std::string_view kForeignHint = "look at the proxy or load balancer on the way to CrateDB";

/// The Error of a whole call that ends with `error`. `doing` is our words: "writing to doc.orders".
Error to_error(const ServerError& error, const std::string& doing);

}  // namespace ctk::sink::cratedb
