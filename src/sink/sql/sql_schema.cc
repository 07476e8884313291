#include "sink/sql/sql_schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "table/names.h"

namespace ctk::sink::sql {
namespace {

const FoundColumn* find_column(const FoundTable& table, const std::string& name) {
  for (const FoundColumn& column : table.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

/// Why the table's keys are not the wanted one. ON CONFLICT goes by every key over its columns, one that folds too.
std::optional<std::string> wrong_key(const Dialect& dialect, const FoundTable& found, const table::TableSpec& spec) {
  std::vector<std::string> wanted;
  for (const table::KeyColumn& key : spec.keys) wanted.push_back(key.column);
  std::sort(wanted.begin(), wanted.end());
  bool there = false;
  for (const FoundKey& key : found.keys) {
    std::vector<std::string> columns = key.columns;
    std::sort(columns.begin(), columns.end());
    if (columns != wanted && !dialect.upserts_by_any_key()) continue;
    if (columns != wanted) {
      return fmt::format(
          "it has another unique key, ({}), and a row that meets one of its values would be taken for that "
          "row",
          dialect.quote_list(key.columns));
    }
    there = true;
    if (!key.folding.empty())
      return fmt::format("its key has the collation {}, to which different keys may be one", dialect.quote(key.folding));
  }
  if (!there) return "its key is another one";
  return std::nullopt;
}

std::string show(const Dialect& dialect, const FoundTable& found) {
  std::string text;
  for (const FoundColumn& column : found.columns) {
    if (!text.empty()) text += ", ";
    text += dialect.quote(column.name);
    if (!column.type.empty()) text += " " + column.type;
    if (column.not_null) text += " NOT NULL";
  }
  return text + (found.keys.empty() ? ", no key" : ", key (" + dialect.quote_list(found.keys.front().columns) + ")");
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::unexpected<Error> in_the_way(const Dialect& dialect, const table::TableSpec& spec, const FoundTable& found,
                                  const std::string& why) {
  return fail(ErrorKind::refused,
              fmt::format("the table {} cannot be used: {}; it is ({}), and should be: {}", spec.name.str(), why,
                          show(dialect, found), one_line(dialect.create_table(spec))),
              "", "choose another table, or another layout");
}

std::string names_of(const Dialect& dialect, const std::vector<ColumnDef>& columns) {
  std::vector<std::string> names;
  for (const ColumnDef& column : columns) names.push_back(column.name);
  return dialect.quote_list(names);
}

Error missing_table(const Dialect& dialect, const table::TableSpec& spec) {
  return {ErrorKind::not_found, fmt::format("the table {} is not there, and create-table=false", spec.name.str()), "",
          "create it with: " + one_line(dialect.create_table(spec))};
}

Error missing_columns(const Dialect& dialect, const table::TableSpec& spec, const std::vector<ColumnDef>& columns) {
  std::string ddl;
  for (const ColumnDef& column : columns) ddl += (ddl.empty() ? "" : "; ") + dialect.add_column(spec, column);
  return {
      ErrorKind::refused,
      fmt::format("the table {} lacks the columns {}, and create-table=false", spec.name.str(), names_of(dialect, columns)),
      "", "add them with: " + ddl};
}

bool same_name(const Dialect& dialect, const table::QualifiedName& left, const table::QualifiedName& right) {
  if (left.schema != right.schema) return false;
  return table::same_table(dialect.target(), left.table, right.table);
}

Selection own_selection(const Dialect& dialect, const table::TableSpec& spec) {
  return read_selection(dialect.select_living(spec)).value_or(Selection{});
}

/// Whether a view, of which nothing else is known, shows what ours does.
SqlResult<bool> has_own_columns(Driver& driver, const Dialect& dialect, const table::QualifiedName& name,
                                const table::TableSpec& spec) {
  SqlResult<Answer> columns = driver.run(ask_about(name, dialect, dialect.describe_columns()));
  if (!columns) return forward_failure(std::move(columns));
  std::vector<std::string> shown;
  for (const Cells& row : columns->rows) shown.push_back(row[0].value_or(""));
  std::vector<std::string> ours;
  for (const ColumnDef& column : dialect.columns(spec)) {
    const bool bookkeeping = column.bookkeeping() && column.role != ColumnDef::Role::aux;
    if (!bookkeeping) ours.push_back(column.name);
  }
  return shown == ours;
}

/// Makes the view where nothing has its name.
SqlResult<LiveView> ensure_view(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  const table::QualifiedName name = dialect.view_name(spec);
  SqlResult<Standing> standing = look_at(driver, dialect, name);
  if (!standing) return forward_failure(std::move(standing));
  LiveView view;
  if (standing->nothing()) {
    if (!spec.options.create_table) return view;
    const Statement create = statement(dialect.create_view(spec));
    SqlResult<bool> made = run_ddl(driver, dialect, std::span(&create, 1));
    if (!made && made.error().error.kind == ErrorKind::denied) made.error().error.hint = kWithoutView;
    if (!made) return forward_failure(std::move(made));
    view.name = name.str();
  } else if (standing->selection == own_selection(dialect, spec)) {
    view.name = name.str();
  } else if (standing->kind == "a view" && !dialect.has_definitions()) {
    SqlResult<bool> ours = has_own_columns(driver, dialect, name, spec);
    if (!ours) return forward_failure(std::move(ours));
    (*ours ? view.name : view.would_be) = name.str();
    if (!*ours) view.in_the_way = "a view with other columns";
  } else {
    view.would_be = name.str();
    view.in_the_way = standing->kind == "a view" ? "a view with another definition" : standing->kind;
  }
  return view;
}

/// The index is a help only: where something has its name, there is none.
SqlResult<bool> wants_mark_index(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  if (dialect.create_mark_index(spec).empty()) return false;
  SqlResult<Standing> standing = look_at(driver, dialect, dialect.mark_index_name(spec));
  if (!standing) return forward_failure(std::move(standing));
  return standing->nothing();
}

/// The plan, unless create-table=false is against it.
Result<SchemaPlan> may_plan_schema(const Dialect& dialect, const table::TableSpec& spec, const FoundTable& found) {
  Result<SchemaPlan> plan = plan_schema(dialect, spec, found);
  if (!plan || spec.options.create_table) return plan;
  if (plan->create) return std::unexpected(missing_table(dialect, spec));
  if (!plan->add.empty()) return std::unexpected(missing_columns(dialect, spec, plan->add));
  return plan;
}

}  // namespace

SqlResult<std::optional<table::QualifiedName>> room_for_table(Driver& driver, const Dialect& dialect,
                                                              const table::TableSpec& spec) {
  SqlResult<Standing> standing = look_at(driver, dialect, spec.name);
  if (!standing) return forward_failure(std::move(standing));
  if (standing->nothing() || standing->kind == "a table") return std::nullopt;
  if (spec.options.create_table && standing->is_like(own_selection(dialect, spec))) {
    table::TableSpec other = spec;
    other.name = standing->selection->from;
    if (same_name(dialect, dialect.view_name(other), spec.name)) return other.name;
  }
  Error error = not_a_table(spec.name, standing->kind);
  error.hint = kWithAnotherName;
  return call_failure(std::move(error));
}

Result<SchemaPlan> plan_schema(const Dialect& dialect, const table::TableSpec& spec, const FoundTable& found) {
  SchemaPlan plan;
  if (found.columns.empty()) {
    plan.create = true;
    return plan;
  }
  std::vector<ColumnDef> wanted = dialect.columns(spec);
  for (const ColumnDef& column : wanted) {
    const FoundColumn* there = find_column(found, column.name);
    if (there == nullptr && column.bookkeeping()) {
      plan.add.push_back(column);
    } else if (there == nullptr) {
      return in_the_way(dialect, spec, found, fmt::format("the column {} is missing", dialect.quote(column.name)));
    } else if (!dialect.fits(column, *there)) {
      return in_the_way(dialect, spec, found, fmt::format("the column {} has another type", dialect.quote(column.name)));
    } else if (column.role != ColumnDef::Role::key && there->not_null) {
      return in_the_way(dialect, spec, found,
                        fmt::format("the column {} is NOT NULL, and marks have no content", dialect.quote(column.name)));
    }
  }
  for (const FoundColumn& column : found.columns) {
    bool ours = std::any_of(wanted.begin(), wanted.end(), [&](const ColumnDef& each) { return each.name == column.name; });
    if (ours || !column.not_null || column.has_default) continue;
    return in_the_way(dialect, spec, found,
                      fmt::format("the column {} must have a value, and has no default", dialect.quote(column.name)));
  }
  if (std::optional<std::string> why = wrong_key(dialect, found, spec)) return in_the_way(dialect, spec, found, *why);
  return plan;
}

Result<TableFit> judge_schema(const Dialect& dialect, const table::TableSpec& spec, const FoundTable& found) {
  Result<SchemaPlan> plan = may_plan_schema(dialect, spec, found);
  if (!plan) return forward_error(std::move(plan));
  if (plan->create) return TableFit::absent;
  return plan->add.empty() ? TableFit::fits : TableFit::unfinished;
}

SqlResult<FoundTable> describe_table(Driver& driver, const Dialect& dialect, const table::QualifiedName& name) {
  std::vector<Statement> look;
  look.push_back(ask_about(name, dialect, dialect.describe_columns()));
  look.push_back(ask_about(name, dialect, dialect.describe_keys()));
  SqlResult<std::vector<Answer>> answers = driver.run(std::span<const Statement>(look));
  if (!answers) return forward_failure(std::move(answers));
  auto truth = [](const std::optional<std::string>& cell) { return cell == "true" || cell == "1"; };
  FoundTable found;
  for (const Cells& row : (*answers)[0].rows) {
    found.columns.push_back({row[0].value_or(""), row[1].value_or(""), truth(row[2]), truth(row[3])});
  }
  std::optional<std::string> last;
  for (const Cells& row : (*answers)[1].rows) {
    if (found.keys.empty() || row[0] != last) found.keys.emplace_back();
    last = row[0];
    FoundKey& key = found.keys.back();
    key.columns.push_back(row[1].value_or(""));
    if (row[2]) key.folding = *row[2];
  }
  return found;
}

SqlResult<std::vector<std::string>> plan_retyping(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  std::vector<RetypedKey> changed;
  SqlResult<FoundTable> found = describe_table(driver, dialect, spec.name);
  if (!found) return forward_failure(std::move(found));
  const std::vector<ColumnDef> wanted = dialect.columns(spec);
  for (size_t i = 0; i < spec.keys.size(); ++i) {
    const FoundColumn* there = find_column(*found, wanted[i].name);
    if (there == nullptr || !spec.options.key_types.contains(spec.keys[i].attribute)) continue;
    if (!dialect.fits(wanted[i], *there)) changed.push_back({spec.keys[i], wanted[i]});
  }
  if (changed.empty()) return std::vector<std::string>{};
  return dialect.retype_keys(spec, changed);
}

SqlResult<LiveView> ensure_table(Driver& driver, const Dialect& dialect, const table::TableSpec& spec) {
  SqlResult<std::optional<table::QualifiedName>> other = room_for_table(driver, dialect, spec);
  if (!other) return forward_failure(std::move(other));
  FoundTable found;
  if (!*other) {
    SqlResult<FoundTable> described = describe_table(driver, dialect, spec.name);
    if (!described) return forward_failure(std::move(described));
    found = std::move(*described);
  }
  Result<SchemaPlan> plan = may_plan_schema(dialect, spec, found);
  if (!plan) return call_failure(std::move(plan).error());
  std::vector<Statement> ddl;
  if (*other) ddl.push_back(statement(dialect.drop_view(spec.name)));
  if (plan->create) ddl.push_back(statement(dialect.create_table(spec)));
  for (const ColumnDef& column : plan->add) ddl.push_back(statement(dialect.add_column(spec, column)));
  if (plan->create || !plan->add.empty()) {
    SqlResult<bool> wanted = wants_mark_index(driver, dialect, spec);
    if (!wanted) return forward_failure(std::move(wanted));
    if (*wanted) ddl.push_back(patiently(statement(dialect.create_mark_index(spec))));
  }
  if (SqlResult<bool> done = run_ddl(driver, dialect, ddl); !done) return forward_failure(std::move(done));
  SqlResult<LiveView> view = spec.options.live_view ? ensure_view(driver, dialect, spec) : SqlResult<LiveView>(LiveView{});
  if (view && *other) view->given_way = (*other)->str();
  return view;
}

}  // namespace ctk::sink::sql
