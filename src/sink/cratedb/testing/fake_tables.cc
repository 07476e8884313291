#include "sink/cratedb/testing/fake_tables.h"

#include <fmt/format.h>

#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb::testing {
namespace {

constexpr std::string_view kForbiddenInTableNames = " /\\*?\",<>|#";

/// Numbers the columns in the order in which they are written down, and finds those marked as key.
void settle_columns(Table& table, Type& type, const std::string& top, std::vector<std::string>& path) {
  for (Column& column : type.columns) {
    column.oid = table.next_oid++;
    const bool is_top = top.empty();
    if (!is_top) path.push_back(column.name);
    if (column.key) {
      Expr reference;
      reference.kind = Expr::Kind::column;
      reference.name = is_top ? column.name : top;
      reference.path = path;
      table.key.push_back(std::move(reference));
    }
    if (column.type.kind == Type::Kind::object) settle_columns(table, column.type, is_top ? column.name : top, path);
    if (!is_top) path.pop_back();
  }
}

/// What a column's members belong to: itself, or the elements of an array.
Type& innermost(Type& type) { return type.kind == Type::Kind::array ? innermost(type.element[0]) : type; }

Column* find_path(Type& root, const std::vector<std::string>& path) {
  Type* type = &root;
  Column* column = nullptr;
  for (const std::string& step : path) {
    column = type->find(step);
    if (!column) return nullptr;
    type = &innermost(column->type);
  }
  return column;
}

/// The object whose member `path` is to be. The server takes arrays of objects for objects here, and makes a DYNAMIC object
/// of whatever is not there.
SqlResult<Type*> parent_of(Type& root, const std::vector<std::string>& path, int& next_oid) {
  Type* parent = &root;
  for (size_t i = 0; i + 1 < path.size(); i++) {
    Column* column = parent->find(path[i]);
    if (!column) {
      Column made{.name = path[i], .type = {}, .oid = next_oid++};
      made.type.kind = Type::Kind::object;
      parent->columns.push_back(std::move(made));
      column = &parent->columns.back();
    }
    parent = &innermost(column->type);
    if (parent->kind == Type::Kind::object) continue;
    return std::unexpected(SqlError{
        5000, "ClassCastException[class io.crate.types.LongType cannot be cast to class io.crate.types.ObjectType]"});
  }
  return parent;
}

std::string path_text(const std::vector<std::string>& path) {
  std::string text = path[0];
  for (size_t i = 1; i < path.size(); i++) text += "['" + path[i] + "']";
  return text;
}

}  // namespace

size_t count_columns(const Type& type) {
  size_t count = type.columns.size();
  for (const Column& column : type.columns) count += count_columns(column.type);
  for (const Type& element : type.element) count += count_columns(element);
  return count;
}

bool Store::has_schema(const std::string& schema) const {
  if (schema == "doc" || schema == "sys" || schema == "information_schema") return true;
  for (const auto& [name, table] : tables) {
    if (name.schema == schema) return true;
  }
  for (const auto& [name, view] : views) {
    if (name.schema == schema) return true;
  }
  return false;
}

SqlError unknown_relation(const Store& store, const TableName& name) {
  if (!store.has_schema(name.schema)) {
    return {4045, fmt::format("SchemaUnknownException[Schema '{}' unknown]", name.schema)};
  }
  return {4041, fmt::format("RelationUnknown[Relation '{}' unknown]", name.str())};
}

SqlResult<Table*> Store::find(const TableName& name, std::string_view operation) {
  const auto found = tables.find(name);
  if (views.contains(name)) {
    return std::unexpected(SqlError{
        4007, fmt::format("OperationOnInaccessibleRelationException[The relation \"{}\" doesn't support or allow {} "
                          "operations]",
                          name.str(), operation)});
  }
  if (found == tables.end()) return std::unexpected(unknown_relation(*this, name));
  return &found->second;
}

SqlResult<int64_t> create_table(Store& store, CreateTable statement) {
  if (store.tables.contains(statement.name) || store.views.contains(statement.name)) {
    if (statement.if_not_exists) return 0;
    return std::unexpected(
        SqlError{4093, fmt::format("RelationAlreadyExists[Relation '{}' already exists.]", statement.name.str())});
  }
  if (statement.name.table.find_first_of(kForbiddenInTableNames) != std::string::npos) {
    return std::unexpected(
        SqlError{4002, fmt::format("InvalidRelationName[Relation name '{}' is invalid.]", statement.name.str())});
  }
  Table table;
  table.name = statement.name;
  table.shards = statement.shards;
  table.fields_limit = statement.fields_limit;
  table.root = {.kind = Type::Kind::object, .policy = Type::Policy::strict, .columns = statement.columns, .element = {}};
  std::vector<std::string> path;
  settle_columns(table, table.root, "", path);
  if (!statement.key.empty()) table.key = std::move(statement.key);
  for (const Column& column : table.root.columns) {
    auto good_name = check_name(column.name);
    if (!good_name) return std::unexpected(good_name.error());
  }
  store.tables.emplace(table.name, std::move(table));
  return 1;
}

