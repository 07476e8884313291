// What stands under the names that this sink means to use. Looked at before anything is made: CrateDB answers
// `CREATE TABLE IF NOT EXISTS` with success where a view has the name, and lets CREATE OR REPLACE VIEW destroy a table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sink/cratedb/session.h"
#include "sink/live_view.h"

namespace ctk::sink::cratedb {

/// By name, of one schema. A name that is not here stands for nothing that this user may see.
struct Relations {
  std::map<std::string, Standing> by_name;

  Standing at(const std::string& name) const;
};

/// Kinds of relations, and the definitions of views among them.
Task<Result<Relations>> look_at(Session& session, std::string schema, std::vector<std::string> names);

table::QualifiedName live_view_name(const table::TableSpec& spec);

/// Whether the table may have its name: yes, with the table whose view has to go for it, if any; or why not.
Result<std::optional<table::QualifiedName>> room_for_table(const Standing& standing, const table::TableSpec& spec);

/// Makes the view where nothing has its name; says how it came out. `standing`: what has the name.
Task<Result<LiveView>> ensure_view(Session& session, const table::TableSpec& spec, Standing standing);

/// Whether our own tables that are there are ours, looked at once; else an error that says which is not. Nothing is
/// written.
Task<Result<bool>> check_bookkeeping(Session& session);

}  // namespace ctk::sink::cratedb
