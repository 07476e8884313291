// SELECT of the fake server: one relation, by key as written, otherwise as of the last refresh.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "sink/cratedb/testing/fake_engine.h"

namespace ctk::sink::cratedb::testing {
namespace {

bool holds_typed_elements(const Type& type) {
  if (type.kind == Type::Kind::array) return !type.element[0].columns.empty() || holds_typed_elements(type.element[0]);
  return std::ranges::any_of(type.columns, [](const Column& column) { return holds_typed_elements(column.type); });
}

/// Elements of an array of objects are read as its columns say, however they were written; nothing where they cannot be.
std::optional<Value> read_back(const Value& value, const Type& type) {
  if (value.is_null() || !holds_typed_elements(type)) return value;
  if (type.kind == Type::Kind::array) return cast(value, type);
  Value read = value;
  for (auto& [name, member] : read.members) {
    const Column* column = type.find(name);
    auto taken = column ? read_back(member, column->type) : member;
    if (!taken) return std::nullopt;
    member = std::move(*taken);
  }
  return read;
}

bool mentions(const Expr& expr, const std::string& column) {
  if (expr.kind == Expr::Kind::star || (expr.kind == Expr::Kind::column && expr.name == column)) return true;
  if (expr.kind == Expr::Kind::call && expr.name == "count") return false;
  return std::ranges::any_of(expr.operands, [&](const Expr& operand) { return mentions(operand, column); });
}

SqlResult<bool> read_back_rows(Relation& relation, const Select& select) {
  for (const Column& column : relation.root.columns) {
    const bool asked =
        std::ranges::any_of(select.items, [&](const Select::Item& item) { return mentions(item.expr, column.name); });
    if (!asked) continue;
    for (Document& row : relation.rows) {
      for (auto& [name, value] : row.values.members) {
        if (name != column.name) continue;
        if (holds_unreadable_name(value, column.type, true)) return std::unexpected(unreadable_name());
        auto read = read_back(value, column.type);
        if (!read) return std::unexpected(parse_exception("illegal syntax"));
        value = std::move(*read);
      }
    }
  }
  return true;
}

SqlResult<Relation> table_relation(const Table& table, const std::optional<Expr>& where, const Parameters& parameters) {
  if (auto refusal = blocked(table, "READ")) return std::unexpected(*std::move(refusal));
  Relation relation{table.root, {}};
  auto demand = where ? demanded_keys(table, *where, parameters) : SqlResult<std::optional<KeyDemand>>(std::nullopt);
  if (!demand) return std::unexpected(demand.error());
  if (!*demand) {
    for (const auto& [key, document] : table.visible) relation.rows.push_back(document);
    return relation;
  }
  for (const std::string& key : (*demand)->keys) {
    const auto found = table.documents.find(key);
    if (found != table.documents.end()) relation.rows.push_back(found->second);
  }
  return relation;
}

SqlResult<Relation> relation_of(Store& store, const Select& select, const Parameters& parameters, int64_t now_ms) {
  if (!select.from) return Relation{{.kind = Type::Kind::object, .columns = {}, .element = {}}, {Document{}}};
  if (auto system = system_relation(store, *select.from)) return std::move(*system);
  const auto view = store.views.find(*select.from);
  if (view != store.views.end()) {
    auto inner = run_select(store, view->second, parameters, now_ms);
    if (!inner) return std::unexpected(inner.error());
    Relation relation;
    for (size_t i = 0; i < inner->columns.size(); i++) {
      relation.root.columns.push_back({.name = inner->columns[i], .type = inner->types[i]});
    }
    for (auto& row : inner->rows) {
      Document& document = relation.rows.emplace_back();
      for (size_t i = 0; i < row.size(); i++) document.values.members.emplace_back(inner->columns[i], std::move(row[i]));
    }
    return relation;
  }
  auto table = store.find(*select.from);
  if (!table) return std::unexpected(table.error());
  auto relation = table_relation(**table, select.where, parameters);
  if (!relation) return relation;
  auto read = read_back_rows(*relation, select);
  if (!read) return std::unexpected(read.error());
  return relation;
}

bool is_aggregate(const Expr& expr) {
  return expr.kind == Expr::Kind::call && (expr.name == "count" || expr.name == "sum" || expr.name == "max");
}

SqlResult<Value> aggregate(const Expr& expr, const std::vector<Document>& rows, Scene scene) {
  if (expr.operands[0].kind == Expr::Kind::star) return Value::of_integer(static_cast<int64_t>(rows.size()));
  int64_t count = 0;
  double sum = 0;
  Value most;
  for (const Document& row : rows) {
    scene.row = &row;
    auto value = evaluate(expr.operands[0], scene);
    if (!value) return value;
    if (value->is_null()) continue;
    count++;
    sum += std::strtod(value->text.c_str(), nullptr);
    if (most.is_null() || compare(*value, most).value_or(0) > 0) most = *value;
  }
  if (expr.name == "count") return Value::of_integer(count);
  if (count == 0) return Value{};
  return expr.name == "max" ? most : Value::of_integer(static_cast<int64_t>(sum));
}

Type type_of(const Expr& expr, const Type& root, const Value& sample) {
  if (expr.kind == Expr::Kind::column) {
    const Column* column = root.find(expr.name);
    for (const std::string& step : expr.path) {
      if (column) column = column->type.find(step);
    }
    if (column) return column->type;
  }
  Type type;
  switch (sample.kind) {
    case Value::Kind::number: type.kind = Type::Kind::bigint; break;
    case Value::Kind::boolean: type.kind = Type::Kind::boolean; break;
    case Value::Kind::text: type.kind = Type::Kind::text; break;
    case Value::Kind::object: type.kind = Type::Kind::object; break;
    default: break;
  }
  return type;
}

std::string title_of(const Select::Item& item) {
  if (!item.alias.empty()) return item.alias;
  switch (item.expr.kind) {
    case Expr::Kind::column: return item.expr.column_text();
    case Expr::Kind::call: return item.expr.name;
    case Expr::Kind::literal: return java_text(item.expr.literal);
    default: return "expression";
  }
}

/// `*` written out.
std::vector<Select::Item> written_out(const Select& select, const Type& root) {
  std::vector<Select::Item> items;
  for (const Select::Item& item : select.items) {
    if (item.expr.kind != Expr::Kind::star) {
      items.push_back(item);
      continue;
    }
    for (const Column& column : root.columns) {
      Select::Item one;
      one.expr.kind = Expr::Kind::column;
      one.expr.name = column.name;
      items.push_back(std::move(one));
    }
  }
  return items;
}

struct SortedRow {
  std::vector<Value> keys;
  Document row;
};

/// Columns go by their index within a shard; expressions, and what comes from several shards, as Java has them.
bool comes_before(const SortedRow& left, const SortedRow& right, const Select& select, bool within_shard) {
  for (size_t i = 0; i < select.order.size(); i++) {
    const bool by_index = within_shard && select.order[i].expr.kind == Expr::Kind::column;
    const auto order = by_index ? compare(left.keys[i], right.keys[i]) : compare_as_java(left.keys[i], right.keys[i]);
    if (order.value_or(0) != 0) return select.order[i].descending ? *order > 0 : *order < 0;
  }
  return false;
}

/// Each shard sorts its rows, and the first of all shards' firsts is taken again and again.
std::vector<SortedRow> merged(std::map<size_t, std::vector<SortedRow>> shards, const Select& select) {
  std::vector<SortedRow> all;
  for (auto& [shard, rows] : shards) {
    std::ranges::stable_sort(rows, [&](const auto& a, const auto& b) { return comes_before(a, b, select, true); });
    std::ranges::reverse(rows);
  }
  while (!shards.empty()) {
    const auto first = std::ranges::min_element(shards, [&](const auto& a, const auto& b) {
      return comes_before(a.second.back(), b.second.back(), select, false);
    });
    all.push_back(std::move(first->second.back()));
    first->second.pop_back();
    if (first->second.empty()) shards.erase(first);
  }
  return all;
}

SqlResult<bool> sort_rows(Relation& relation, const Select& select, const std::vector<Select::Item>& items, Scene scene) {
  if (select.order.empty()) return true;
  std::map<size_t, std::vector<SortedRow>> shards;
  for (Document& row : relation.rows) {
    scene.row = &row;
    std::vector<Value> keys;
    for (const Select::Order& order : select.order) {
      // A bare number names a column of the result.
      const bool ordinal = order.expr.kind == Expr::Kind::literal && order.expr.literal.kind == Value::Kind::number;
      const size_t index = ordinal ? static_cast<size_t>(*to_int64(order.expr.literal.text)) - 1 : 0;
      auto key = evaluate(ordinal ? items.at(index).expr : order.expr, scene);
      if (!key) return std::unexpected(key.error());
      keys.push_back(std::move(*key));
    }
    const size_t shard = row.shard;
    shards[shard].push_back({std::move(keys), std::move(row)});
  }
  std::vector<SortedRow> sorted = merged(std::move(shards), select);
  for (size_t i = 0; i < sorted.size(); i++) relation.rows[i] = std::move(sorted[i].row);
  return true;
}

SqlResult<bool> filter_rows(Relation& relation, const Expr& where, Scene scene) {
  std::vector<Document> kept;
  for (Document& row : relation.rows) {
    scene.row = &row;
    auto matches = evaluate(where, scene);
    if (!matches) return std::unexpected(matches.error());
    if (matches->is_true()) kept.push_back(std::move(row));
  }
  relation.rows = std::move(kept);
  return true;
}

SqlResult<bool> fill_rows(Outcome& outcome, const Relation& relation, const std::vector<Select::Item>& items, Scene scene) {
  const bool aggregates = std::any_of(items.begin(), items.end(), [](const auto& item) { return is_aggregate(item.expr); });
  const size_t count = aggregates ? 1 : relation.rows.size();
  for (size_t i = 0; i < count; i++) {
    scene.row = aggregates ? nullptr : &relation.rows[i];
    auto& row = outcome.rows.emplace_back();
    for (const Select::Item& item : items) {
      auto value = is_aggregate(item.expr) ? aggregate(item.expr, relation.rows, scene) : evaluate(item.expr, scene);
      if (!value) return std::unexpected(value.error());
      row.push_back(std::move(*value));
    }
  }
  return true;
}

}  // namespace

SqlResult<Outcome> run_select(Store& store, const Select& select, const Parameters& parameters, int64_t now_ms) {
  auto relation = relation_of(store, select, parameters, now_ms);
  if (!relation) return std::unexpected(relation.error());
  const std::vector<Select::Item> items = written_out(select, relation->root);
  for (const Select::Item& item : items) {
    auto checked = check_columns(item.expr, relation->root);
    if (!checked) return std::unexpected(checked.error());
  }
  Scene scene;
  scene.parameters = &parameters;
  scene.now_ms = now_ms;
  scene.lacking = &store.lacking;
  if (select.where) {
    auto checked = check_columns(*select.where, relation->root);
    if (!checked) return std::unexpected(checked.error());
    auto filtered = filter_rows(*relation, *select.where, scene);
    if (!filtered) return std::unexpected(filtered.error());
  }
  auto sorted = sort_rows(*relation, select, items, scene);
  if (!sorted) return std::unexpected(sorted.error());
  Outcome outcome;
  auto filled = fill_rows(outcome, *relation, items, scene);
  if (!filled) return std::unexpected(filled.error());
  if (select.distinct) {
    std::vector<std::vector<Value>> distinct;
    for (auto& row : outcome.rows) {
      if (std::find(distinct.begin(), distinct.end(), row) == distinct.end()) distinct.push_back(std::move(row));
    }
    outcome.rows = std::move(distinct);
  }
  if (select.limit) {
    auto limit = evaluate(*select.limit, scene);
    if (!limit) return std::unexpected(limit.error());
    const auto most = static_cast<size_t>(to_int64(limit->text).value_or(0));
    if (outcome.rows.size() > most) outcome.rows.resize(most);
  }
  for (size_t i = 0; i < items.size(); i++) {
    outcome.columns.push_back(title_of(items[i]));
    outcome.types.push_back(type_of(items[i].expr, relation->root, outcome.rows.empty() ? Value{} : outcome.rows[0][i]));
  }
  outcome.rowcount = static_cast<int64_t>(outcome.rows.size());
  return outcome;
}

}  // namespace ctk::sink::cratedb::testing
