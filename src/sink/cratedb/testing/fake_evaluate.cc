// Expressions of the fake server.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sink/cratedb/testing/fake_engine.h"

namespace ctk::sink::cratedb::testing {
namespace {

Value at_path(Value value, const std::vector<std::string>& path) {
  for (const std::string& step : path) {
    const Value* member = value.member(step);
    if (!member) return {};
    value = Value(*member);
  }
  return value;
}

Value column_value(const Expr& expr, const Scene& scene) {
  if (expr.name == "_seq_no" && scene.row) return Value::of_integer(scene.row->seq_no);
  if (expr.name == "_primary_term") return Value::of_integer(1);
  if (expr.name == "current_user") return Value::of_text(scene.lacking && !scene.lacking->empty() ? "relay" : "crate");
  if (expr.name == "_version" && scene.row) return Value::of_integer(scene.row->version);
  const Value* values = expr.excluded ? scene.excluded : scene.row ? &scene.row->values : nullptr;
  const Value* found = values ? values->member(expr.name) : nullptr;
  return found ? at_path(*found, expr.path) : Value{};
}

bool is_like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    for (size_t i = 0; i <= text.size(); i++) {
      if (is_like(text.substr(i), pattern.substr(1))) return true;
    }
    return false;
  }
  return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) && is_like(text.substr(1), pattern.substr(1));
}

/// `computed`: one side is an expression, which no index has.
Value compared(const std::string& op, const Value& left, const Value& right, bool computed) {
  if (left.is_null() || right.is_null()) return {};
  if (op == "like") return Value::of_bool(is_like(left.text, right.text));
  const auto order = computed ? compare_as_java(left, right) : compare(left, right);
  if (!order) return Value::of_bool(false);
  if (op == "=") return Value::of_bool(*order == 0);
  if (op == "<>" || op == "!=") return Value::of_bool(*order != 0);
  if (op == "<") return Value::of_bool(*order < 0);
  if (op == "<=") return Value::of_bool(*order <= 0);
  if (op == ">") return Value::of_bool(*order > 0);
  return Value::of_bool(*order >= 0);
}

Value among(const Value& one, const Value& array) {
  if (one.is_null() || array.is_null()) return {};
  return Value::of_bool(std::ranges::any_of(array.items, [&](const Value& each) { return compare(one, each) == 0; }));
}

/// SQL's three values: NULL decides only where the other side does not.
Value both(const Value& left, const Value& right) {
  const bool left_false = left.kind == Value::Kind::boolean && !left.truth;
  const bool right_false = right.kind == Value::Kind::boolean && !right.truth;
  if (left_false || right_false) return Value::of_bool(false);
  if (left.is_null() || right.is_null()) return {};
  return Value::of_bool(true);
}

Value either(const Value& left, const Value& right) {
  if (left.is_true() || right.is_true()) return Value::of_bool(true);
  if (left.is_null() || right.is_null()) return {};
  return Value::of_bool(false);
}

/// `right`: as PostgreSQL names it, CREATE, SELECT or INSERT.
Value has_right(const Value& right, const Scene& scene) {
  const std::string name = right.text == "CREATE" ? "DDL" : right.text == "SELECT" ? "DQL" : "DML";
  return Value::of_bool(!scene.lacking || !scene.lacking->contains(name));
}

SqlResult<Value> called(const std::string& name, const std::vector<Value>& values, const Scene& scene) {
  if (name == "now" || name == "current_timestamp") return Value::of_integer(scene.now_ms);
  if (name == "coalesce") {
    for (const Value& value : values) {
      if (!value.is_null()) return value;
    }
    return Value{};
  }
  if (name == "greatest") {
    Value best;
    for (const Value& value : values) {
      if (best.is_null() || compare(value, best).value_or(0) > 0) best = value;
    }
    return best;
  }
  if (name == "concat") {
    std::string text;
    for (const Value& value : values) text += value.text;
    return Value::of_text(std::move(text));
  }
  if (name == "length" && values.size() == 1) return Value::of_integer(static_cast<int64_t>(values[0].text.size()));
  if (name.ends_with("_privilege") && values.size() == 2) return has_right(values[1], scene);
  if (name == "version") return Value::of_text("CrateDB 6.4.3 (fake)");
  return std::unexpected(SqlError{4000, fmt::format("UnsupportedFunctionException[Unknown function: {}()]", name)});
}

}  // namespace

