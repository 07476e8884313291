#include "sink/sql/sql_registry.h"

#include <fmt/format.h>

#include <charconv>
#include <tuple>

namespace ctk::sink::sql {
namespace {

using coordination::TableRecord;

/// Behind "table", in the order of to_record. Tables of earlier versions lack the last two.
constexpr std::string_view kColumns[] = {"source_table",    "incarnation", "kind",  "epoch",  "load", "cut",   "relays",
                                         "sweep_watermark", "sweep_time",  "names", "loaded", "keys", "since", "witnesses"};

std::span<const std::string_view> columns_of(const RecordsTable& there) {
  return std::span(kColumns).first(std::size(kColumns) - (there.has_witnesses ? 0 : 2));
}

constexpr bool is_time(std::string_view column) {
  return column == "cut" || column == "sweep_watermark" || column == "sweep_time" || column == "loaded";
}

std::string select_records(const Bookkeeping& at, const RecordsTable& there) {
  std::string columns;
  for (const std::string_view column : columns_of(there)) {
    columns += ", ";
    const std::string quoted = at.dialect.quote(column);
    columns += is_time(column) ? at.dialect.time_text(quoted) : quoted;
  }
  return fmt::format("SELECT {}{} FROM {}", at.dialect.quote("table"), columns, at.tables);
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
  if (row[12]) {
    record.keys = coordination::parse_keys(*row[12]);
    record.form = coordination::parse_form(*row[12]);
  }
  if (row.size() > 14) record.since = to_time(row[13]);
  if (row.size() > 14 && row[14]) record.witnesses = coordination::parse_names(*row[14]);
  return record;
}

std::string upsert_record(const Bookkeeping& at, const RecordsTable& there) {
  Insert insert{at.tables, {"table"}, {"table"}, "VALUES (?"};
  for (const std::string_view column : columns_of(there)) {
    insert.columns.emplace_back(column);
    insert.rows += ", ?";
  }
  insert.rows += ")";
  return at.dialect.replace(insert);
}

}  // namespace

SqlResult<std::optional<TableRecord>> read_record(Driver& driver, const Bookkeeping& at, const std::string& table,
                                                  const std::string& lock) {
  if (at.rehearsed != nullptr) {
    const auto kept = at.rehearsed->find(table);
    return kept == at.rehearsed->end() ? std::nullopt : std::optional(kept->second);
  }
  SqlResult<RecordsTable> there = find_records_table(driver, at);
  if (!there) return forward_failure(std::move(there));
  if (!there->there) return std::nullopt;
  const std::string sql = select_records(at, *there) + " WHERE " + at.dialect.quote("table") + " = ?" + lock;
  SqlResult<Answer> answer = driver.run(look_up(at.dialect.bind(sql), {Param::of(table)}));
  if (!answer) return forward_failure(std::move(answer));
  if (answer->rows.empty()) return std::nullopt;
  return to_record(answer->rows.front());
}

SqlResult<std::vector<TableRecord>> read_records(Driver& driver, const Bookkeeping& at) {
  std::vector<TableRecord> records;
  if (at.rehearsed != nullptr) {
    for (const auto& [table, record] : *at.rehearsed) records.push_back(record);
    return records;
  }
  SqlResult<RecordsTable> there = find_records_table(driver, at);
  if (!there) return forward_failure(std::move(there));
  if (!there->there) return records;
  SqlResult<Answer> answer = driver.run(look_up(select_records(at, *there) + " ORDER BY " + at.dialect.quote("table")));
  if (!answer) return forward_failure(std::move(answer));
  for (const Cells& row : answer->rows) records.push_back(to_record(row));
  return records;
}

namespace {

/// What a driver that is not believed has made of a record; its times are the database's own.
SqlResult<bool> check_record(Driver& driver, const Bookkeeping& at, const TableRecord& record, const RecordsTable& there) {
  SqlResult<std::optional<TableRecord>> stored = read_record(driver, at, record.table, "");
  if (!stored) return forward_failure(std::move(stored));
  const auto texts = [](const TableRecord& of) {
    return std::tie(of.table, of.source_table, of.incarnation, of.kind, of.epoch, of.load, of.relays, of.names, of.keys);
  };
  const bool witnessed = *stored && (!there.has_witnesses || (*stored)->witnesses == record.witnesses);
  if (witnessed && texts(**stored) == texts(record)) return true;
  return call_failure({ErrorKind::refused,
                       fmt::format("the record of table {} is not stored as it was given", record.table), "",
                       "the database's driver changes what it writes: use another one"});
}

}  // namespace

SqlResult<bool> write_record(Driver& driver, const Bookkeeping& at, const TableRecord& record) {
  SqlResult<RecordsTable> there = find_records_table(driver, at);
  if (!there) return forward_failure(std::move(there));
  std::string kind, load(to_string(record.load)),
      relays = coordination::relays_json(record.relays), names = coordination::names_json(record.names),
      keys = coordination::keys_json(record.keys, record.form), witnesses = coordination::names_json(record.witnesses);
  if (record.kind) kind = dynamodb::to_string(*record.kind);
  Statement write = statement(upsert_record(at, *there),
                              {Param::of(record.table), Param::of(record.source_table), Param::of(record.incarnation.str()),
                               record.kind ? Param::of(kind) : Param{}, Param::of_integer(record.epoch), Param::of(load),
                               Param::of_time(record.cut.value_or(kNoTime)), Param::of(relays),
                               Param::of_time(record.sweep ? record.sweep->watermark : kNoTime),
                               Param::of_time(record.sweep ? record.sweep->server_time : kNoTime), Param::of(names),
                               Param::of_time(record.loaded.value_or(kNoTime)), Param::of(keys)});
  if (there->has_witnesses) {
    write.params.push_back(Param::of_time(record.since.value_or(kNoTime)));
    write.params.push_back(record.witnesses.empty() ? Param{} : Param::of(witnesses));
    write.width = write.params.size();
  }
  if (SqlResult<Answer> written = driver.run(std::move(write)); !written) return forward_failure(std::move(written));
  if (at.dialect.belief() == Belief::nothing) {
    if (SqlResult<bool> kept = check_record(driver, at, record, *there); !kept) return kept;
  }
  if (at.rehearsed != nullptr) (*at.rehearsed)[record.table] = record;
  return true;
}

Statement check_epoch(const Bookkeeping& at, const std::string& table, coordination::Epoch epoch) {
  const std::string sql = fmt::format("SELECT 1 FROM {} WHERE {} = ? AND {} = ?{}", at.tables, at.dialect.quote("table"),
                                      at.dialect.quote("epoch"), at.dialect.for_share());
  return statement(at.dialect.bind(sql), {Param::of(table), Param::of_integer(epoch)});
}

}  // namespace ctk::sink::sql
