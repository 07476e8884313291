// The columns of `data`: reading them, and adding them before rows that use them are sent. A write of ours never adds a
// column by itself: CrateDB then empties the objects of other rows of the request, and reports success.
//
// Nor does it refuse every column that must not be: below an array of objects it takes one, and then casts what rows of
// that array hold, or cannot read the table any more; below a path that is not there it makes an object that is DYNAMIC. So
// which columns an ALTER may name is decided here: one type a path, the first in the stream's order, and below objects
// only.
#pragma once

#include <string>
#include <vector>

#include "sink/cratedb/session.h"

namespace ctk::sink::cratedb {

/// The columns that the changes of a batch ask for, in the stream's order, folded ones included: so that what type a path
/// gets does not hang on how batches are cut.
std::vector<table::NewColumn> wanted_columns(const table::Renderer& renderer, const TableWrites& writes);

/// Those of `wanted` that may still be added, parents first: not known yet, of the type that was wanted first, below
/// objects, and no more than the table may have.
std::vector<table::NewColumn> addable(const table::LearnedTypes& types, const table::TableOptions& options,
                                      const std::vector<table::NewColumn>& wanted);

/// How many of `columns`, from the first, one ALTER can name: CrateDB takes statements of at most 262,144 characters.
size_t columns_in_one_statement(const std::vector<table::NewColumn>& columns);

/// Newly read types, with what this process found unusable kept as it is.
table::LearnedTypes merge(table::LearnedTypes read, const table::LearnedTypes& known);

/// Learned paths that end in the name which the server's refusal quotes: "Cannot cast object element `n` with …".
std::vector<table::Path> blamed_paths(const table::LearnedTypes& types, const std::string& message);

/// Why a table takes no more columns, for the log; nothing where it still does.
std::optional<std::string> why_full(const table::LearnedTypes& types, const table::TableOptions& options);

/// Adds what is addable; a column that the server refuses becomes unusable. Afterwards state.renderer asks for none of
/// `wanted` that could be had.
Task<Result<bool>> ensure_columns(Session& session, std::shared_ptr<TableState> state,
                                  std::vector<table::NewColumn> wanted);

/// Reads the columns again: somebody else may have added some, or changed the table.
Task<Result<bool>> relearn(Session& session, std::shared_ptr<TableState> state);

/// Says once that the table is full, if it is.
void report_if_full(Session& session, TableState& state);

}  // namespace ctk::sink::cratedb