SqlResult<Value> evaluate(const Expr& expr, const Scene& scene) {
  if (expr.kind == Expr::Kind::choice) {
    for (size_t i = 0; i + 1 < expr.operands.size(); i += 2) {
      auto condition = evaluate(expr.operands[i], scene);
      if (!condition) return condition;
      if (condition->is_true()) return evaluate(expr.operands[i + 1], scene);
    }
    return evaluate(expr.operands.back(), scene);
  }
  std::vector<Value> values;
  for (const Expr& operand : expr.operands) {
    auto value = evaluate(operand, scene);
    if (!value) return value;
    values.push_back(std::move(*value));
  }
  switch (expr.kind) {
    case Expr::Kind::literal: return expr.literal;
    case Expr::Kind::parameter:
      if (scene.parameters && expr.parameter < scene.parameters->size()) return (*scene.parameters)[expr.parameter];
      return std::unexpected(parse_exception(
          fmt::format("The query contains a parameter placeholder ${}, but there are only {} parameter values",
                      expr.parameter + 1, scene.parameters ? scene.parameters->size() : 0)));
    case Expr::Kind::column: return column_value(expr, scene);
    case Expr::Kind::call: return called(expr.name, values, scene);
    case Expr::Kind::compare:
      if (expr.name == "any") return among(values[0], values[1]);
      return compared(expr.name, values[0], values[1], expr.operands[0].kind == Expr::Kind::call);
    case Expr::Kind::logical_and: return both(values[0], values[1]);
    case Expr::Kind::logical_or: return either(values[0], values[1]);
    case Expr::Kind::logical_not: return values[0].is_null() ? Value{} : Value::of_bool(!values[0].truth);
    case Expr::Kind::is_null: return Value::of_bool(values[0].is_null());
    case Expr::Kind::choice:
    case Expr::Kind::star: break;
  }
  return Value{};
}

SqlResult<bool> check_columns(const Expr& expr, const Type& root) {
  static const std::set<std::string> system = {"_seq_no", "_primary_term", "_version", "_id", "current_user"};
  if (expr.kind == Expr::Kind::column && !system.contains(expr.name) && !root.find(expr.name)) {
    return std::unexpected(SqlError{4043, fmt::format("ColumnUnknownException[Column {} unknown]", expr.name)});
  }
  for (const Expr& operand : expr.operands) {
    auto checked = check_columns(operand, root);
    if (!checked) return checked;
  }
  return true;
}

std::optional<std::string> key_of(const Table& table, const Value& values) {
  std::string key;
  for (const Expr& part : table.key) {
    const Value* top = values.member(part.name);
    const Value value = top ? at_path(*top, part.path) : Value{};
    if (value.is_null()) return std::nullopt;
    if (!key.empty()) key += ", ";
    key += table.key.size() == 1 ? java_text(value) : to_json(value);
  }
  return key;
}

