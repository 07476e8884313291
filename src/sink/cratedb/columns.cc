#include "sink/cratedb/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "sink/cratedb/definition.h"
#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {
namespace {

using table::LearnedType;
using table::LearnedTypes;
using table::NewColumn;
using table::Path;
using Columns = std::vector<NewColumn>;

// Room for the rest of the statement and for the server's own way to count.
constexpr size_t kLongestStatement = 200'000;

/// The columns of one change, with where it stands.
struct Asking {
  size_t shard;  ///< its place among the batch's shards
  std::string_view position;
  Columns columns;
};

/// Positions are decimal numbers of any length. Changes of different shards have no order; they get one that stays.
bool stands_before(const Asking& left, const Asking& right) {
  if (left.shard != right.shard) return left.shard < right.shard;
  if (left.position.size() != right.position.size()) return left.position.size() < right.position.size();
  return left.position < right.position;
}

std::string add_column_text(const NewColumn& column) { return add_columns({}, {column}); }

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

void limit_columns(TableState& state, size_t limit) {
  LearnedTypes types = state.renderer->types();
  types.column_limit = limit;
  replace_types(state, std::move(types));
}

/// The second is what a statement gets that met another one on its way.
bool is_there_already(const ServerError& error) {
  return error.message.find("already has a column") != std::string::npos ||
         error.message.find("Cannot add same column with type") != std::string::npos;
}

/// N of "Limit of total columns [N] in table […] exceeded".
std::optional<size_t> exceeded_limit(const ServerError& error) {
  constexpr std::string_view kWords = "Limit of total columns [";
  const size_t at = error.message.find(kWords);
  if (at == std::string::npos) return std::nullopt;
  size_t limit = 0;
  const char* const end = error.message.data() + error.message.size();
  if (std::from_chars(error.message.data() + at + kWords.size(), end, limit).ec != std::errc()) return std::nullopt;
  return limit;
}

/// Both halves of what was refused together; parents stay before what they hold.
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

/// The server's limit is final: what fits below it is tried once more, then nothing.
Task<Result<bool>> meet_limit(Session& session, std::shared_ptr<TableState> state, size_t limit, std::vector<Columns>& work,
                              Columns columns) {
  Result<bool> read = co_await read_types(session, state);
  if (!read) co_return read;
  const LearnedTypes& types = state->renderer->types();
  const size_t most = most_by_setting(limit);
  // Others may have added columns meanwhile; where that is not why, the server counts in another way.
  const bool explained = types.column_count + columns.size() > most && types.column_count < most;
  limit_columns(*state, explained ? most : types.column_count);
  if (explained) work.push_back(std::move(columns));
  co_return true;
}

/// Adds columns of which some may be refused; leaves in `work` what is to be tried next.
Task<Result<bool>> add_some(Session& session, std::shared_ptr<TableState> state, std::vector<Columns>& work) {
  Columns columns = addable(state->renderer->types(), state->spec.options, work.back());
  work.pop_back();
  if (columns.empty()) co_return true;
  if (const size_t most = columns_in_one_statement(columns); most < columns.size()) {
    const auto rest = columns.begin() + static_cast<ptrdiff_t>(most);
    work.emplace_back(rest, columns.end());
    columns.erase(rest, columns.end());
  }
  std::string doing = fmt::format("adding {} columns to {}", columns.size(), state->spec.name.str());
  Statement statement{.sql = add_columns(state->spec.name, columns), .args = "", .bulk = ""};
  SqlResult answer = co_await run_ddl(session, std::move(statement), doing);
  if (answer) {
    add_types(*state, columns, true);
    co_return true;
  }
  const Failure& failure = answer.error();
  if (const std::optional<size_t> limit = exceeded_limit(failure.server)) {
    co_return co_await meet_limit(session, state, *limit, work, std::move(columns));
  }
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
    co_return std::unexpected(failure.error(doing));
  }
  if (columns.size() == 1) {
    add_types(*state, columns, false);
  } else {
    push_halves(work, std::move(columns));
  }
  co_return true;
}

}  // namespace

