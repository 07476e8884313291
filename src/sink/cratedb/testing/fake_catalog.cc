// What the fake server says of itself: information_schema, sys, SHOW CREATE TABLE.
#include <fmt/format.h>

#include <algorithm>

#include "sink/cratedb/statements.h"
#include "sink/cratedb/testing/fake_tables.h"

namespace ctk::sink::cratedb::testing {
namespace {

Type text_type() { return {.kind = Type::Kind::text, .columns = {}, .element = {}}; }
Type bigint_type() { return {.kind = Type::Kind::bigint, .columns = {}, .element = {}}; }

/// A relation with these columns; types follow from the first row's values.
class RelationBuilder {
 public:
  explicit RelationBuilder(std::vector<std::string> names) : names_(std::move(names)) {
    relation_.root.kind = Type::Kind::object;
  }

  void add(std::vector<Value> cells) {
    Document row;
    row.values.kind = Value::Kind::object;
    for (size_t i = 0; i < names_.size(); i++) row.values.members.emplace_back(names_[i], std::move(cells[i]));
    relation_.rows.push_back(std::move(row));
  }

  Relation done() {
    for (size_t i = 0; i < names_.size(); i++) {
      const Value sample = relation_.rows.empty() ? Value{} : relation_.rows[0].values.members[i].second;
      relation_.root.columns.push_back({.name = names_[i], .type = type_of(sample)});
    }
    return std::move(relation_);
  }

 private:
  static Type type_of(const Value& value) {
    switch (value.kind) {
      case Value::Kind::number: return bigint_type();
      case Value::Kind::boolean: return {.kind = Type::Kind::boolean, .columns = {}, .element = {}};
      case Value::Kind::object: return {.kind = Type::Kind::object, .columns = {}, .element = {}};
      default: return text_type();
    }
  }

