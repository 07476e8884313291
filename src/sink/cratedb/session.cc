#include "sink/cratedb/session.h"

#include <algorithm>

#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {

Task<Result<Answer>> run_or_fail(Session& session, Statement statement, std::string doing, Again again) {
  SqlResult answer = co_await session.client.run(std::move(statement), again);
  if (!answer) co_return std::unexpected(answer.error().error(doing));
  co_return std::move(*answer);
}

Task<Result<bool>> refresh_if_there(Session& session, table::QualifiedName table) {
  Statement refreshing{.sql = refresh(table), .args = "", .bulk = ""};
  SqlResult answer = co_await session.client.run(std::move(refreshing));
  if (answer) co_return true;
  if (answer.error().action == Action::wait_table) co_return false;
  co_return std::unexpected(answer.error().error("refreshing " + table.table));
}

std::optional<ServerError> first_row_error(const Answer& answer, std::initializer_list<Action> tolerated) {
  for (const RowResult& row : answer.results) {
    if (row.rowcount >= 0) continue;
    if (!row.error) return ServerError{.status = 0, .code = 0, .exception = "", .message = "a row failed without a reason"};
    const Action action = action_for(*row.error);
    if (std::find(tolerated.begin(), tolerated.end(), action) == tolerated.end()) return row.error;
  }
  return std::nullopt;
}

}  // namespace ctk::sink::cratedb
