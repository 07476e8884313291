// What the parts of this sink share: the way to the server, the clocks, what the user said.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/task.h"
#include "sink/cratedb/bookkeeping.h"
#include "sink/cratedb/client.h"
#include "sink/live_view.h"
#include "sink/recorded_history.h"
#include "sink/target_options.h"
#include "table/render.h"

namespace ctk::sink::cratedb {

/// A table that was opened. The loop owns it; batches under way share it.
struct TableState {
  TableState(std::string table_key, table::TableSpec table_spec, TaskGroup& tasks)
      : key(std::move(table_key)), spec(std::move(table_spec)), altering(tasks) {}

  std::string key;  ///< its name in ctk_tables
  table::TableSpec spec;
  /// With the newest learned types; replaced, never changed.
  std::shared_ptr<const table::Renderer> renderer;
  /// The one that the relay has.
  std::shared_ptr<const table::Renderer> handed_out;
  /// The epoch that ctk_tables was last seen to have, and when (monotonic).
  struct EpochSeen {
    coordination::Epoch epoch;
    Duration at;
  };
  std::optional<EpochSeen> epoch_seen;
  /// One ALTER of the table at a time; whoever needs the columns waits.
  AsyncMutex altering;
  /// Renders what its history holds; null: none is kept.
  std::shared_ptr<const table::Renderer> history = {};
};

struct Session {
  const TargetOptions& options;
  EventLoop& loop;
  Bookkeeping bookkeeping;
  Client& client;
  Clock& clock;
  Log& log;
  TaskGroup& tasks;
  std::map<std::string, std::shared_ptr<TableState>> tables = {};
  bool bookkeeping_is_there = false;
  /// A statement has found one of our own tables missing since: they are looked for once more before they are relied on.
  bool bookkeeping_is_missed = false;
  bool bookkeeping_is_ours = false;  ///< so far as it is there
  ViewNotes view_notes{log};
  HistoryNotes history_notes{log};
  std::set<std::string> reported_full = {};  ///< tables that have been said to take no more columns
  /// Batches ask for columns one after another, in the order in which they came: the first that wants a path fixes its
  /// type.
  AsyncMutex asking{tasks};
};

/// Runs a statement whose failure is the call's; `doing` is "writing to doc.orders".
Task<Result<Answer>> run_or_fail(Session& session, Statement statement, std::string doing, Again again = Again::freely);

/// Runs DDL, and says so in the log once it has taken two seconds. `doing` is "creating table doc.orders".
Task<SqlResult> run_ddl(Session& session, Statement statement, std::string doing);

/// Makes what was written to `table` visible to queries; false where there is no such table.
Task<Result<bool>> refresh_if_there(Session& session, table::QualifiedName table);

/// The error of the first row of a bulk that did not do what it should, other than `tolerated`.
std::optional<ServerError> first_row_error(const Answer& answer, std::initializer_list<Action> tolerated);

}  // namespace ctk::sink::cratedb
