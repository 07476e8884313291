#include "sink/cratedb/repaired_rows.h"

#include <fmt/format.h>

#include "sink/cratedb/columns.h"
#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {
namespace {

std::string key_args(const RowRepair& repair) {
  std::string args;
  for (const table::KeyCell& cell : repair.key) args += (args.empty() ? "" : ",") + key_arg(cell);
  return args;
}

/// What an UPDATE of the row is bound to, where it still has its version.
Task<Result<std::optional<std::string>>> find_guard(Session& session, RowReader::Spec spec, RowRepair repair) {
  Statement select{.sql = select_guard(*spec), .args = "[" + key_args(repair) + "]", .bulk = ""};
  Result<Answer> answer = co_await run_or_fail(session, std::move(select), "reading a row of " + spec->name.str());
  if (!answer) co_return forward_error(std::move(answer));
  std::optional<std::string> guard;
  if (answer->rows.size() == 1 && answer->rows[0].size() == 3) {
    const std::vector<std::string>& row = answer->rows[0];
    if (cell_text(row[0]).value_or("") == *repair.version) guard = row[1] + "," + row[2];
  }
  co_return guard;
}

/// Nothing to write, where the row has moved or the item cannot be one.
Task<Result<std::optional<Statement>>> statement_for(Session& session, RowReader::Spec spec, coordination::Epoch epoch,
                                                     RowRepair repair, std::shared_ptr<TableState> state) {
  std::optional<Statement> statement;
  table::Rendered rendered;
  if (repair.item) rendered = state->renderer->render_into_aux(*repair.item, epoch, {});
  const auto* row = std::get_if<table::Row>(&rendered);
  if (row == nullptr || (!repair.item && !repair.version)) co_return statement;
  if (!repair.version) {
    statement = Statement{.sql = upsert(*spec), .args = "", .bulk = ""};
    append_row_args(statement->args, *spec, *row);
    co_return statement;
  }
  Result<std::optional<std::string>> guard = co_await find_guard(session, spec, repair);
  if (!guard) co_return forward_error(std::move(guard));
  if (!*guard) co_return statement;
  std::string args = key_args(repair) + "," + **guard;
  if (repair.item) args = row->data.value_or("null") + "," + row->aux.value_or("null") + ",false," + args;
  statement = Statement{.sql = repair.item ? rewrite_row(*spec) : mark_row(*spec), .args = "[" + args + "]", .bulk = ""};
  co_return statement;
}

}  // namespace

Task<Result<bool>> repair_rows(Session& session, RowReader::Spec spec, coordination::Epoch epoch,
                               std::vector<RowRepair> repairs) {
  auto state = std::make_shared<TableState>(spec->name.str(), *spec, session.tasks);
  state->renderer = std::make_shared<const table::Renderer>(*spec);
  Result<bool> learned = co_await relearn(session, state);
  if (!learned) co_return learned;
  for (const RowRepair& repair : repairs) {
    Result<std::optional<Statement>> made = co_await statement_for(session, spec, epoch, repair, state);
    if (!made) co_return forward_error(std::move(made));
    if (!*made) continue;
    Statement statement = std::move(**made);
    const SqlResult written = co_await session.client.run(std::move(statement));
    if (written || written.error().action == Action::lost_race) continue;
    Error error = written.error().error("writing a row of " + spec->name.str());
    if (error.kind != ErrorKind::refused) co_return std::unexpected(std::move(error));
  }
  co_return true;
}

}  // namespace ctk::sink::cratedb
