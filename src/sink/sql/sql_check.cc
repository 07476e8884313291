#include "sink/sql/sql_check.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sink/sql/sql_rights.h"
#include "sink/sql/sql_schema.h"
#include "table/history.h"

namespace ctk::sink::sql {
namespace {

/// The first row of an answer; empty where there is none, or no question.
SqlResult<Cells> ask_row(Driver& driver, const std::string& question) {
  if (question.empty()) return Cells{};
  SqlResult<Answer> answer = driver.run(look_up(question, {}));
  if (!answer) return forward_failure(std::move(answer));
  return answer->rows.empty() ? Cells{} : std::move(answer->rows.front());
}

SqlResult<Result<std::string>> see_writable(Driver& driver, const Dialect& dialect) {
  if (!driver.file().empty()) return check_writable_database(driver.file());
  SqlResult<Cells> read_only = ask_row(driver, dialect.read_only());
  if (!read_only) return forward_failure(std::move(read_only));
  if (read_only->empty()) return Result<std::string>("writes are taken");
  const std::string why = read_only->front().value_or(""), hint = read_only->back().value_or("");
  return Result<std::string>(fail(ErrorKind::denied, "the target takes no writes: " + why, "", hint));
}

/// What of a run's DDL is still to be done.
struct ToMake {
  bool tables = false;  ///< the table, or one of ours
  std::vector<ColumnDef> columns;
  bool view = false;

