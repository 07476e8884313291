#include "sink/cratedb/history_statements.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "dynamodb/number.h"
#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"
#include "table/history.h"

namespace ctk::sink::cratedb {
namespace {

struct HistoryColumn {
  std::string_view name, type;
};
constexpr HistoryColumn kColumns[] = {{"op", "text"},
                                      {"valid_from", "timestamp with time zone"},
                                      {"valid_to", "timestamp with time zone"},
                                      {"ttl", "boolean"}};

std::string select_events(const table::TableSpec& spec, std::string_view more) {
  std::string keys;
  for (const table::KeyColumn& key : spec.keys) {
    keys += fmt::format("{}{} = ANY(?)", keys.empty() ? "" : " AND ", key_reference(spec, key));
  }
  return fmt::format(
      "SELECT {}, \"cdc_version\", \"valid_from\", \"valid_to\", \"_seq_no\", \"_primary_term\" FROM {} WHERE {}{}",
      key_list(spec), quote_name(spec.name), keys, more);
}

/// 6.4.3 takes no array for a NUMERIC column whose elements are not in order ("values are out of order").
bool comes_before(const table::KeyCell* left, const table::KeyCell* right) {
  const bool numbers = left->kind == table::KeyCell::Kind::number && right->kind == table::KeyCell::Kind::number;
  return numbers ? dynamodb::compare_numbers(left->text, right->text) < 0 : left->text < right->text;
}

std::string guarded_row(const table::TableSpec& spec) {
  return key_condition(spec) + " AND \"cdc_version\" = ? AND \"_seq_no\" = ? AND \"_primary_term\" = ?";
}

}  // namespace

std::string create_history(const table::TableSpec& spec) {
  std::string key, columns;
  const bool in_object = spec.options.layout == table::Layout::ctk;
  for (const table::KeyColumn& each : spec.keys) {
    key += fmt::format("{}{} {}{}",
                       key.empty() ? ""
                       : in_object ? ", "
                                   : ",\n  ",
                       quote_identifier(each.column), ascii_upper(type_name(each.column_type)),
                       in_object ? " PRIMARY KEY" : "");
  }
  if (in_object) key = "\"pk\" OBJECT(STRICT) AS (" + key + ")";
  for (const HistoryColumn& each : kColumns) {
    columns += fmt::format(",\n  {} {}", quote_identifier(each.name), ascii_upper(each.type));
  }
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (\n  {},\n  \"data\" OBJECT(IGNORED),\n  \"aux\" OBJECT(IGNORED),\n"
      "  \"cdc_version\" TEXT{}{}{}\n)",
      quote_name(spec.name), key, in_object ? " PRIMARY KEY" : "", columns,
      in_object ? "" : fmt::format(",\n  PRIMARY KEY ({}, \"cdc_version\")", key_list(spec)));
}

std::string insert_event(const table::TableSpec& spec) {
  const size_t keys = spec.options.layout == table::Layout::ctk ? 1 : spec.keys.size();
  std::string places;
  for (size_t i = 0; i < keys; i++) places += "?, ";
  return fmt::format(
      "INSERT INTO {} ({}, \"data\", \"aux\", \"cdc_version\", \"op\", \"valid_from\", \"ttl\")\n"
      "VALUES ({}?, ?, ?, ?, ?, ?)\nON CONFLICT ({}, \"cdc_version\") DO NOTHING",
      quote_name(spec.name), key_columns(spec), places, key_list(spec));
}

std::string event_args(const table::TableSpec& spec, const table::Row& row, const dynamodb::Change& change) {
  // What a removed item looked like stands in the row before.
  const bool removed = change.operation == dynamodb::Operation::remove;
  return fmt::format("[{},{},{},\"{}\",\"{}\",{},{}]", key_args(spec, row.keys),
                     removed ? "null" : row.data.value_or("null"), removed ? "null" : row.aux.value_or("null"), row.version,
                     table::history_operation(change), to_millis(row.time), change.by_time_to_live);
}

std::string select_nearest_events(const table::TableSpec& spec) {
  return select_events(spec,
                       " AND (\"valid_to\" IS NULL OR (\"cdc_version\" >= ? AND \"cdc_version\" <= ?) OR "
                       "\"cdc_version\" = ANY(?))");
}

std::string select_all_events(const table::TableSpec& spec) { return select_events(spec, ""); }

std::string event_key_args(const std::vector<std::vector<table::KeyCell>>& keys) {
  std::string args;
  for (size_t column = 0; !keys.empty() && column < keys[0].size(); ++column) {
    std::vector<const table::KeyCell*> cells;
    for (const std::vector<table::KeyCell>& key : keys) cells.push_back(&key[column]);
    std::ranges::sort(cells, comes_before);
    const auto repeated =
        std::ranges::unique(cells, {}, [](const table::KeyCell* cell) -> const std::string& { return cell->text; });
    cells.erase(repeated.begin(), repeated.end());
    std::string list;
    for (const table::KeyCell* cell : cells) list += (list.empty() ? "" : ",") + key_arg(*cell);
    args += fmt::format("{}[{}]", args.empty() ? "" : ",", list);
  }
  return args;
}

std::string end_event(const table::TableSpec& spec) {
  return fmt::format("UPDATE {} SET \"valid_to\" = ? WHERE {}", quote_name(spec.name), guarded_row(spec));
}

std::string remove_event(const table::TableSpec& spec) {
  return fmt::format("DELETE FROM {} WHERE {}", quote_name(spec.name), guarded_row(spec));
}

Result<bool> check_history(const Definition& definition, const table::TableSpec& spec) {
  const auto refused = [&](const std::string& what) {
    return fail(ErrorKind::refused,
                "table " + spec.name.str() + " cannot be a history: " + what + ". It is\n" + definition.ddl +
                    "\nand would be\n" + create_history(spec),
                "", "choose another name with history=");
  };
  std::vector<std::string> wanted = {"\"cdc_version\""}, found = definition.primary_key;
  for (const table::KeyColumn& key : spec.keys) wanted.push_back(key_reference(spec, key));
  std::ranges::sort(wanted);
  std::ranges::sort(found);
  if (wanted != found) return refused("its primary key is another");
  for (const char* name : {"data", "aux"}) {
    const Column* column = definition.find(name);
    if (!column || column->policy != "ignored") return refused(fmt::format("its {} is not OBJECT(IGNORED)", name));
  }
  for (const HistoryColumn& each : kColumns) {
    const Column* column = definition.find(std::string(each.name));
    if (!column || column->type != each.type) return refused(fmt::format("its column {} is not {}", each.name, each.type));
  }
  return true;
}

}  // namespace ctk::sink::cratedb