Columns wanted_columns(const table::Renderer& renderer, const TableWrites& writes) {
  std::vector<Asking> askings;
  std::map<std::string_view, size_t> shards;
  for (const FoldedChange& folded : writes.changes) {
    const bool alone = folded.changes.size() == 1;
    if (alone && !std::holds_alternative<table::NeedsColumns>(folded.rendered)) continue;
    for (size_t i = 0; i < folded.changes.size(); i++) {
      Columns columns = renderer.missing_columns(*folded.changes[i]);
      if (columns.empty()) continue;
      const size_t place = shards.try_emplace(folded.changes[i]->shard, shards.size()).first->second;
      askings.push_back({place, folded.changes[i]->position, std::move(columns)});
    }
  }
  std::stable_sort(askings.begin(), askings.end(), stands_before);
  Columns wanted;
  for (Asking& asking : askings) std::ranges::move(asking.columns, std::back_inserter(wanted));
  return wanted;
}

Columns addable(const LearnedTypes& types, const table::TableOptions& options, const Columns& wanted) {
  if (!options.create_table || types.data_ignored) return {};
  const size_t limit = most_columns(types, options);
  const size_t room = limit > types.column_count ? limit - types.column_count : 0;
  std::map<Path, LearnedType> chosen;
  const auto is_object = [&](const Path& path) {
    if (path.empty()) return true;  // data itself
    const auto known = types.paths.find(path);
    if (known != types.paths.end()) return known->second.kind == LearnedType::Kind::object;
    const auto made = chosen.find(path);
    return made != chosen.end() && made->second.kind == LearnedType::Kind::object;
  };
  for (const NewColumn& column : wanted) {
    if (chosen.size() == room) break;
    if (types.paths.contains(column.path) || !is_object(Path(column.path.begin(), column.path.end() - 1))) continue;
    chosen.try_emplace(column.path, column.type);
  }
  Columns columns;
  for (auto& [path, type] : chosen) columns.push_back({path, type});
  return columns;
}

size_t columns_in_one_statement(const Columns& columns) {
  size_t length = 0;
  for (size_t i = 0; i < columns.size(); i++) {
    length += add_column_text(columns[i]).size();
    if (length > kLongestStatement && i > 0) return i;
  }
  return columns.size();
}

LearnedTypes merge(LearnedTypes read, const LearnedTypes& known) {
  for (const auto& [path, type] : known.paths) {
    if (type.kind == LearnedType::Kind::unusable) read.paths.try_emplace(path, type);
  }
  read.column_limit = known.column_limit;
  return read;
}

std::optional<std::string> why_full(const LearnedTypes& types, const table::TableOptions& options) {
  if (types.data_ignored || !options.create_table) return std::nullopt;
  if (types.column_count < most_columns(types, options)) return std::nullopt;
  const bool by_server = types.column_limit < static_cast<size_t>(std::max(options.max_columns, 0));
  return by_server ? "its setting mapping.total_fields.limit" : "max-columns";
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
  const AsyncMutex::Lock pass = co_await state->altering.lock();
  std::vector<Columns> work;
  work.push_back(std::move(wanted));
  while (!work.empty()) {
    Result<bool> added = co_await add_some(session, state, work);
    if (!added) co_return added;
  }
  report_if_full(session, *state);
  co_return true;
}

Task<Result<bool>> relearn(Session& session, std::shared_ptr<TableState> state) {
  const AsyncMutex::Lock pass = co_await state->altering.lock();
  Result<bool> read = co_await read_types(session, state);
  co_return read;
}

void report_if_full(Session& session, TableState& state) {
  const LearnedTypes& types = state.renderer->types();
  const std::optional<std::string> why = why_full(types, state.spec.options);
  if (!why || !session.reported_full.insert(state.spec.name.str()).second) return;
  session.log.warn("the table has as many columns as it may have; new attributes go to aux",
                   {{"table", state.spec.name.str()}, {"columns", types.column_count}, {"by", *why}});
}

}  // namespace ctk::sink::cratedb