namespace {

/// Conjuncts of the form column = value; false where there are others.
bool collect_equalities(const Expr& expr, std::vector<std::pair<const Expr*, const Expr*>>& found) {
  if (expr.kind == Expr::Kind::logical_and) {
    const bool left = collect_equalities(expr.operands[0], found);
    return collect_equalities(expr.operands[1], found) && left;
  }
  if (expr.kind != Expr::Kind::compare || expr.name != "=" || expr.operands[0].kind != Expr::Kind::column) return false;
  found.emplace_back(&expr.operands[0], &expr.operands[1]);
  return true;
}

void set_path(Value& object, const std::vector<std::string>& path, Value value) {
  Value* at = &object;
  for (const std::string& step : path) {
    at->kind = Value::Kind::object;
    Value* next = nullptr;
    for (auto& [name, member] : at->members) {
      if (name == step) next = &member;
    }
    if (!next) {
      at->members.emplace_back(step, Value{});
      next = &at->members.back().second;
    }
    at = next;
  }
  *at = std::move(value);
}

const Type* type_at(const Table& table, const Expr& column) {
  const Column* found = table.root.find(column.name);
  for (const std::string& step : column.path) {
    if (found) found = found->type.find(step);
  }
  return found ? &found->type : nullptr;
}

/// What each column of the key is compared with for equality. Each parameter is a thing of its own.
using Compared = std::map<std::string, std::set<std::string>>;

void collect_compared(const Expr& expr, Compared& compared) {
  for (const Expr& operand : expr.operands) collect_compared(operand, compared);
  if (expr.kind != Expr::Kind::compare || expr.name != "=" || expr.operands[0].kind != Expr::Kind::column) return;
  const auto column = compared.find(expr.operands[0].column_text());
  if (column == compared.end()) return;
  const Expr& with = expr.operands[1];
  column->second.insert(with.kind == Expr::Kind::parameter ? fmt::format("?{}", with.parameter) : to_json(with.literal));
}

/// The server tries each value of each column of the key, or none, with those of the others. From so many on the rows are
/// looked for by a query, which sees what is refreshed.
bool are_too_many(const Table& table, const Expr& where) {
  constexpr size_t kMostTries = 10'000;
  Compared compared;
  for (const Expr& key : table.key) compared[key.column_text()];
  collect_compared(where, compared);
  size_t tries = 1;
  for (const auto& [column, values] : compared) tries *= values.size() + 1;
  return tries >= kMostTries;
}

SqlResult<std::optional<KeyDemand>> keys_of(const Table& table, const Expr& where, const Parameters& parameters) {
  if (where.kind == Expr::Kind::logical_or) {
    auto left = keys_of(table, where.operands[0], parameters);
    auto right = keys_of(table, where.operands[1], parameters);
    if (!left || !*left) return left;
    if (!right || !*right) return right;
    (*left)->keys.insert((*left)->keys.end(), (*right)->keys.begin(), (*right)->keys.end());
    return left;
  }
  std::vector<std::pair<const Expr*, const Expr*>> equalities;
  KeyDemand demand;
  demand.exact = collect_equalities(where, equalities);
  Value values;
  values.kind = Value::Kind::object;
  size_t parts = 0;
  for (const auto& [column, operand] : equalities) {
    Scene scene;
    scene.parameters = &parameters;
    auto value = evaluate(*operand, scene);
    if (!value) return std::unexpected(value.error());
    if (column->name == "_seq_no") {
      demand.seq_no = to_int64(value->text);
    } else if (column->name == "_primary_term") {
      demand.primary_term = to_int64(value->text);
    } else {
      const Type* type = type_at(table, *column);
      auto cast_value = type ? cast_column(*value, *type) : SqlResult<Value>(*value);
      if (!cast_value) return std::unexpected(cast_value.error());
      std::vector<std::string> path{column->name};
      path.insert(path.end(), column->path.begin(), column->path.end());
      set_path(values, path, std::move(*cast_value));
      const bool of_key = std::any_of(table.key.begin(), table.key.end(),
                                      [&](const Expr& key) { return key.column_text() == column->column_text(); });
      of_key ? parts++ : demand.exact = false;
    }
  }
  const auto key = parts == table.key.size() && parts > 0 ? key_of(table, values) : std::nullopt;
  if (!key) return std::nullopt;
  demand.keys.push_back(*key);
  return demand;
}

}  // namespace

SqlResult<std::optional<KeyDemand>> demanded_keys(const Table& table, const Expr& where, const Parameters& parameters) {
  if (are_too_many(table, where)) return std::nullopt;
  return keys_of(table, where, parameters);
}

}  // namespace ctk::sink::cratedb::testing
