#include "table/spec.h"

#include <algorithm>
#include <set>
#include <span>

#include "table/history.h"
#include "table/names.h"
#include "table/paths.h"

namespace ctk::table {

namespace {

using dynamodb::Type;

ColumnType default_key_type(Target target, Type type) {
  switch (type) {
    case Type::N: return target->keys.number;
    case Type::B: return target->keys.binary;
    default: return ColumnType::text;
  }
}

/// Which columns can hold a key of this type.
std::span<const ColumnType> possible_key_types(Target target, Type type) {
  static constexpr ColumnType kOfText[] = {ColumnType::text, ColumnType::bigint};
  switch (type) {
    case Type::S: return kOfText;
    case Type::N: return target->keys.numbers;
    case Type::B: return target->keys.binaries;
    default: return {};
  }
}

struct TypeName {
  std::string_view name;
  ColumnType type;
};
constexpr TypeName kTypeNames[] = {
    {"text", ColumnType::text},       {"bigint", ColumnType::bigint},   {"double", ColumnType::double_precision},
    {"boolean", ColumnType::boolean}, {"numeric", ColumnType::numeric}, {"binary", ColumnType::binary}};

std::string type_name(ColumnType type) {
  for (const TypeName& known : kTypeNames) {
    if (known.type == type) return std::string(known.name);
  }
  return "untyped";
}

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::unexpected<Error> usage(std::string message, std::string hint = {}) {
  return fail(ErrorKind::usage, std::move(message), {}, std::move(hint));
}

/// Puts one spec together; each step may refuse an option.
class SpecMaker {
 public:
  /// Of the spec, the source's table with its keys, the target and the options are there.
  explicit SpecMaker(TableSpec& spec) : spec_(spec) {}

  Status check_options() {
    using Step = Status (SpecMaker::*)();
    for (const Step step : {&SpecMaker::check_layout, &SpecMaker::check_key_types, &SpecMaker::check_path_types,
                            &SpecMaker::check_paths, &SpecMaker::check_renames}) {
      if (Status status = (this->*step)(); !status) return status;
    }
    return {};
  }

  Status make_keys(const KeySchema& schema) {
    if (spec_.options.layout == Layout::document) {
      spec_.keys = {{"", "id", Type::S, ColumnType::text}};
      return {};
    }
    for (const auto& [attribute, type] : schema.attributes) {
      Result<ColumnType> column_type = key_type(attribute, type);
      if (!column_type) return forward_error(std::move(column_type));
      spec_.keys.push_back({attribute, key_column(attribute), type, *column_type});
    }
    separate_columns();
    for (const KeyColumn& key : spec_.keys) {
      if (key.column != key.attribute) spec_.names[key.attribute] = key.column;
    }
    return {};
  }

 private:
  /// Whether `data` has columns of its own for attributes.
  bool has_paths() const { return spec_.target->data == DataColumn::object; }

  bool is_key(const std::string& name) const {
    return std::ranges::find(spec_.source_keys, name) != spec_.source_keys.end();
  }
  std::string keys_text() const { return list_of(spec_.source_keys); }

  Status check_layout() {
    if (spec_.options.layout == Layout::ctk && !has_paths()) {
      return usage("layout=ctk exists on CrateDB only", "use layout=columns or layout=document");
    }
    if (spec_.source_keys.empty()) {
      return fail(ErrorKind::refused, "the first change of source table " + spec_.source_table + " has no key");
    }
    // Typed JSON would make two columns of every attribute; an ignored object takes it as it is.
    if (has_paths() && spec_.options.encoding == Encoding::dynamodb) spec_.options.typed = false;
    return {};
  }

  Status check_key_types() {
    for (const auto& [name, column_type] : spec_.options.key_types) {
      const std::string option = "key-type." + name + "=" + type_name(column_type);
      if (spec_.options.layout == Layout::document) return usage(option + ": layout=document has no key columns");
      if (!is_key(name)) {
        return usage(option + " names no key of source table " + spec_.source_table, "its keys are " + keys_text());
      }
    }
    return {};
  }

  Status check_path_types() {
    constexpr ColumnType kPossible[] = {ColumnType::text, ColumnType::double_precision, ColumnType::bigint,
                                        ColumnType::boolean};
    for (const auto& [text, column_type] : spec_.options.path_types) {
      const std::string option = "type." + text + "=" + type_name(column_type);
      const Result<Path> path = parse_path(text);
      if (!path) return usage(option + ": " + path.error().message, path.error().hint);
      if (!has_paths()) return usage(option + ": attributes have column types on CrateDB only");
      if (!spec_.options.typed) return usage(option + ": `data` has no columns with typed=false or encoding=dynamodb");
      if (std::find(std::begin(kPossible), std::end(kPossible), column_type) == std::end(kPossible)) {
        return usage(option + ": an attribute can be text, double, bigint or boolean");
      }
      if (spec_.options.layout != Layout::document && is_key(path->front())) {
        return usage(option + " names a key", "use key-type." + path->front());
      }
    }
    return {};
  }

