// Answers for people: a query's rows, `show table`, dead letters.
#pragma once

#include "sink/cratedb/positions.h"
#include "sink/cratedb/session.h"

namespace ctk::sink::cratedb {

Task<Result<TableReport>> report(Session& session, CratePositions& positions, table::QualifiedName name);
Task<Result<std::vector<DeadLetter>>> list_dead_letters(Session& session, std::optional<std::string> id);
/// As Console::dead_letter_page.
Task<Result<DeadLetterPage>> read_dead_letter_page(Session& session, std::string from, size_t bytes);

/// An answer as the shell shows it. Pure.
ResultSet to_result_set(const Answer& answer);

}  // namespace ctk::sink::cratedb
