#include "sink/cratedb/target_sight.h"

#include <fmt/format.h>

#include <charconv>

#include "sink/cratedb/definition.h"
#include "sink/cratedb/relations.h"
#include "sink/cratedb/tables.h"

namespace ctk::sink::cratedb {
namespace {

/// Of the node that has least.
Task<std::optional<uint64_t>> least_free_bytes(Session& session) {
  Statement statement{.sql = "SELECT min(fs['total']['available']) FROM sys.nodes", .args = "", .bulk = ""};
  const SqlResult answer = co_await session.client.run(std::move(statement), Again::never);
  // Not every user may ask, and it is no question of life and death.
  if (!answer || answer->rows.empty() || answer->rows.front().empty()) co_return std::nullopt;
  const std::string& cell = answer->rows.front().front();
  uint64_t bytes = 0;
  const auto [end, failed] = std::from_chars(cell.data(), cell.data() + cell.size(), bytes);
  if (failed != std::errc{} || end != cell.data() + cell.size()) co_return std::nullopt;
  co_return bytes;
}

Result<TableFit> judge(const Definition& definition, const table::TableSpec& spec) {
  if (definition.columns.empty()) {
    if (spec.options.create_table) return TableFit::absent;
    return fail(ErrorKind::not_found, fmt::format("the table {} is not there, and create-table=false", spec.name.str()));
  }
  Result<std::vector<std::string>> missing = missing_own_columns(definition, spec);
  if (!missing) return forward_error(std::move(missing));
  if (missing->empty()) return TableFit::fits;
  if (spec.options.create_table) return TableFit::unfinished;
  return fail(ErrorKind::refused, fmt::format("the table {} lacks our columns, and create-table=false", spec.name.str()));
}

/// An error of the outer Result: nobody could be asked.
Task<Result<Result<TableFit>>> see_table(Session& session, table::TableSpec spec) {
  const std::string schema = spec.name.schema;
  const std::vector<std::string> names(1, spec.name.table);
  Result<Relations> relations = co_await look_at(session, schema, names);
  if (!relations) co_return forward_error(std::move(relations));
  const Standing standing = relations->at(spec.name.table);
  Result<std::optional<table::QualifiedName>> room = room_for_table(standing, spec);
  if (!room) co_return Result<TableFit>(forward_error(std::move(room)));
  if (standing.kind != "a table") co_return judge({}, spec);
  Result<Definition> definition = co_await find_definition(session, spec.name);
  if (!definition) co_return forward_error(std::move(definition));
  co_return judge(*definition, spec);
}

}  // namespace

Task<Result<TargetSight>> look_at_target(Session& session, TargetQuestion question) {
  TargetSight sight;
  Result<std::string> version = co_await session.client.server_version();
  if (!version) co_return forward_error(std::move(version));
  sight.server = "CrateDB " + *version;
  if (Result<bool> usable = check_version(*version); !usable) sight.writable = forward_error(std::move(usable));
  if (Result<bool> let_in = co_await connect(session); !let_in) co_return forward_error(std::move(let_in));
  if (Result<bool> ours = co_await check_bookkeeping(session); !ours) sight.writable = forward_error(std::move(ours));
  if (sight.writable) sight.writable = "statements are taken";
  if (question.spec) {
    Result<Result<TableFit>> table = co_await see_table(session, *question.spec);
    if (!table) co_return forward_error(std::move(table));
    sight.table = std::move(*table);
  }
  sight.free_bytes = co_await least_free_bytes(session);
  co_return sight;
}

}  // namespace ctk::sink::cratedb
