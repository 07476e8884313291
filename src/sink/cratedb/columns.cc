#include "sink/cratedb/columns.h"

#include <algorithm>

#include "sink/cratedb/definition.h"
#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {
namespace {

using table::LearnedType;
using table::LearnedTypes;
using table::NewColumn;
using Columns = std::vector<NewColumn>;

void replace_types(TableState& state, LearnedTypes types) {
  if (types == state.renderer->types()) return;
  state.renderer = std::make_shared<const table::Renderer>(state.spec, std::move(types));
}

void add_types(TableState& state, const Columns& columns, bool usable) {
  LearnedTypes types = state.renderer->types();
  for (const NewColumn& column : columns) {
    types.paths[column.path] = usable ? column.type : LearnedType{LearnedType::Kind::unusable};
  }
  if (usable) types.column_count += columns.size();
  replace_types(state, std::move(types));
}

bool is_there_already(const ServerError& error) { return error.message.find("already has a column") != std::string::npos; }

void say_full(Session& session, TableState& state) {
  if (std::exchange(state.said_full, true)) return;
  session.log.warn("table has as many columns as max-columns allows; new attributes go to aux",
                   {{"table", state.spec.name.str()}, {"columns", std::to_string(state.renderer->types().column_count)}});
}

/// Both halves of what was refused together.
void push_halves(std::vector<Columns>& work, Columns columns) {
  const auto middle = columns.begin() + static_cast<ptrdiff_t>(columns.size() / 2);
  work.emplace_back(middle, columns.end());
  work.emplace_back(columns.begin(), middle);
}

Task<Result<bool>> read_types(Session& session, std::shared_ptr<TableState> state) {
  Statement statement = select_columns(state->spec.name);
  Result<Answer> answer =
      co_await run_or_fail(session, std::move(statement), "reading the columns of " + state->spec.name.str());
  if (!answer) co_return forward_error(std::move(answer));
  const Definition definition = read_definition(*answer, Answer{});
  if (definition.columns.empty()) {
    co_return fail(ErrorKind::not_found, "table " + state->spec.name.str() + " is not there any more");
  }
  replace_types(*state, merge(learn(definition), state->renderer->types()));
  co_return true;
}

/// Adds columns of which some may be refused; leaves in `work` what is to be tried next.
Task<Result<bool>> add_some(Session& session, std::shared_ptr<TableState> state, std::vector<Columns>& work) {
  Columns columns = std::move(work.back());
  work.pop_back();
  columns = addable(state->renderer->types(), state->spec.options, std::move(columns));
  if (columns.empty()) co_return true;
  Statement statement{.sql = add_columns(state->spec.name, columns), .args = "", .bulk = ""};
  SqlResult answer = co_await session.client.run(std::move(statement));
  if (answer) {
    add_types(*state, columns, true);
    co_return true;
  }
  const Failure& failure = answer.error();
  const bool refused = failure.action == Action::refuse || failure.action == Action::isolate;
  if (failure.action == Action::relearn || (refused && is_there_already(failure.server))) {
    const size_t known = state->renderer->types().paths.size();
    Result<bool> read = co_await read_types(session, state);
    if (!read) co_return read;
    if (state->renderer->types().paths.size() > known) {
      work.push_back(std::move(columns));
      co_return true;
    }
  } else if (!refused) {
    co_return std::unexpected(failure.error("adding columns to " + state->spec.name.str()));
  }
  if (columns.size() == 1) {
    add_types(*state, columns, false);
  } else {
    push_halves(work, std::move(columns));
  }
  co_return true;
}

}  // namespace

Columns addable(const LearnedTypes& types, const table::TableOptions& options, Columns wanted) {
  if (!options.create_table || types.data_ignored) return {};
  std::sort(wanted.begin(), wanted.end());
  const auto same_path = [](const NewColumn& left, const NewColumn& right) { return left.path == right.path; };
  wanted.erase(std::unique(wanted.begin(), wanted.end(), same_path), wanted.end());
  std::erase_if(wanted, [&](const NewColumn& column) { return types.paths.contains(column.path); });
  const size_t limit = static_cast<size_t>(std::max(options.max_columns, 0));
  const size_t room = limit > types.column_count ? limit - types.column_count : 0;
  if (wanted.size() > room) wanted.resize(room);
  return wanted;
}

LearnedTypes merge(LearnedTypes read, const LearnedTypes& known) {
  for (const auto& [path, type] : known.paths) {
    if (type.kind == LearnedType::Kind::unusable) read.paths.try_emplace(path, type);
  }
  return read;
}

std::vector<table::Path> blamed_paths(const LearnedTypes& types, const std::string& message) {
  const size_t start = message.find('`');
  if (start == std::string::npos) return {};
  const size_t end = message.find('`', start + 1);
  if (end == std::string::npos) return {};
  const std::string name = message.substr(start + 1, end - start - 1);
  std::vector<table::Path> paths;
  for (const auto& [path, type] : types.paths) {
    if (path.back() == name) paths.push_back(path);
  }
  return paths;
}

Task<Result<bool>> ensure_columns(Session& session, std::shared_ptr<TableState> state, Columns wanted) {
  const Turnstile::Pass pass = co_await state->altering.enter();
  std::vector<Columns> work;
  work.push_back(wanted);
  while (!work.empty()) {
    Result<bool> added = co_await add_some(session, state, work);
    if (!added) co_return added;
  }
  const auto& types = state->renderer->types();
  const bool all_known =
      std::all_of(wanted.begin(), wanted.end(), [&](const NewColumn& column) { return types.paths.contains(column.path); });
  if (!all_known && state->spec.options.create_table) say_full(session, *state);
  co_return true;
}

Task<Result<bool>> relearn(Session& session, std::shared_ptr<TableState> state) {
  const Turnstile::Pass pass = co_await state->altering.enter();
  Result<bool> read = co_await read_types(session, state);
  co_return read;
}

}  // namespace ctk::sink::cratedb
