// What waiting may help against. Pure.
#pragma once

#include "base/error.h"
#include "base/time.h"

namespace ctk::relay {

/// How the target stands when a write has failed.
struct TargetStanding {
  bool written = false;   ///< this run has written to it: what fails now worked before
  bool opened = false;    ///< a table was found, or made
  bool stopping = false;  ///< the run is to end, with what can still be written
  /// It answers as a whole or not at all: what it refuses is not the word of a node that starts, or whose disk is full.
  bool transactional = false;
  Duration failing{};  ///< for how long nothing has been written
  Duration start_timeout{};
  bool looked = false;  ///< its tables were opened again since, and nothing has been written
};

/// How opening a table has gone.
struct OpenStanding {
  bool opened_before = false;  ///< this run had it open
  bool starting = false;       ///< no table was open yet, and the run was young when this began to fail
  Duration failing{};
  Duration start_timeout{};
};

enum class Patience {
  wait,        ///< it may get better by itself, or by whoever broke it
  look_again,  ///< is the table still there?
  leave,       ///< the stop does without: what is held will be read again
  give_up,
};

/// Who does not answer, or asks us to slow down, may do better later. Rights, tables and room that a run never had do not
/// come by waiting; what it had may come back: a server that starts knows no tables for a while, rights are given again, a
/// disk is emptied. A table that stays away is looked for; where all are there, and what is missing was never written to by
/// this run, it is another's (a trigger's, a right's), and looking once more would find the same. None of that comes
/// within the time of a stop.
Patience after_failed_write(ErrorKind kind, const TargetStanding& standing);

/// The same for opening a table. A definition that cannot be ours stays so, whatever was before. A start is tried for its
/// time: a database that is read-only, or a lock that is never let go, may be like that for ever.
Patience after_failed_open(ErrorKind kind, const OpenStanding& standing);

}  // namespace ctk::relay
