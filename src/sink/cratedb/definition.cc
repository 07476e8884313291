#include "sink/cratedb/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/ascii.h"
#include "json/writer.h"
#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {
namespace {

using table::LearnedType;

std::string two_texts(std::string_view first, std::string_view second) {
  std::string args;
  json::Writer writer(args);
  writer.begin_array();
  writer.string(first);
  writer.string(second);
  writer.end_array();
  return args;
}

table::Path path_of(std::string_view json) {
  table::Path path;
  for (std::string_view step : split_array(json).value_or(std::vector<std::string_view>{})) {
    path.push_back(cell_text(step).value_or(""));
  }
  return path;
}

/// The parts of `PRIMARY KEY (…)`, split at commas outside quotes and brackets.
std::vector<std::string> primary_key_of(std::string_view ddl) {
  constexpr std::string_view kMark = "\n   PRIMARY KEY (";
  const size_t start = ddl.rfind(kMark);
  if (start == std::string_view::npos) return {};
  std::vector<std::string> parts(1);
  char quote = 0;
  for (char c : ddl.substr(start + kMark.size())) {
    if (quote == 0 && c == ')') break;
    if (quote == 0 && c == ',') {
      parts.emplace_back();
      continue;
    }
    if (quote == 0 && c == ' ') continue;
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    }
    parts.back() += c;
  }
  return parts;
}

/// A column's type as values can be checked against; objects by their policy.
LearnedType learned_type(const Column& column) {
  using enum LearnedType::Kind;
  static const std::map<std::string, LearnedType::Kind, std::less<>> kinds = {
      {"text", text},
      {"double precision", double_precision},
      {"bigint", bigint},
      {"boolean", boolean},
      {"text_array", text_array},
      {"double precision_array", double_array},
      {"bigint_array", bigint_array},
      {"boolean_array", boolean_array},
  };
  if (column.type == "object") return {column.policy == "ignored" ? unusable : object};
  if (column.type == "object_array") return {column.policy == "ignored" ? object_array_ignored : unusable};
  const auto found = kinds.find(column.type);
  return {found == kinds.end() ? unusable : found->second};
}

/// What CrateDB lets elements of an array of objects be is not theirs any more once the array has columns: it casts them.
void spoil_typed_arrays(table::LearnedTypes& types) {
  for (const auto& [path, type] : types.paths) {
    if (path.size() < 2) continue;
    const auto parent = types.paths.find(table::Path(path.begin(), path.end() - 1));
    if (parent == types.paths.end() || parent->second.kind != LearnedType::Kind::object_array_ignored) continue;
    parent->second.kind = LearnedType::Kind::unusable;
  }
}

/// `"mapping.total_fields.limit" = N`, which SHOW CREATE TABLE has where it is not the default.
size_t fields_limit_of(std::string_view ddl) {
  constexpr size_t kDefault = 1000;
  constexpr std::string_view kSetting = "\n   \"mapping.total_fields.limit\" = ";
  const size_t at = ddl.rfind(kSetting);
  if (at == std::string_view::npos) return kDefault;
  size_t limit = 0;
  const auto parsed = std::from_chars(ddl.data() + at + kSetting.size(), ddl.data() + ddl.size(), limit);
  return parsed.ec == std::errc() ? limit : kDefault;
}

std::unexpected<Error> does_not_match(const Definition& definition, const table::TableSpec& spec, const std::string& what) {
  return fail(ErrorKind::refused,
              "table " + spec.name.str() + " is not as this relay needs it: " + what + ". It is\n" + definition.ddl +
                  "\nand would be\n" + create_table(spec),
              "", "name another table, drop this one, or choose the layout= that it has");
}

const Column* key_column(const Definition& definition, const table::TableSpec& spec, const table::KeyColumn& key) {
  return spec.options.layout == table::Layout::ctk ? definition.find("pk", {key.column}) : definition.find(key.column);
}

std::string type_in_ddl(const table::KeyColumn& key) { return ascii_upper(type_name(key.column_type)); }

/// Whether the options ask for another type of the key's column than it has.
bool is_other(const Definition& definition, const table::TableSpec& spec, const table::KeyColumn& key) {
  const Column* column = key_column(definition, spec, key);
  return column != nullptr && spec.options.key_types.contains(key.attribute) && column->type != type_name(key.column_type);
}

std::string retyped_value(const Definition& definition, const table::TableSpec& spec, const table::KeyColumn& key) {
  const std::string value = key_reference(spec, key);
  return is_other(definition, spec, key) ? fmt::format("CAST({} AS {})", value, type_in_ddl(key)) : value;
}

/// A column's value for the table that is made again.
std::string retyped_value(const Definition& definition, const table::TableSpec& spec, const Column& column) {
  const bool in_object = spec.options.layout == table::Layout::ctk;
  std::string object;
  for (const table::KeyColumn& key : spec.keys) {
    const std::string value = retyped_value(definition, spec, key);
    if (!in_object && key.column == column.top) return value;
    object += (object.empty() ? "" : ", ") + quote_identifier(key.column) + " = " + value;
  }
  return in_object && column.top == "pk" ? "{" + object + "}" : quote_identifier(column.top);
}