SqlResult<int64_t> create_view(Store& store, CreateView statement) {
  const bool taken = store.tables.contains(statement.name) || store.views.contains(statement.name);
  if (taken && !statement.replace) {
    return std::unexpected(
        SqlError{4093, fmt::format("RelationAlreadyExists[Relation '{}' already exists.]", statement.name.str())});
  }
  // As 6.4.3 does it: a table that is replaced by a view is gone, rows and all.
  store.tables.erase(statement.name);
  store.views[statement.name] = std::move(statement.select);
  return 1;
}

SqlResult<int64_t> drop(Store& store, const Drop& statement) {
  if (!statement.view && store.views.contains(statement.name)) {
    return std::unexpected(store.find(statement.name, "DROP").error());
  }
  const size_t dropped = statement.view ? store.views.erase(statement.name) : store.tables.erase(statement.name);
  if (dropped == 0 && !statement.if_exists) return std::unexpected(unknown_relation(store, statement.name));
  return static_cast<int64_t>(dropped);
}

SqlResult<int64_t> add_columns(Store& store, AddColumns statement) {
  auto table = store.find(statement.name, "ALTER");
  if (!table) return std::unexpected(table.error());
  Type changed = (*table)->root;
  int next_oid = (*table)->next_oid;
  std::set<std::vector<std::string>> specified;
  for (AddColumns::Added& added : statement.columns) {
    auto good_name = check_name(added.path.back());
    if (!good_name) return std::unexpected(good_name.error());
    if (!specified.insert(added.path).second) {
      return std::unexpected(parse_exception(fmt::format("column \"{}\" specified more than once", path_text(added.path))));
    }
    if (find_path(changed, added.path)) {
      return std::unexpected(parse_exception(
          fmt::format("The table {} already has a column named {}", statement.name.str(), path_text(added.path))));
    }
    auto parent = parent_of(changed, added.path, next_oid);
    if (!parent) return std::unexpected(parent.error());
    added.column.oid = next_oid++;
    (*parent)->columns.push_back(std::move(added.column));
  }
  if (count_columns(changed) >= (*table)->fields_limit) {
    return std::unexpected(parse_exception(
        fmt::format("Limit of total columns [{}] in table [{}] exceeded", (*table)->fields_limit, statement.name.str())));
  }
  (*table)->root = std::move(changed);
  (*table)->next_oid = next_oid;
  return -1;
}

SqlResult<int64_t> drop_column(Store& store, const DropColumn& statement) {
  auto table = store.find(statement.name);
  if (!table) return std::unexpected(table.error());
  Column* parent = find_path((*table)->root, {statement.path.begin(), statement.path.end() - 1});
  Type& type = parent ? innermost(parent->type) : (*table)->root;
  if (!type.find(statement.path.back())) {
    return std::unexpected(
        SqlError{4043, fmt::format("ColumnUnknownException[Column {} unknown]", path_text(statement.path))});
  }
  std::erase_if(type.columns, [&](const Column& column) { return column.name == statement.path.back(); });
  return -1;
}

std::optional<SqlError> blocked(const Table& table, std::string_view operation) {
  const auto has = [&](const char* block) { return table.blocks.contains(block); };
  const auto refused = [&](std::string_view why) {
    return SqlError{4007,
                    fmt::format("OperationOnInaccessibleRelationException[The relation \"{}\" doesn't support or allow "
                                "{} operations{}]",
                                table.name.str(), operation, why)};
  };
  if (has(kClosed)) return refused(", as it is currently closed.");
  const bool read_only = has("blocks.read_only");
  if (operation == "READ") return has("blocks.read") ? std::optional(refused("")) : std::nullopt;
  if (operation == "SHOW CREATE") return has("blocks.read") || read_only ? std::optional(refused("")) : std::nullopt;
  if (operation == "REFRESH") return read_only ? std::optional(refused("")) : std::nullopt;
  if (has("blocks.read_only_allow_delete"))
    return SqlError{4037,
                    "ClusterBlockException[blocked by: [RELATION_READ_DELETE_ONLY/12/index read-only / "
                    "allow delete (api)];]"};
  return has("blocks.write") || read_only ? std::optional(refused("")) : std::nullopt;
}

SqlResult<int64_t> set_block(Store& store, const SetBlock& statement) {
  auto table = store.find(statement.name);
  if (!table) return std::unexpected(table.error());
  if (statement.on) {
    (*table)->blocks.insert(statement.setting);
  } else {
    (*table)->blocks.erase(statement.setting);
  }
  return -1;
}

}  // namespace ctk::sink::cratedb::testing
