#include "sink/sql/sql_check.h"

#include <fmt/format.h>

#include <map>
#include <string>

#include "sink/sql/sql_rights.h"
#include "sink/sql/sql_schema.h"

namespace ctk::sink::sql {
namespace {

/// The first row of an answer; empty where there is none, or no question.
Tried<Cells> ask_row(Driver& driver, const std::string& question) {
  if (question.empty()) return Cells{};
  Tried<Answer> answer = driver.run(look_up(question, {}));
  if (!answer) return broken(std::move(answer));
  return answer->rows.empty() ? Cells{} : std::move(answer->rows.front());
}

Tried<Result<std::string>> see_writable(Driver& driver, const Dialect& dialect) {
  if (!driver.file().empty()) return check_writable_file(driver.file(), FilesBeside::some);
  Tried<Cells> read_only = ask_row(driver, dialect.read_only());
  if (!read_only) return broken(std::move(read_only));
  if (read_only->empty()) return Result<std::string>("writes are taken");
  const std::string why = read_only->front().value_or(""), hint = read_only->back().value_or("");
  return Result<std::string>(fail(ErrorKind::denied, "the target takes no writes: " + why, "", hint));
}

/// What a user lacks to make what is missing.
Tried<Result<std::string>> see_rights_to_make(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  Tried<Answer> answer =
      driver.run(look_up(dialect.missing_rights_to_make(), {Param::of(spec.name.schema), Param::of(spec.name.table)}));
  if (!answer) return broken(std::move(answer));
  if (answer->rows.empty()) return Result<std::string>("all that a run needs");
  std::map<std::string, std::string> by_object;
  for (const Cells& row : answer->rows) {
    std::string& rights = by_object[row[0].value_or("")];
    rights += (rights.empty() ? "" : ", ") + row[1].value_or("");
  }
  const std::string user = answer->rows.front()[2].value_or("");
  std::string lacking, hint;
  for (const auto& [object, rights] : by_object) {
    lacking += fmt::format("{}{} on {}", lacking.empty() ? "" : "; ", rights, object);
    hint += fmt::format("{}GRANT {} ON {} TO {}", hint.empty() ? "" : "; ", rights, object, user);
  }
  return Result<std::string>(fail(ErrorKind::denied, fmt::format("the user {} lacks rights: {}", user, lacking), "", hint));
}

Tried<std::optional<Result<std::string>>> see_rights(Driver& driver, const Bookkeeping& at,
                                                     const TargetQuestion& question) {
  if (at.dialect.missing_rights_to_make().empty()) return std::nullopt;
  table::TableSpec spec = question.spec.value_or(table::TableSpec{});
  spec.name.schema = at.schema;
  Tried<bool> may = check_rights(driver, at, spec, question.positions);
  if (!may && may.error().error.kind != ErrorKind::denied) return broken(std::move(may));
  if (!may) return Result<std::string>(std::unexpected(std::move(may.error().error)));
  if (!spec.options.create_table) return Result<std::string>("all that a run needs");
  Tried<Result<std::string>> make = see_rights_to_make(driver, at.dialect, spec);
  if (!make) return broken(std::move(make));
  return std::optional(std::move(*make));
}

Tried<Result<TableFit>> see_table(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  Tried<Standing> standing = look_at(driver, dialect, spec.name);
  if (!standing) return broken(std::move(standing));
  Tried<std::optional<table::QualifiedName>> room = room_for_table(driver, dialect, spec);
  if (!room && room.error().error.kind == ErrorKind::refused) return Result<TableFit>(std::unexpected(room.error().error));
  if (!room) return broken(std::move(room));
  FoundTable found;
  if (standing->kind == "a table") {
    Tried<FoundTable> described = describe_table(driver, dialect, spec.name);
    if (!described) return broken(std::move(described));
    found = std::move(*described);
  }
  return judge_schema(dialect, spec, found);
}

}  // namespace

Tried<TargetSight> look_at_target(Driver& driver, const Bookkeeping& at, const TargetQuestion& question) {
  TargetSight sight;
  Tried<Cells> server = ask_row(driver, at.dialect.version());
  if (!server) return broken(std::move(server));
  sight.server = server->empty() ? "" : server->front().value_or("");
  Tried<Result<std::string>> writable = see_writable(driver, at.dialect);
  if (!writable) return broken(std::move(writable));
  sight.writable = std::move(*writable);
  Tried<std::optional<Result<std::string>>> rights = see_rights(driver, at, question);
  if (!rights) return broken(std::move(rights));
  sight.rights = std::move(*rights);
  if (question.spec) {
    Tried<Result<TableFit>> table = see_table(driver, at.dialect, *question.spec);
    if (!table) return broken(std::move(table));
    sight.table = std::move(*table);
  }
  if (!driver.file().empty()) sight.free_bytes = free_bytes_beside(driver.file());
  return sight;
}

}  // namespace ctk::sink::sql
