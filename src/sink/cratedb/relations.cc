#include "sink/cratedb/relations.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "json/writer.h"
#include "sink/cratedb/statements.h"
#include "sink/own_tables.h"

namespace ctk::sink::cratedb {
namespace {

using table::QualifiedName;
using table::TableSpec;

/// `what` of the relations with these names, out of a table of information_schema.
Statement select_of(std::string_view what, std::string_view from, const std::string& schema,
                    const std::vector<std::string>& names) {
  std::string args;
  json::Writer writer(args);
  writer.begin_array();
  writer.string(schema);
  std::string places;
  for (const std::string& name : names) {
    writer.string(name);
    places += places.empty() ? "?" : ", ?";
  }
  writer.end_array();
  return {
      .sql = fmt::format("SELECT table_name, {} FROM information_schema.{}\nWHERE table_schema = ? AND table_name IN ({})",
                         what, from, places),
      .args = std::move(args),
      .bulk = ""};
}

std::string kind_of(const std::string& type) {
  if (type == "BASE TABLE") return "a table";
  std::string words = "a ";
  for (char c : type) words += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return type == "FOREIGN" ? words + " table" : words;
}

Selection own_selection(const TableSpec& spec) { return read_selection(select_living(spec)).value_or(Selection{}); }

/// A view whose table is gone, or has lost its columns, is shown with this before its words. It works again once they are
/// back.
std::string_view without_complaint(std::string_view definition) {
  constexpr std::string_view kComplaint = "/* Corrupted view, needs fix */";
  return definition.starts_with(kComplaint) ? definition.substr(kComplaint.size()) : definition;
}

/// How a view came out that something else stands in for.
LiveView taken(const TableSpec& spec, const Standing& standing) {
  LiveView view;
  view.would_be = live_view_name(spec).str();
  view.in_the_way = standing.kind == "a view" ? "a view with another definition" : standing.kind;
  return view;
}

LiveView judge(const TableSpec& spec, const Standing& standing) {
  if (standing.selection != own_selection(spec)) return taken(spec, standing);
  LiveView view;
  view.name = live_view_name(spec).str();
  return view;
}

/// After the server said that the name is taken: by whom?
Task<Result<LiveView>> look_again(Session& session, const TableSpec& spec) {
  const QualifiedName name = live_view_name(spec);
  std::vector<std::string> names = {name.table};
  Result<Relations> relations = co_await look_at(session, name.schema, std::move(names));
  if (!relations) co_return forward_error(std::move(relations));
  Standing standing = relations->at(name.table);
  if (standing.nothing()) standing.kind = "something that this user may not see";
  co_return judge(spec, standing);
}

}  // namespace

Standing Relations::at(const std::string& name) const {
  const auto found = by_name.find(name);
  return found == by_name.end() ? Standing{} : found->second;
}

Task<Result<Relations>> look_at(Session& session, std::string schema, std::vector<std::string> names) {
  const std::string doing = "looking for " + QualifiedName{schema, names.front()}.str();
  Statement kinds = select_of("table_type", "tables", schema, names);
  Result<Answer> found = co_await run_or_fail(session, std::move(kinds), doing);
  if (!found) co_return forward_error(std::move(found));
  Relations relations;
  std::vector<std::string> views;
  for (const auto& row : found->rows) {
    if (row.size() != 2) continue;
    const std::string name = cell_text(row[0]).value_or("");
    relations.by_name[name].kind = kind_of(cell_text(row[1]).value_or(""));
    if (relations.by_name[name].kind == "a view") views.push_back(name);
  }
  if (views.empty()) co_return relations;
  Statement definitions = select_of("view_definition", "views", schema, views);
  found = co_await run_or_fail(session, std::move(definitions), doing);
  if (!found) co_return forward_error(std::move(found));
  for (const auto& row : found->rows) {
    if (row.size() != 2) continue;
    const std::string definition = cell_text(row[1]).value_or("");
    relations.by_name[cell_text(row[0]).value_or("")].selection = read_selection(without_complaint(definition));
  }
  co_return relations;
}

QualifiedName live_view_name(const TableSpec& spec) { return {spec.name.schema, spec.name.table + "_live"}; }

Result<std::optional<QualifiedName>> room_for_table(const Standing& standing, const TableSpec& spec) {
  if (standing.nothing() || standing.kind == "a table") return std::optional<QualifiedName>();
  if (standing.is_like(own_selection(spec)) && spec.options.create_table) {
    TableSpec other = spec;
    other.name = standing.selection->from;
    if (live_view_name(other) == spec.name) return std::optional(other.name);
  }
  Error error = not_a_table(spec.name, standing.kind);
  error.hint = kWithAnotherName;
  return std::unexpected(std::move(error));
}

Task<Result<LiveView>> ensure_view(Session& session, const TableSpec& spec, Standing standing) {
  if (!standing.nothing()) co_return judge(spec, standing);
  LiveView view;
  if (!spec.options.create_table) co_return view;
  const QualifiedName name = live_view_name(spec);
  const std::string doing = "creating the view " + name.str();
  Statement create{.sql = create_live_view(spec), .args = "", .bulk = ""};
  const SqlResult made = co_await run_ddl(session, std::move(create), doing);
  if (made) {
    view.name = name.str();
    co_return view;
  }
  const Failure& failure = made.error();
  if (failure.action == Action::exists) co_return co_await look_again(session, spec);
  if (failure.action == Action::refuse) {
    view.would_be = name.str();
    view.refusal = failure.server.message;
    co_return view;
  }
  Error error = failure.error(doing);
  if (failure.action == Action::deny) error.hint = kWithoutView;
  co_return std::unexpected(std::move(error));
}

Task<Result<bool>> check_bookkeeping(Session& session) {
  if (session.bookkeeping_is_ours) co_return true;
  const Bookkeeping& ours = session.bookkeeping;
  const std::vector<std::string> names(kOwnTables.begin(), kOwnTables.end());
  const std::string schema = ours.tables.schema;
  Result<Relations> relations = co_await look_at(session, schema, names);
  if (!relations) co_return forward_error(std::move(relations));
  for (const auto& [name, standing] : relations->by_name) {
    if (standing.kind == "a table") continue;
    co_return std::unexpected(not_our_own(QualifiedName{schema, name}.str(), "it is " + standing.kind));
  }
  if (!relations->by_name.empty()) {
    Statement columns = select_of("column_name", "columns", schema, names);
    Result<Answer> found = co_await run_or_fail(session, std::move(columns), "reading the columns of ctk's own tables");
    if (!found) co_return forward_error(std::move(found));
    std::map<std::string, std::set<std::string>> there;
    for (const auto& row : found->rows) {
      if (row.size() == 2) there[cell_text(row[0]).value_or("")].insert(cell_text(row[1]).value_or(""));
    }
    for (const auto& [name, standing] : relations->by_name) {
      if (auto missing = missing_own_column(name, there[name])) {
        co_return std::unexpected(not_our_own(QualifiedName{schema, name}.str(), "it has no column " + *missing));
      }
    }
  }
  session.bookkeeping_is_ours = true;
  co_return true;
}

}  // namespace ctk::sink::cratedb
