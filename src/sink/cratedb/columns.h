// The columns of `data`: reading them, and adding them before rows that use them are sent. A write of ours never adds a
// column by itself: CrateDB then empties the objects of other rows of the request, and reports success.
#pragma once

#include <vector>

#include "sink/cratedb/session.h"

namespace ctk::sink::cratedb {

/// Those of `wanted` that may still be added: not known yet, parents first, within max-columns.
std::vector<table::NewColumn> addable(const table::LearnedTypes& types, const table::TableOptions& options,
                                      std::vector<table::NewColumn> wanted);

/// Newly read types, with what this process found unusable kept as it is.
table::LearnedTypes merge(table::LearnedTypes read, const table::LearnedTypes& known);

/// Learned paths that end in the name which the server's refusal quotes: "Cannot cast object element `n` with …".
std::vector<table::Path> blamed_paths(const table::LearnedTypes& types, const std::string& message);

/// Adds what is addable; a column that the server refuses becomes unusable. Afterwards state.renderer asks for none of
/// `wanted` that could be had.
Task<Result<bool>> ensure_columns(Session& session, std::shared_ptr<TableState> state,
                                  std::vector<table::NewColumn> wanted);

/// Reads the columns again: somebody else may have added some, or changed the table.
Task<Result<bool>> relearn(Session& session, std::shared_ptr<TableState> state);

}  // namespace ctk::sink::cratedb
