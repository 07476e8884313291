// What the parts of this sink share: the way to the server, the clocks, what the user said.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sink/cratedb/bookkeeping.h"
#include "sink/cratedb/client.h"
#include "sink/cratedb/task.h"
#include "sink/target_options.h"
#include "table/render.h"

namespace ctk::sink::cratedb {

/// A table that was opened. The loop owns it; batches under way share it.
struct TableState {
  TableState(std::string table_key, table::TableSpec table_spec, Scope& scope)
      : key(std::move(table_key)), spec(std::move(table_spec)), altering(scope) {}

  std::string key;  ///< its name in ctk_tables
  table::TableSpec spec;
  /// With the newest learned types; replaced, never changed.
  std::shared_ptr<const table::Renderer> renderer;
  /// The one that the relay has.
  std::shared_ptr<const table::Renderer> handed_out;
  /// One ALTER of the table at a time; whoever needs the columns waits.
  Turnstile altering;
  bool said_full = false;
};

struct Session {
  const TargetOptions& options;
  Bookkeeping bookkeeping;
  Client& client;
  Clock& clock;
  Log& log;
  Scope& scope;
  std::map<std::string, std::shared_ptr<TableState>> tables;
  bool bookkeeping_is_there = false;
};

/// Runs a statement whose failure is the call's; `doing` is "writing to doc.orders".
Task<Result<Answer>> run_or_fail(Session& session, Statement statement, std::string doing, Again again = Again::freely);

/// Makes what was written to `table` visible to queries; false where there is no such table.
Task<Result<bool>> refresh_if_there(Session& session, table::QualifiedName table);

/// The error of the first row of a bulk that did not do what it should, other than `tolerated`.
std::optional<ServerError> first_row_error(const Answer& answer, std::initializer_list<Action> tolerated);

}  // namespace ctk::sink::cratedb
