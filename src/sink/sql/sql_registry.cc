#include "sink/sql/sql_registry.h"

#include <fmt/format.h>

#include <charconv>

namespace ctk::sink::sql {
namespace {

using coordination::TableRecord;

constexpr std::string_view kColumns =
    "\"table\", source_table, incarnation, kind, epoch, load, cut, relays, sweep_watermark, sweep_time, names, loaded, "
    "keys";

std::string selected(const Dialect& dialect) {
  return fmt::format("\"table\", source_table, incarnation, kind, epoch, load, {}, relays, {}, {}, names, {}, keys",
                     dialect.time_text("cut"), dialect.time_text("sweep_watermark"), dialect.time_text("sweep_time"),
                     dialect.time_text("loaded"));
}

std::optional<Timestamp> to_time(const std::optional<std::string>& cell) {
  if (!cell) return std::nullopt;
  Result<Timestamp> time = parse_timestamp(*cell);
  if (!time) return std::nullopt;
  return *time;
}

TableRecord to_record(const Cells& row) {
  TableRecord record;
  record.table = row[0].value_or("");
  record.source_table = row[1].value_or("");
  record.incarnation = coordination::Incarnation(row[2].value_or(""));
  if (row[3]) record.kind = dynamodb::parse_version_kind(*row[3]);
  if (row[4]) std::from_chars(row[4]->data(), row[4]->data() + row[4]->size(), record.epoch);
  record.load = coordination::parse_load_state(row[5].value_or(""));
  record.cut = to_time(row[6]);
  if (row[7]) record.relays = coordination::parse_relays(*row[7]);
  std::optional<Timestamp> watermark = to_time(row[8]), server_time = to_time(row[9]);
  if (watermark && server_time) record.sweep = coordination::SweepPair{*watermark, *server_time};
  if (row[10]) record.names = coordination::parse_names(*row[10]);
  record.loaded = to_time(row[11]);
  if (row[12]) record.keys = coordination::parse_keys(*row[12]);
  return record;
}

std::string upsert_record(const Bookkeeping& at) {
  std::string assignments;
  for (std::string_view column : {"source_table", "incarnation", "kind", "epoch", "load", "cut", "relays",
                                  "sweep_watermark", "sweep_time", "names", "loaded", "keys"}) {
    assignments += fmt::format("{}{} = excluded.{}", assignments.empty() ? "" : ", ", column, column);
  }
  return at.dialect.bind(fmt::format(
      "INSERT INTO {} ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (\"table\") DO UPDATE SET {}",
      at.tables, kColumns, assignments));
}

}  // namespace

Tried<std::optional<TableRecord>> read_record(Driver& driver, const Bookkeeping& at, const std::string& table,
                                              const std::string& lock) {
  Tried<bool> there = relation_exists(driver, at.dialect, {at.schema, "ctk_tables"});
  if (!there) return broken(std::move(there));
  if (!*there) return std::nullopt;
  std::string sql = fmt::format("SELECT {} FROM {} WHERE \"table\" = ?{}", selected(at.dialect), at.tables, lock);
  Tried<Answer> answer = driver.run(look_up(at.dialect.bind(sql), {Param::of(table)}));
  if (!answer) return broken(std::move(answer));
  if (answer->rows.empty()) return std::nullopt;
  return to_record(answer->rows.front());
}

Tried<std::vector<TableRecord>> read_records(Driver& driver, const Bookkeeping& at) {
  Tried<bool> there = relation_exists(driver, at.dialect, {at.schema, "ctk_tables"});
  if (!there) return broken(std::move(there));
  std::vector<TableRecord> records;
  if (!*there) return records;
  Tried<Answer> answer =
      driver.run(look_up(fmt::format("SELECT {} FROM {} ORDER BY \"table\"", selected(at.dialect), at.tables)));
  if (!answer) return broken(std::move(answer));
  for (const Cells& row : answer->rows) records.push_back(to_record(row));
  return records;
}

Tried<bool> write_record(Driver& driver, const Bookkeeping& at, const TableRecord& record) {
  std::string kind, load(to_string(record.load)), relays = coordination::relays_json(record.relays),
                                                  names = coordination::names_json(record.names),
                                                  keys = coordination::keys_json(record.keys);
  if (record.kind) kind = dynamodb::to_string(*record.kind);
  Statement write = statement(upsert_record(at),
                              {Param::of(record.table), Param::of(record.source_table), Param::of(record.incarnation.str()),
                               record.kind ? Param::of(kind) : Param{}, Param::of_integer(record.epoch), Param::of(load),
                               Param::of_time(record.cut.value_or(kNoTime)), Param::of(relays),
                               Param::of_time(record.sweep ? record.sweep->watermark : kNoTime),
                               Param::of_time(record.sweep ? record.sweep->server_time : kNoTime), Param::of(names),
                               Param::of_time(record.loaded.value_or(kNoTime)), Param::of(keys)});
  if (Tried<Answer> written = driver.run(std::move(write)); !written) return broken(std::move(written));
  return true;
}

Statement check_epoch(const Bookkeeping& at, const std::string& table, coordination::Epoch epoch) {
  std::string sql = "SELECT 1 FROM " + at.tables + " WHERE \"table\" = ? AND epoch = ?" + at.dialect.for_share();
  return statement(at.dialect.bind(sql), {Param::of(table), Param::of_integer(epoch)});
}

}  // namespace ctk::sink::sql