  Status check_paths() {
    for (const auto* list : {&spec_.options.include, &spec_.options.exclude}) {
      for (const std::string& text : *list) {
        const Result<Path> path = parse_path(text);
        if (!path) return usage(path.error().message, path.error().hint);
        if (list == &spec_.options.exclude && is_key(path->front())) {
          return usage("exclude=" + text + ": keys cannot be excluded",
                       "the keys of source table " + spec_.source_table + " are " + keys_text());
        }
      }
    }
    return {};
  }

  Status check_renames() {
    std::set<Path> from;
    std::set<Path> to;
    for (const auto& [text, name] : spec_.options.rename) {
      const Result<Path> path = parse_path(text);
      if (!path) return usage(path.error().message, path.error().hint);
      if (!from.insert(*path).second) return usage("rename: " + text + " is renamed twice");
    }
    for (const auto& [text, name] : spec_.options.rename) {
      Path path = parse_path(text).value();
      path.back() = name;
      const std::string option = "rename=" + text + ":" + name;
      if (!to.insert(path).second) return usage(option + ": two attributes would become " + path_text(path));
      if (path.size() == 1 && is_key(name) && !from.contains(path)) {
        return usage(option + ": " + name + " is a key of source table " + spec_.source_table);
      }
    }
    return {};
  }

  Result<ColumnType> key_type(const std::string& attribute, Type type) const {
    const auto given = spec_.options.key_types.find(attribute);
    if (given == spec_.options.key_types.end()) return default_key_type(spec_.target, type);
    const std::span<const ColumnType> possible = possible_key_types(spec_.target, type);
    if (std::find(possible.begin(), possible.end(), given->second) == possible.end()) {
      std::vector<std::string> names;
      for (const ColumnType one : possible) names.push_back(type_name(one));
      return usage("key-type." + attribute + "=" + type_name(given->second) + ": a key of type " +
                   std::string(to_string(type)) + " can be " + list_of(names) + " here");
    }
    // Where numbers have no type, a declared one would do something to them.
    const bool untyped = default_key_type(spec_.target, type) == ColumnType::untyped;
    return untyped && given->second == ColumnType::numeric ? ColumnType::untyped : given->second;
  }

  /// The attribute's name after `rename`.
  std::string renamed(const std::string& attribute) const {
    for (const auto& [text, name] : spec_.options.rename) {
      if (parse_path(text).value_or(Path{}) == Path{attribute}) return name;
    }
    return attribute;
  }

  std::string key_column(const std::string& attribute) const {
    const Place place = spec_.options.layout == Layout::ctk ? Place::member : Place::column;
    return map_name(spec_.target, place, renamed(attribute));
  }

  /// Two keys whose columns the target would take for one both get their suffix.
  void separate_columns() {
    if (spec_.keys.size() != 2 || !same_column(spec_.target, spec_.keys[0].column, spec_.keys[1].column)) return;
    for (KeyColumn& key : spec_.keys) key.column = suffixed_name(spec_.target, renamed(key.attribute));
  }

  TableSpec& spec_;
};

}  // namespace

Result<ColumnType> parse_column_type(const std::string& text) {
  std::vector<std::string> names;
  for (const TypeName& known : kTypeNames) {
    if (known.name == text) return known.type;
    names.emplace_back(known.name);
  }
  return usage("`" + text + "` is no column type", "one of " + list_of(names));
}

KeySchema key_schema_of(const dynamodb::Change& change) {
  KeySchema schema;
  for (const dynamodb::Value key : change.keys()) schema.attributes.emplace_back(std::string(key.name()), key.type());
  std::sort(schema.attributes.begin(), schema.attributes.end());
  return schema;
}

std::string form_of(const TableOptions& options) {
  std::string form = options.layout == Layout::ctk        ? "layout=ctk"
                     : options.layout == Layout::document ? "layout=document"
                                                          : "layout=columns";
  if (options.encoding == Encoding::dynamodb) form += "&encoding=dynamodb";
  return form;
}

void take_form(TableOptions& options, std::string_view form) {
  for (const Layout layout : {Layout::ctk, Layout::columns, Layout::document}) {
    for (const Encoding encoding : {Encoding::plain, Encoding::dynamodb}) {
      TableOptions tried = options;
      tried.layout = layout;
      tried.encoding = encoding;
      if (form_of(tried) != form) continue;
      options = std::move(tried);
      return;
    }
  }
}

Status check_options(Target target, const std::string& source_table, const std::vector<std::string>& keys,
                     const TableOptions& options) {
  TableSpec spec;
  spec.source_table = source_table;
  spec.target = target;
  spec.options = options;
  spec.source_keys = keys;
  return SpecMaker(spec).check_options();
}

Result<TableSpec> make_spec(Target target, QualifiedName name, std::string source_table, const KeySchema& keys,
                            const TableOptions& options) {
  TableSpec spec;
  spec.name = std::move(name);
  spec.source_table = std::move(source_table);
  spec.target = target;
  spec.options = options;
  for (const auto& [attribute, type] : keys.attributes) spec.source_keys.push_back(attribute);
  SpecMaker maker(spec);
  if (Status possible = maker.check_options(); !possible) return std::unexpected(std::move(possible).error());
  if (Status made = maker.make_keys(keys); !made) return std::unexpected(std::move(made).error());
  if (options.history) {
    if (Result<TableSpec> history = make_history_spec(spec); !history) return history;
  }
  return spec;
}

}  // namespace ctk::table
