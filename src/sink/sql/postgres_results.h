// What libpq gives back, as answers and result sets.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/sink.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ClearResult>;

/// libpq's words without their last line's end, in one line where it goes on in another; null: none.
std::string trimmed(const char* text);

bool is_done(const PGresult* result);
/// COPY to or from the client: the connection cannot be used any more.
bool is_copy(const PGresult* result);
/// A transaction was rolled back: the answer to COMMIT of one that had failed, too.
bool is_rollback(PGresult* result);

/// A result of one row: its cells, which live as long as the result does.
void view_cells(const PGresult* result, std::vector<std::optional<std::string_view>>& cells);

/// Adds one execution of a statement of ours to its answer.
void append_result(Answer& answer, PGresult* result);
/// The answer to a statement of the user's.
Result<ResultSet> to_result_set(PGresult* result);

}  // namespace ctk::sink::sql