  std::vector<std::string> names_;
  Relation relation_;
};

std::string policy_name(Type::Policy policy) {
  switch (policy) {
    case Type::Policy::strict: return "strict";
    case Type::Policy::ignored: return "ignored";
    case Type::Policy::dynamic: break;
  }
  return "dynamic";
}

/// The policy that information_schema shows: columns that are no objects have their default's.
std::string shown_policy(const Type& type) {
  if (type.kind == Type::Kind::object) return policy_name(type.policy);
  if (type.kind == Type::Kind::array) return shown_policy(type.element[0]);
  return "strict";
}

struct Entry {
  std::vector<std::string> path;
  const Column* column;
};

void collect(const Type& type, std::vector<std::string>& path, std::vector<Entry>& entries) {
  for (const Column& column : type.columns) {
    path.push_back(column.name);
    entries.push_back({path, &column});
    collect(column.type.kind == Type::Kind::array ? column.type.element[0] : column.type, path, entries);
    path.pop_back();
  }
}

Value details_of(const Entry& entry) {
  Value steps;
  steps.kind = Value::Kind::array;
  for (size_t i = 1; i < entry.path.size(); i++) steps.items.push_back(Value::of_text(entry.path[i]));
  Value details;
  details.kind = Value::Kind::object;
  details.members = {{"name", Value::of_text(entry.path[0])},
                     {"path", std::move(steps)},
                     {"oid", Value::of_integer(entry.column->oid)},
                     {"policy", Value::of_text(shown_policy(entry.column->type))}};
  return details;
}

std::string shown_name(const std::vector<std::string>& path) {
  std::string name = path[0];
  for (size_t i = 1; i < path.size(); i++) name += "['" + path[i] + "']";
  return name;
}

bool is_key(const Table& table, const std::vector<std::string>& path) {
  return std::any_of(table.key.begin(), table.key.end(),
                     [&](const Expr& key) { return key.column_text() == shown_name(path); });
}

std::string expression_text(const Expr& expr) {
  const auto operand = [&](size_t i) { return expression_text(expr.operands.at(i)); };
  switch (expr.kind) {
    case Expr::Kind::column: return subscript(expr.name, expr.path);
    case Expr::Kind::logical_not: return "NOT " + operand(0);
    case Expr::Kind::logical_and: return "(" + operand(0) + " AND " + operand(1) + ")";
    case Expr::Kind::logical_or: return "(" + operand(0) + " OR " + operand(1) + ")";
    case Expr::Kind::compare: return "(" + operand(0) + " " + expr.name + " " + operand(1) + ")";
    case Expr::Kind::literal:
      return expr.literal.kind == Value::Kind::text ? quote_text(expr.literal.text) : java_text(expr.literal);
    case Expr::Kind::call: {
      std::string list;
      for (const Expr& each : expr.operands) list += (list.empty() ? "" : ", ") + expression_text(each);
      return expr.name + "(" + list + ")";
    }
    default: return "?";
  }
}

void add_view_columns(RelationBuilder& builder, const Store& store, const TableName& name, const Select& select) {
  int64_t ordinal = 1;
  for (const Column& column : view_columns(store, select)) {
    builder.add({Value::of_text(name.schema), Value::of_text(name.table), Value::of_text(column.name),
                 Value::of_text(type_name(column.type)), Value::of_text("YES"), Value::of_integer(ordinal++),
                 details_of({{column.name}, &column})});
  }
}

Relation columns_relation(const Store& store) {
  RelationBuilder builder(
      {"table_schema", "table_name", "column_name", "data_type", "is_nullable", "ordinal_position", "column_details"});
  for (const auto& [name, table] : store.tables) {
    std::vector<Entry> entries;
    std::vector<std::string> path;
    collect(table.root, path, entries);
    std::sort(entries.begin(), entries.end(),
              [](const Entry& left, const Entry& right) { return left.column->oid < right.column->oid; });
    int64_t ordinal = 1;
    for (const Entry& entry : entries) {
      const bool nullable = !entry.column->not_null && !is_key(table, entry.path);
      builder.add({Value::of_text(name.schema), Value::of_text(name.table), Value::of_text(shown_name(entry.path)),
                   Value::of_text(type_name(entry.column->type)), Value::of_text(nullable ? "YES" : "NO"),
                   Value::of_integer(ordinal++), details_of(entry)});
    }
  }
  for (const auto& [name, view] : store.views) add_view_columns(builder, store, name, view);
  return builder.done();
}

/// As 6.4.3 has them: all five, whether somebody has set them or not.
Value settings_of(const Table& table) {
  Value blocks, settings;
  blocks.kind = settings.kind = Value::Kind::object;
  for (const char* name : {"metadata", "read", "read_only_allow_delete", "read_only", "write"}) {
    blocks.members.emplace_back(name, Value::of_bool(table.blocks.contains(std::string("blocks.") + name)));
  }
  settings.members.emplace_back("blocks", std::move(blocks));
  return settings;
}

Relation tables_relation(const Store& store) {
  RelationBuilder builder({"table_schema", "table_name", "table_type", "closed", "settings"});
  for (const auto& [name, table] : store.tables) {
    builder.add({Value::of_text(name.schema), Value::of_text(name.table), Value::of_text("BASE TABLE"),
                 Value::of_bool(table.blocks.contains(kClosed)), settings_of(table)});
  }
  for (const auto& [name, view] : store.views) {
    builder.add({Value::of_text(name.schema), Value::of_text(name.table), Value::of_text("VIEW"), Value{}, Value{}});
  }
  return builder.done();
}

/// Whether what the view reads is there.
bool works(const Store& store, const Select& view) {
  if (!view.from || store.views.contains(*view.from)) return true;
  const auto table = store.tables.find(*view.from);
  if (table == store.tables.end()) return false;
  return std::ranges::all_of(view.items, [&](const Select::Item& item) {
    return item.expr.kind != Expr::Kind::column || table->second.root.find(item.expr.name) != nullptr;
  });
}

Relation views_relation(const Store& store) {
  RelationBuilder builder({"table_schema", "table_name", "view_definition"});
  for (const auto& [name, view] : store.views) {
    builder.add({Value::of_text(name.schema), Value::of_text(name.table),
                 Value::of_text((works(store, view) ? "" : "/* Corrupted view, needs fix */\n") + view_text(view))});
  }
  return builder.done();
}

Relation health_relation(const Store& store) {
  RelationBuilder builder({"health", "severity", "table_schema", "table_name", "missing_shards", "underreplicated_shards"});
  for (const auto& [name, table] : store.tables) {
    builder.add({Value::of_text("GREEN"), Value::of_integer(1), Value::of_text(name.schema), Value::of_text(name.table),
                 Value::of_integer(0), Value::of_integer(0)});
  }
  return builder.done();
}

Relation shards_relation(const Store& store) {
  RelationBuilder builder({"schema_name", "table_name", "primary", "size"});
  for (const auto& [name, table] : store.tables) {
    int64_t size = 0;
    for (const auto& [key, document] : table.visible) size += static_cast<int64_t>(to_json(document.values).size());
    builder.add({Value::of_text(name.schema), Value::of_text(name.table), Value::of_bool(true), Value::of_integer(size)});
  }
  return builder.done();
}

std::string ddl_type(const Type& type, int depth);

std::string ddl_columns(const Type& type, int depth) {
  std::string out;
  for (const Column& column : type.columns) {
    if (!out.empty()) out += ",\n";
    out += std::string(static_cast<size_t>(depth) * 3, ' ') + quote_identifier(column.name) + " " +
           ddl_type(column.type, depth);
    if (column.not_null || column.key) out += " NOT NULL";
    if (!column.indexed) out += " INDEX OFF STORAGE WITH (\n      columnstore = false\n   )";
  }
  return out;
}

std::string ddl_type(const Type& type, int depth) {
  if (type.kind == Type::Kind::array) return "ARRAY(" + ddl_type(type.element[0], depth) + ")";
  std::string name = type_name(type);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (type.kind != Type::Kind::object) return name;
  std::string policy = policy_name(type.policy);
  for (char& c : policy) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  name += "(" + policy + ")";
  if (type.columns.empty()) return name;
  return name + " AS (\n" + ddl_columns(type, depth + 1) + "\n" + std::string(static_cast<size_t>(depth) * 3, ' ') + ")";
}

}  // namespace

std::string view_text(const Select& select) {
  std::string items;
  for (const Select::Item& item : select.items) items += (items.empty() ? " " : "\n, ") + expression_text(item.expr);
  std::string text = "SELECT\n" + items + "\n";
  if (select.from)
    text += fmt::format("FROM {}.{}\n", quote_identifier(select.from->schema), quote_identifier(select.from->table));
  if (select.where) text += "WHERE " + expression_text(*select.where) + "\n";
  return text;
}

std::vector<Column> view_columns(const Store& store, const Select& select) {
  std::vector<Column> columns;
  const auto table = select.from ? store.tables.find(*select.from) : store.tables.end();
  for (const Select::Item& item : select.items) {
    const Column* column = table == store.tables.end() ? nullptr : table->second.root.find(item.expr.name);
    columns.push_back(column != nullptr ? *column : Column{.name = item.expr.name, .type = {}});
  }
  return columns;
}

std::optional<Relation> system_relation(const Store& store, const TableName& name) {
  const std::string full = name.str();
  if (full == "information_schema.columns") return columns_relation(store);
  if (full == "information_schema.tables") return tables_relation(store);
  if (full == "information_schema.views") return views_relation(store);
  if (full == "sys.health") return health_relation(store);
  if (full == "sys.shards") return shards_relation(store);
  return std::nullopt;
}

std::string show_create_table(const Table& table) {
  std::string keys;
  for (const Expr& key : table.key) keys += (keys.empty() ? "" : ", ") + subscript(key.name, key.path);
  std::string limit;
  if (table.fields_limit != 1000) limit = fmt::format("   \"mapping.total_fields.limit\" = {},\n", table.fields_limit);
  std::string routing;
  if (table.key.size() == 1 && table.key[0].path.empty()) routing = fmt::format("BY ({}) ", keys);
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {}.{} (\n{}{}\n)\nCLUSTERED {}INTO {} SHARDS\nWITH (\n   column_policy = 'strict',\n{}"
      "   number_of_replicas = '0'\n)",
      quote_identifier(table.name.schema), quote_identifier(table.name.table), ddl_columns(table.root, 1),
      keys.empty() ? "" : ",\n   PRIMARY KEY (" + keys + ")", routing, table.shards, limit);
}

}  // namespace ctk::sink::cratedb::testing
