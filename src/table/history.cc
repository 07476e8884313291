#include "table/history.h"

#include <algorithm>

#include "table/names.h"
#include "table/target_parts.h"

namespace ctk::table {
namespace {

/// Besides those that the table has, too.
constexpr std::string_view kHistoryColumns[] = {"op", "valid_from", "valid_to", "ttl", "cdc_row"};

constexpr size_t kEpochPart = 9;  // "EEEEEEEE."
constexpr size_t kKindPart = 2;   // "0." or "1."
constexpr size_t kTimeDigits = 17;

Error misnamed(const std::string& name, std::string why) {
  return {ErrorKind::usage, "history=" + name + ": " + std::move(why), "", "choose another name for the history"};
}

/// The order's part by which changes are told apart: "0.", "1.TIME." or the whole order.
std::string_view identifying_part(std::string_view order) {
  if (order.starts_with("0.")) return order.substr(0, kKindPart);
  const size_t behind_time = kKindPart + kTimeDigits;
  const bool has_time = order.size() > behind_time && order[behind_time] == '.';
  return has_time ? order.substr(0, behind_time + 1) : order;
}

std::string_view order_of(std::string_view version) { return version.substr(std::min(version.size(), kEpochPart)); }

}  // namespace

Result<TableSpec> make_history_spec(const TableSpec& table) {
  const std::string& given = table.options.history.value();
  std::string name = given;
  const size_t dot = name.find('.');
  if (table.target->is_server && dot != std::string::npos) {
    if (name.substr(0, dot) != table.name.schema) {
      return std::unexpected(misnamed(given, "a history lies in its table's schema, " + table.name.schema));
    }
    name.erase(0, dot + 1);
  }
  TableSpec history = table;
  history.name.table = name;
  const bool taken = name.empty() || same_table(table.target, name, table.name.table) ||
                     same_table(table.target, name, table.name.table + "_live");
  if (taken) return std::unexpected(misnamed(given, "the table and its view have names of their own"));
  if (map_table_name(table.target, name) != name) {
    return std::unexpected(
        misnamed(given, std::string("no table of that name can be had on ") + std::string(table.target->product)));
  }
  history.options.history.reset();
  history.options.live_view = false;
  history.options.deletes = Deletes::mark;
  history.options.typed = false;
  history.options.path_types.clear();
  if (table.options.layout != Layout::columns) return history;
  for (KeyColumn& key : history.keys) {
    const bool met = std::ranges::any_of(kHistoryColumns,
                                         [&](std::string_view own) { return same_column(table.target, own, key.column); });
    if (met) key.column = suffixed_name(table.target, key.column);
  }
  return history;
}

Error shared_history_error(const QualifiedName& history, const std::string& other, const std::string& table) {
  return {ErrorKind::refused,
          history.str() + " is the history of the table " + other + ", and cannot be that of " + table + ", too", "",
          "name one table: source-table, or a table in the target"};
}

std::string_view history_operation(const dynamodb::Change& change) {
  if (change.from_load()) return "load";
  switch (change.operation) {
    case dynamodb::Operation::insert: return "insert";
    case dynamodb::Operation::modify: return "modify";
    case dynamodb::Operation::remove: return "remove";
  }
  return "";
}

std::string change_identity(std::string_view version) {
  const std::string_view order = order_of(version);
  // Each epoch has a load of its own.
  if (order.starts_with("0.")) return std::string(version.substr(0, kEpochPart + kKindPart));
  return std::string(identifying_part(order));
}

VersionRange versions_of(uint32_t epoch, std::string_view version) {
  const std::string_view part = identifying_part(order_of(version));
  VersionRange range;
  range.from = range.to = version_text(epoch, part);
  if (part.ends_with('.')) range.to.back() = '.' + 1;  // behind all that begin so
  return range;
}

}  // namespace ctk::table