void replace_first(std::string& text, const std::string& what, const std::string& with) {
  if (const size_t at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
}

std::string key_mismatch(const Definition& definition, const table::TableSpec& spec) {
  std::vector<std::string> wanted;
  for (const table::KeyColumn& key : spec.keys) wanted.push_back(key_reference(spec, key));
  std::vector<std::string> found = definition.primary_key;
  std::sort(wanted.begin(), wanted.end());
  std::sort(found.begin(), found.end());
  if (wanted != found) return "its primary key is another";
  for (const table::KeyColumn& key : spec.keys) {
    const Column* column = key_column(definition, spec, key);
    const std::string type = type_name(key.column_type);
    if (!column || column->type != type) return "its key column " + key.column + " is not " + type;
  }
  return "";
}

}  // namespace

const Column* Definition::find(const std::string& top, const table::Path& path) const {
  for (const Column& column : columns) {
    if (column.top == top && column.path == path) return &column;
  }
  return nullptr;
}

Statement select_columns(const table::QualifiedName& name) {
  return {.sql =
              "SELECT data_type, column_details['name'], column_details['path'], column_details['policy']\n"
              "FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
          .args = two_texts(name.schema, name.table),
          .bulk = ""};
}

Statement show_create_table(const table::QualifiedName& name) {
  return {.sql = "SHOW CREATE TABLE " + quote_name(name), .args = "", .bulk = ""};
}

Definition read_definition(const Answer& columns, const Answer& ddl) {
  Definition definition;
  for (const auto& row : columns.rows) {
    if (row.size() != 4) continue;
    definition.columns.push_back({.top = cell_text(row[1]).value_or(""),
                                  .path = path_of(row[2]),
                                  .type = cell_text(row[0]).value_or(""),
                                  .policy = cell_text(row[3]).value_or("")});
  }
  if (!ddl.rows.empty() && !ddl.rows[0].empty()) definition.ddl = cell_text(ddl.rows[0][0]).value_or("");
  definition.primary_key = primary_key_of(definition.ddl);
  return definition;
}

Result<std::vector<std::string>> missing_own_columns(const Definition& definition, const table::TableSpec& spec) {
  if (const std::string what = key_mismatch(definition, spec); !what.empty()) {
    return does_not_match(definition, spec, what);
  }
  const Column* data = definition.find("data");
  const Column* aux = definition.find("aux");
  if (!data || data->type != "object") return does_not_match(definition, spec, "it has no data OBJECT");
  if (!aux || aux->type != "object" || aux->policy != "ignored") {
    return does_not_match(definition, spec, "it has no aux OBJECT(IGNORED)");
  }
  if (data_is_ignored(spec.options) && data->policy != "ignored") {
    return does_not_match(definition, spec, "its data is not OBJECT(IGNORED)");
  }
  std::vector<std::string> missing;
  for (const auto& [name, type] : own_columns()) {
    const Column* column = definition.find(name);
    if (!column) {
      missing.push_back(name);
    } else if (column->type != type) {
      return does_not_match(definition, spec, "its column " + name + " is not " + type);
    }
  }
  return missing;
}

std::vector<std::string> retype_keys(const Definition& definition, const table::TableSpec& spec) {
  std::string ddl = definition.ddl;
  for (const table::KeyColumn& key : spec.keys) {
    if (!is_other(definition, spec, key)) continue;
    const std::string name = quote_identifier(key.column) + " ";
    replace_first(ddl, name + ascii_upper(key_column(definition, spec, key)->type), name + type_in_ddl(key));
  }
  if (ddl == definition.ddl) return {};
  std::string names, values;
  for (const Column& column : definition.columns) {
    if (!column.path.empty()) continue;
    const char* comma = names.empty() ? "" : ", ";
    names += comma + quote_identifier(column.top);
    values += comma + retyped_value(definition, spec, column);
  }
  table::QualifiedName made = spec.name;
  made.table += "_retyped";
  const std::string before = quote_name(spec.name), after = quote_name(made);
  replace_first(ddl, before, after);
  return {ddl, refresh(spec.name), fmt::format("INSERT INTO {} ({}) (SELECT {} FROM {})", after, names, values, before),
          refresh(made), fmt::format("ALTER CLUSTER SWAP TABLE {} TO {} WITH (drop_source = true)", after, before)};
}

size_t most_by_setting(size_t limit) { return limit > 0 ? limit - 1 : 0; }

table::LearnedTypes learn(const Definition& definition) {
  table::LearnedTypes types;
  types.column_count = definition.columns.size();
  if (!definition.ddl.empty()) types.column_limit = most_by_setting(fields_limit_of(definition.ddl));
  for (const Column& column : definition.columns) {
    if (column.top != "data") continue;
    if (column.path.empty()) {
      types.data_ignored = column.policy == "ignored";
    } else {
      types.paths[column.path] = learned_type(column);
    }
  }
  spoil_typed_arrays(types);
  return types;
}

}  // namespace ctk::sink::cratedb