  bool is_reason(std::string_view needs) const {
    return needs.contains("use") || (tables && needs.contains("tables")) ||
           (!columns.empty() && needs.contains("columns")) || (view && needs.contains("view"));
  }
};

/// Without a spec the key is not known before the first change, and its table counts as missing.
SqlResult<ToMake> see_what_to_make(Driver& driver, const Bookkeeping& at, const std::optional<table::TableSpec>& spec) {
  ToMake make;
  for (const char* own : {"ctk_positions", "ctk_tables", "ctk_dead_letters"}) {
    SqlResult<Standing> standing = look_at(driver, at.dialect, {at.schema, own});
    if (!standing) return forward_failure(std::move(standing));
    make.tables = make.tables || standing->nothing();
  }
  if (!spec) {
    make.tables = true;
    return make;
  }
  SqlResult<FoundTable> found = describe_table(driver, at.dialect, spec->name);
  if (!found) return forward_failure(std::move(found));
  make.tables = make.tables || found->columns.empty();
  if (const Result<SchemaPlan> plan = plan_schema(at.dialect, *spec, *found); plan) make.columns = plan->add;
  if (!spec->options.live_view) return make;
  SqlResult<Standing> view = look_at(driver, at.dialect, at.dialect.view_name(*spec));
  if (!view) return forward_failure(std::move(view));
  make.view = view->nothing();
  return make;
}

/// What only the table's owner may do: the statements, for whoever is it.
SqlResult<Result<bool>> see_owner(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                                  const ToMake& make) {
  if (dialect.owner_to_alter().empty() || make.columns.empty()) return Result<bool>(true);
  SqlResult<Answer> answer =
      driver.run(look_up(dialect.owner_to_alter(), {Param::of(spec.name.schema), Param::of(spec.name.table)}));
  if (!answer) return forward_failure(std::move(answer));
  if (answer->rows.empty()) return Result<bool>(true);
  const std::string owner = answer->rows.front()[0].value_or(""), user = answer->rows.front()[1].value_or("");
  std::string ddl;
  for (const ColumnDef& column : make.columns) ddl += dialect.add_column(spec, column) + "; ";
  ddl += dialect.create_mark_index(spec);
  return Result<bool>(fail(ErrorKind::denied,
                           fmt::format("the table {} lacks columns of ours, and only its owner {} may add them, not {}",
                                       spec.name.str(), owner, user),
                           "", fmt::format("run as {}: {}", owner, ddl)));
}

/// What a user lacks to make what is missing.
SqlResult<Result<std::string>> see_rights_to_make(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                                                  const ToMake& make) {
  const std::string view = dialect.view_name(spec).table;
  const std::vector<Param> names = {Param::of(spec.name.schema), Param::of(spec.name.table), Param::of(view)};
  SqlResult<Answer> answer = driver.run(look_up(dialect.missing_rights_to_make(), names));
  if (!answer) return forward_failure(std::move(answer));
  std::map<std::string, std::string> by_object;
  std::string user;
  for (const Cells& row : answer->rows) {
    if (!make.is_reason(row[3].value_or(""))) continue;
    std::string& rights = by_object[row[0].value_or("")];
    rights += (rights.empty() ? "" : ", ") + row[1].value_or("");
    user = row[2].value_or("");
  }
  if (by_object.empty()) return Result<std::string>("all that a run needs");
  std::string lacking, hint;
  for (const auto& [object, rights] : by_object) {
    lacking += fmt::format("{}{} on {}", lacking.empty() ? "" : "; ", rights, object);
    hint += fmt::format("{}GRANT {} ON {} TO {}", hint.empty() ? "" : "; ", rights, object, user);
  }
  return Result<std::string>(fail(ErrorKind::denied, fmt::format("the user {} lacks rights: {}", user, lacking), "", hint));
}

/// What a run does with its table's history, which may be missing too.
SqlResult<Result<std::string>> see_rights_on_history(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec) {
  const Result<table::TableSpec> history = table::make_history_spec(spec);
  if (!history) return Result<std::string>(std::unexpected(history.error()));
  SqlResult<bool> may = check_rights(driver, at, *history, false);
  if (!may && may.error().error.kind != ErrorKind::denied) return forward_failure(std::move(may));
  if (!may) return Result<std::string>(std::unexpected(std::move(may.error().error)));
  ToMake make;
  if (spec.options.create_table) {
    SqlResult<FoundTable> found = describe_table(driver, at.dialect, history->name);
    if (!found) return forward_failure(std::move(found));
    make.tables = found->columns.empty();
  }
  return see_rights_to_make(driver, at.dialect, *history, make);
}

SqlResult<std::optional<Result<std::string>>> see_rights(Driver& driver, const Bookkeeping& at,
                                                         const TargetQuestion& question) {
  if (at.dialect.missing_rights_to_make().empty()) return std::nullopt;
  table::TableSpec spec = question.spec.value_or(table::TableSpec{});
  spec.name.schema = at.schema;
  SqlResult<bool> may = check_rights(driver, at, spec, question.positions);
  if (!may && may.error().error.kind != ErrorKind::denied) return forward_failure(std::move(may));
  if (!may) return Result<std::string>(std::unexpected(std::move(may.error().error)));
  SqlResult<ToMake> make =
      spec.options.create_table ? see_what_to_make(driver, at, question.spec) : SqlResult<ToMake>(ToMake{});
  if (!make) return forward_failure(std::move(make));
  SqlResult<Result<std::string>> rights = see_rights_to_make(driver, at.dialect, spec, *make);
  if (!rights) return forward_failure(std::move(rights));
  if (!*rights) return std::optional(std::move(*rights));
  SqlResult<Result<bool>> owner = see_owner(driver, at.dialect, spec, *make);
  if (!owner) return forward_failure(std::move(owner));
  if (!*owner) return Result<std::string>(std::unexpected(owner->error()));
  if (question.spec && spec.options.history) {
    SqlResult<Result<std::string>> history = see_rights_on_history(driver, at, spec);
    if (!history) return forward_failure(std::move(history));
    if (!*history) return std::optional(std::move(*history));
  }
  return std::optional(std::move(*rights));
}

SqlResult<Result<TableFit>> see_table(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  SqlResult<Standing> standing = look_at(driver, dialect, spec.name);
  if (!standing) return forward_failure(std::move(standing));
  SqlResult<std::optional<table::QualifiedName>> room = room_for_table(driver, dialect, spec);
  if (!room && room.error().error.kind == ErrorKind::refused) return Result<TableFit>(std::unexpected(room.error().error));
  if (!room) return forward_failure(std::move(room));
  FoundTable found;
  if (standing->kind == "a table") {
    SqlResult<FoundTable> described = describe_table(driver, dialect, spec.name);
    if (!described) return forward_failure(std::move(described));
    found = std::move(*described);
  }
  return judge_schema(dialect, spec, found);
}

}  // namespace

SqlResult<TargetSight> look_at_target(Driver& driver, const Bookkeeping& at, const TargetQuestion& question) {
  TargetSight sight;
  SqlResult<Cells> server = ask_row(driver, at.dialect.version());
  if (!server) return forward_failure(std::move(server));
  sight.server = server->empty() ? "" : server->front().value_or("");
  SqlResult<Result<std::string>> writable = see_writable(driver, at.dialect);
  if (!writable) return forward_failure(std::move(writable));
  sight.writable = std::move(*writable);
  SqlResult<std::optional<Result<std::string>>> rights = see_rights(driver, at, question);
  if (!rights) return forward_failure(std::move(rights));
  sight.rights = std::move(*rights);
  if (question.spec) {
    SqlResult<Result<TableFit>> table = see_table(driver, at.dialect, *question.spec);
    if (!table) return forward_failure(std::move(table));
    sight.table = std::move(*table);
  }
  if (!driver.file().empty()) {
    sight.free_bytes = free_bytes_beside(driver.file());
    sight.log_kept = find_kept_log(driver.file());
  }
  return sight;
}

}  // namespace ctk::sink::sql
