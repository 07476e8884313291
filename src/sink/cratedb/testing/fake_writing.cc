// INSERT, UPDATE and DELETE of the fake server.
#include <fmt/format.h>

#include <algorithm>

#include "sink/cratedb/testing/fake_engine.h"

namespace ctk::sink::cratedb::testing {
namespace {

SqlError missing_document(const std::string& key) {
  return {40411, fmt::format("DocumentMissingException[[{}]: document missing]", key)};
}

SqlError version_conflict(const std::string& key, const KeyDemand& demand, const Document* current) {
  const std::string found = current ? fmt::format("current document has seqNo [{}] and primary term [1]", current->seq_no)
                                    : "but no document was found";
  return {4092, fmt::format("VersionConflictEngineException[[{}]: version conflict, required seqNo [{}], primary term "
                            "[{}]. {}]",
                            key, *demand.seq_no, demand.primary_term.value_or(1), found)};
}

SqlResult<bool> check_blocks(const Table& table, const std::string& operation) {
  if (auto refusal = blocked(table, operation)) return std::unexpected(*std::move(refusal));
  return true;
}

void set_member(Value& object, const std::string& name, Value value) {
  object.kind = Value::Kind::object;
  for (auto& [key, member] : object.members) {
    if (key == name) {
      member = std::move(value);
      return;
    }
  }
  object.members.emplace_back(name, std::move(value));
}

Value member_or_null(const Value& object, const std::string& name) {
  const Value* found = object.member(name);
  return found ? *found : Value{};
}

/// Columns of the row that is to be inserted which an expression reads.
void collect_excluded(const Expr& expr, std::vector<std::string>& names) {
  if (expr.kind == Expr::Kind::column && expr.excluded) names.push_back(expr.name);
  for (const Expr& operand : expr.operands) collect_excluded(operand, names);
}

}  // namespace

SqlResult<bool> Writing::check_assignments(const std::vector<Assignment>& assignments) const {
  for (const Assignment& assignment : assignments) {
    auto checked = check_columns(assignment.target, table_.root);
    if (!checked) return checked;
    checked = check_columns(assignment.value, table_.root);
    if (!checked) return checked;
    for (const Expr& key : table_.key) {
      if (key.column_text() != assignment.target.column_text()) continue;
      return std::unexpected(
          SqlError{4003, fmt::format("ColumnValidationException[Validation failed for {}: Updating a primary key is not "
                                     "supported]",
                                     key.column_text())});
    }
  }
  return true;
}

SqlResult<bool> Writing::check_insert(const Insert& statement) const {
  const auto has_column = [&](const std::string& name) {
    return std::find(statement.columns.begin(), statement.columns.end(), name) != statement.columns.end();
  };
  for (const std::string& name : statement.columns) {
    if (table_.root.find(name)) continue;
    return std::unexpected(SqlError{4043, fmt::format("ColumnUnknownException[Column {} unknown]", name)});
  }
  for (const Expr& key : table_.key) {
    if (has_column(key.name)) continue;
    return std::unexpected(parse_exception(
        fmt::format("Column \"{}\" is required but is missing from the insert statement", key.column_text())));
  }
  std::vector<std::string> keys;
  for (const Expr& key : table_.key) keys.push_back(key.column_text());
  if (!statement.target.empty() && statement.target.size() != keys.size()) {
    std::vector<std::string> targets;
    for (const Expr& target : statement.target) targets.push_back("\"" + target.column_text() + "\"");
    return std::unexpected(parse_exception(
        fmt::format("Number of conflict targets ([{}]) did not match the number of primary key columns ([{}])",
                    fmt::join(targets, ", "), fmt::join(keys, ", "))));
  }
  for (const Expr& target : statement.target) {
    if (std::find(keys.begin(), keys.end(), target.column_text()) != keys.end()) continue;
    return std::unexpected(parse_exception(fmt::format("Conflict target ({}) did not match the primary key columns ([{}])",
                                                       target.column_text(), fmt::join(keys, ", "))));
  }
  auto checked = check_assignments(statement.assignments);
  if (!checked) return checked;
  std::vector<std::string> excluded;
  for (const Assignment& assignment : statement.assignments) collect_excluded(assignment.value, excluded);
  for (const std::string& name : excluded) {
    if (has_column(name)) continue;
    return std::unexpected(parse_exception(
        fmt::format("Column '{}' that is used in the VALUES() expression is not part of the target column list", name)));
  }
  return true;
}

/// The coordinator's part: everything is cast to what was known of the schema before the request.
SqlResult<Value> Writing::cast_row(const Insert& statement, const Parameters& parameters) const {
  Scene scene;
  scene.parameters = &parameters;
  Value row;
  row.kind = Value::Kind::object;
  for (size_t i = 0; i < statement.columns.size(); i++) {
    auto value = evaluate(statement.values.at(i), scene);
    if (!value) return value;
    auto taken = cast_column(*value, table_.root.find(statement.columns[i])->type);
    if (!taken) return taken;
    row.members.emplace_back(statement.columns[i], std::move(*taken));
  }
  if (!key_of(table_, row)) return std::unexpected(parse_exception("A primary key value must not be NULL"));
  return row;
}

SqlResult<std::vector<RowOutcome>> Writing::insert(const Insert& statement, const std::vector<Parameters>& rows) {
  auto checked = check_insert(statement);
  if (!checked) return std::unexpected(checked.error());
  auto open = check_blocks(table_, "INSERT");
  if (!open) return std::unexpected(open.error());
  std::vector<Value> values;
  for (const Parameters& parameters : rows) {
    auto row = cast_row(statement, parameters);
    if (!row) return std::unexpected(row.error());
    values.push_back(std::move(*row));
  }
  std::vector<RowOutcome> outcomes;
  for (size_t i = 0; i < rows.size(); i++) outcomes.push_back(insert_row(statement, values[i], rows[i]));
  return outcomes;
}

/// A shard's part: values enter the document, and what is unknown in a dynamic object becomes a column.
SqlResult<Value> Writing::index(const Value& row, std::set<std::string>& added) {
  const Type before = table_.root;
  Value indexed = row;
  for (auto& [name, value] : indexed.members) {
    Indexer indexer(table_.next_oid, count_columns(table_.root));
    auto taken = indexer.take(value, *table_.root.find(name));
    if (!taken) {
      table_.root = before;
      return taken;
    }
    value = std::move(*taken);
    if (indexer.added_column()) added.insert(name);
  }
  return indexed;
}

RowOutcome Writing::insert_row(const Insert& statement, const Value& row, const Parameters& parameters) {
  const std::string key = *key_of(table_, row);
  RowOutcome outcome;
  outcome.shard = table_.shard_of(key);
  std::set<std::string> added;
  auto indexed = index(row, added);
  if (!indexed) {
    outcome.rowcount = -2;
    outcome.error = indexed.error();
    return outcome;
  }
  if (!table_.documents.contains(key)) {
    for (const std::string& column : added) {
      if (statement.conflict == Insert::Conflict::update) damage_[{outcome.shard, column}] = Damage::lost;
    }
    put(key, {.values = std::move(*indexed)});
    return outcome;
  }
  switch (statement.conflict) {
    case Insert::Conflict::nothing: outcome.rowcount = 0; return outcome;
    case Insert::Conflict::update: return update_row(key, statement.assignments, &*indexed, added, parameters);
    case Insert::Conflict::fails: break;
  }
  outcome.rowcount = -2;
  outcome.error = SqlError{4091, "DuplicateKeyException[A document with the same primary key exists already]"};
  return outcome;
}

/// All right-hand sides see the old row.
RowOutcome Writing::update_row(const std::string& key, const std::vector<Assignment>& assignments, const Value* excluded,
                               const std::set<std::string>& added, const Parameters& parameters) {
  RowOutcome outcome;
  outcome.shard = table_.shard_of(key);
  const Document old = table_.documents.at(key);
  const auto seen = table_.visible.find(key);
  const bool refreshed = seen != table_.visible.end() && seen->second.seq_no == old.seq_no;
  if (holds_unreadable_name(old.values, table_.root, refreshed)) {
    outcome.rowcount = -2;
    outcome.error = unreadable_name();
    return outcome;
  }
  Scene scene{.row = &old, .excluded = excluded, .parameters = &parameters};
  Document changed = old;
  for (const Assignment& assignment : assignments) {
    auto value = evaluate(assignment.value, scene);
    auto taken = value ? cast_column(*value, table_.root.find(assignment.target.name)->type) : value;
    if (!taken) {
      outcome.rowcount = -2;
      outcome.error = taken.error();
      return outcome;
    }
    set_member(changed.values, assignment.target.name, std::move(*taken));
  }
  for (const Column& column : table_.root.columns) {
    if (column.type.kind != Type::Kind::object) continue;
    Value result = member_or_null(changed.values, column.name);
    const bool taken = excluded == nullptr || result == member_or_null(*excluded, column.name);
    apply_damage(outcome.shard, column.name, added.contains(column.name), taken, member_or_null(old.values, column.name),
                 result);
    set_member(changed.values, column.name, std::move(result));
  }
  changed.version++;
  put(key, std::move(changed));
  return outcome;
}

void Writing::apply_damage(size_t shard, const std::string& column, bool adds, bool taken, const Value& old,
                           Value& result) {
  const auto found = damage_.find({shard, column});
  const Damage so_far = found == damage_.end() ? Damage::none : found->second;
  if (!adds) {
    if (so_far == Damage::lost) result = {};
    if (so_far == Damage::kept) result = old;
    return;
  }
  const bool survives = taken && so_far != Damage::kept;
  if (!survives) result = {};
  damage_[{shard, column}] = survives ? Damage::kept : Damage::lost;
}

void Writing::put(const std::string& key, Document document) {
  document.shard = table_.shard_of(key);
  document.seq_no = table_.next_seq_no[document.shard]++;
  table_.documents[key] = std::move(document);
}

/// Why a row demanded by key cannot be written; nothing if it can.
std::optional<RowOutcome> Writing::miss(const KeyDemand& demand) const {
  const std::string& key = demand.keys[0];
  const auto found = table_.documents.find(key);
  const Document* current = found == table_.documents.end() ? nullptr : &found->second;
  if (demand.seq_no && (!current || current->seq_no != *demand.seq_no)) {
    return RowOutcome{-2, version_conflict(key, demand, current), table_.shard_of(key)};
  }
  if (!current) return RowOutcome{-2, missing_document(key), table_.shard_of(key)};
  return std::nullopt;
}

SqlResult<std::vector<RowOutcome>> Writing::update(const Update& statement, const std::vector<Parameters>& rows) {
  auto checked = check_assignments(statement.assignments);
  if (!checked) return std::unexpected(checked.error());
  auto open = check_blocks(table_, "UPDATE");
  if (!open) return std::unexpected(open.error());
  std::vector<RowOutcome> outcomes;
  for (const Parameters& parameters : rows) {
    auto outcome = update_where(statement, parameters);
    if (!outcome) return std::unexpected(outcome.error());
    outcomes.push_back(std::move(*outcome));
  }
  return outcomes;
}

namespace {

/// Keys of the rows that a query sees: as of the last refresh.
SqlResult<std::vector<std::string>> visible_keys(const Table& table, const std::optional<Expr>& where,
                                                 const Parameters& parameters) {
  std::vector<std::string> keys;
  for (const auto& [key, document] : table.visible) {
    const Scene scene{.row = &document, .parameters = &parameters};
    auto matches = where ? evaluate(*where, scene) : SqlResult<Value>(Value::of_bool(true));
    if (!matches) return std::unexpected(matches.error());
    if (matches->is_true() && table.documents.contains(key)) keys.push_back(key);
  }
  return keys;
}

}  // namespace

SqlResult<RowOutcome> Writing::update_where(const Update& statement, const Parameters& parameters) {
  auto demand = statement.where ? demanded_keys(table_, *statement.where, parameters)
                                : SqlResult<std::optional<KeyDemand>>(std::nullopt);
  if (!demand) return std::unexpected(demand.error());
  std::vector<std::string> keys;
  if (*demand && (*demand)->exact) {
    if (auto missed = miss(**demand)) return *missed;
    keys = (*demand)->keys;
  } else {
    auto seen = visible_keys(table_, statement.where, parameters);
    if (!seen) return std::unexpected(seen.error());
    keys = std::move(*seen);
  }
  RowOutcome outcome;
  for (const std::string& key : keys) {
    const Document old = table_.documents.at(key);
    const Scene scene{.row = &old, .parameters = &parameters};
    Value assigned;
    assigned.kind = Value::Kind::object;
    for (const Assignment& assignment : statement.assignments) {
      auto value = evaluate(assignment.value, scene);
      if (!value) return std::unexpected(value.error());
      auto taken = cast_column(*value, table_.root.find(assignment.target.name)->type);
      if (!taken) return std::unexpected(taken.error());
      assigned.members.emplace_back(assignment.target.name, std::move(*taken));
    }
    std::set<std::string> added;
    auto indexed = index(assigned, added);
    if (!indexed) return RowOutcome{-2, indexed.error(), table_.shard_of(key)};
    outcome = update_row(key, statement.assignments, nullptr, added, parameters);
  }
  if (!outcome.error) outcome.rowcount = static_cast<int64_t>(keys.size());
  return outcome;
}

SqlResult<std::vector<RowOutcome>> Writing::remove(const Delete& statement, const std::vector<Parameters>& rows) {
  auto open = check_blocks(table_, "DELETE");
  if (!open) return std::unexpected(open.error());
  std::vector<RowOutcome> outcomes;
  for (const Parameters& parameters : rows) {
    auto outcome = remove_where(statement, parameters);
    if (!outcome) return std::unexpected(outcome.error());
    outcomes.push_back(std::move(*outcome));
  }
  return outcomes;
}

SqlResult<RowOutcome> Writing::remove_where(const Delete& statement, const Parameters& parameters) {
  auto demand = statement.where ? demanded_keys(table_, *statement.where, parameters)
                                : SqlResult<std::optional<KeyDemand>>(std::nullopt);
  if (!demand) return std::unexpected(demand.error());
  if (*demand && (*demand)->exact) {
    const std::string& key = (*demand)->keys[0];
    if (auto missed = miss(**demand)) return *missed;
    table_.documents.erase(key);
    table_.next_seq_no[table_.shard_of(key)]++;
    return RowOutcome{1, std::nullopt, table_.shard_of(key)};
  }
  auto keys = visible_keys(table_, statement.where, parameters);
  if (!keys) return std::unexpected(keys.error());
  for (const std::string& key : *keys) {
    table_.documents.erase(key);
    table_.next_seq_no[table_.shard_of(key)]++;
  }
  return RowOutcome{static_cast<int64_t>(keys->size()), std::nullopt, 0};
}

}  // namespace ctk::sink::cratedb::testing
