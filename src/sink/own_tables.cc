#include "sink/own_tables.h"

#include <fmt/format.h>

#include <span>

namespace ctk::sink {
namespace {

constexpr std::array<std::string_view, 13> kTablesColumns = {
    "table",  "source_table",    "incarnation", "kind",  "epoch",  "load", "cut",
    "relays", "sweep_watermark", "sweep_time",  "names", "loaded", "keys"};
constexpr std::array<std::string_view, 9> kPositionsColumns = {"relay",   "shard", "position", "incarnation", "epoch",
                                                               "read_to", "fence", "worker",   "updated"};
constexpr std::array<std::string_view, 11> kDeadLettersColumns = {
    "id", "time", "relay", "shard", "position", "source_table", "key", "version", "kind", "reason", "change"};

std::span<const std::string_view> columns_of(std::string_view table) {
  if (table == "ctk_tables") return kTablesColumns;
  if (table == "ctk_positions") return kPositionsColumns;
  return kDeadLettersColumns;
}

}  // namespace

std::optional<std::string> missing_own_column(std::string_view table, const std::set<std::string>& there) {
  for (const std::string_view column : columns_of(table)) {
    if (!there.contains(std::string(column))) return std::string(column);
  }
  return std::nullopt;
}

Error not_our_own(const std::string& name, const std::string& why) {
  return {ErrorKind::refused, fmt::format("{} is not ctk's own: {}; nothing was written to it", name, why), "",
          "ctk keeps its positions and dead letters under this name: give it another schema (on SQLite: another file), or "
          "rename what is there"};
}

}  // namespace ctk::sink
