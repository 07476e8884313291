// CrateDB as a target, over its HTTP endpoint. This folder knows statements, columns and the server's errors; it must not
// know sources, nor how changes are read. It does no I/O of its own: everything goes through net::HttpClient, on the loop.
//
//   cratedb_sink   the Sink: wires the parts below
//   tables         opening tables: making, taking over, registering     columns    learned types, ALTER before rows
//   relations      what stands under a name before it is used        witnesses  by which rows a table is known again
//   writer         one batch: bulk_sender, bisection, other forms    verdict    what an answer means for its rows
//   batch_work     what of a batch is done already                   history_work  its events, into a history
//   positions      ctk_positions                                     sweeper    removing marks
//   reports        shell (query), show, dead letters                 dry_run    the same statements, only printed
//   stored_rows    rows read, to be compared                         repaired_rows  and made equal again
//   target_sight   what a preflight sees                             session    what all of these share
//   client         nodes in turn, one statement at a time            protocol   requests and answers as values
//   classify       errors → what to do, as data                      testing/   a server in memory for tests
//   statements, history_statements, bookkeeping, row_args, definition: texts
#pragma once

#include <memory>
#include <ostream>

#include "sink/target_options.h"

namespace ctk::sink {

std::unique_ptr<Database> make_cratedb_sink(const TargetOptions& options, const SinkEnvironment& environment);

/// Prints to `out` what would be run, DDL and SQL with parameters as comments, in that order; connects to nothing.
std::unique_ptr<Sink> make_cratedb_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                                std::ostream& out);

}  // namespace ctk::sink
