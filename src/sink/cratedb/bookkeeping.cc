#include "sink/cratedb/bookkeeping.h"

#include <fmt/format.h>

#include "json/writer.h"
#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {
namespace {

using coordination::RelayName;
using coordination::StoredPosition;
using coordination::TableRecord;

/// A parameter list under construction: values are appended in the statement's order.
class Args {
 public:
  Args() { writer_.begin_array(); }

  Args& text(std::string_view value) {
    writer_.string(value);
    return *this;
  }
  Args& text_or_null(const std::optional<std::string>& value) {
    if (!value) {
      writer_.null();
      return *this;
    }
    return text(*value);
  }
  Args& number(int64_t value) {
    writer_.number(value);
    return *this;
  }
  std::string done() {
    writer_.end_array();
    return std::move(out_);
  }

 private:
  std::string out_;
  json::Writer writer_{out_};
};

std::string array_of(const std::vector<std::string>& rows) { return fmt::format("[{}]", fmt::join(rows, ",")); }

std::optional<std::string> time_text(Timestamp time) {
  if (time == kNoTime) return std::nullopt;
  return format_iso8601(time);
}

Timestamp time_of(const std::string& cell) {
  const auto text = cell_text(cell);
  if (!text) return kNoTime;
  return parse_timestamp(*text).value_or(kNoTime);
}

std::string text_of(const std::string& cell) { return cell_text(cell).value_or(""); }

constexpr std::string_view kRecordColumns =
    "\"table\", source_table, incarnation, kind, epoch, load, cut, relays, sweep_watermark, sweep_time, names, loaded, "
    "\"keys\"";
/// The least and the most cells of a record with what its update is bound to.
constexpr size_t kRecordCells = 15, kRecordCellsWithWitnesses = 17;

std::string record_columns(const Bookkeeping& ours) {
  return std::string(kRecordColumns) + (ours.has_witnesses ? ", since, witnesses" : "");
}

/// All but the primary key, in the order of record_columns.
Args& append_record(const Bookkeeping& ours, Args& args, const TableRecord& record) {
  args.text(record.source_table)
      .text(record.incarnation.str())
      .text_or_null(record.kind ? std::optional(std::string(to_string(*record.kind))) : std::nullopt)
      .number(record.epoch)
      .text(to_string(record.load))
      .text_or_null(record.cut ? time_text(*record.cut) : std::nullopt)
      .text(coordination::relays_json(record.relays))
      .text_or_null(record.sweep ? time_text(record.sweep->watermark) : std::nullopt)
      .text_or_null(record.sweep ? time_text(record.sweep->server_time) : std::nullopt)
      .text(coordination::names_json(record.names))
      .text_or_null(record.loaded ? time_text(*record.loaded) : std::nullopt)
      .text(coordination::keys_json(record.keys, record.form));
  if (!ours.has_witnesses) return args;
  args.text_or_null(record.since ? time_text(*record.since) : std::nullopt);
  if (record.witnesses.empty()) return args.text_or_null(std::nullopt);
  return args.text(coordination::names_json(record.witnesses));
}

constexpr std::string_view kPositionColumns = "relay, shard, position, incarnation, epoch, read_to, fence, worker, updated";

std::string position_rows(const RelayName& relay, const std::vector<StoredPosition>& rows) {
  std::vector<std::string> lines;
  for (const StoredPosition& row : rows) {
    lines.push_back(Args()
                        .text(relay.str())
                        .text(row.shard.str())
                        .text(to_string(row.position))
                        .text(row.incarnation.str())
                        .number(row.epoch)
                        .text_or_null(time_text(row.read_to))
                        .number(row.fence)
                        .text(row.worker.str())
                        .text_or_null(time_text(row.updated))
                        .done());
  }
  return array_of(lines);
}

std::string insert_positions_sql(const table::QualifiedName& positions) {
  return fmt::format("INSERT INTO {} ({})\nVALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)\nON CONFLICT (relay, shard) DO ",
                     quote_name(positions), kPositionColumns);
}

/// `SET c = …` for each column, where the change's fence is not lower than the row's.
std::string unless_fenced(std::initializer_list<std::string_view> columns) {
  std::vector<std::string> parts;
  for (std::string_view column : columns) {
    parts.push_back(fmt::format("{0} = CASE WHEN excluded.fence >= fence THEN excluded.{0} ELSE {0} END", column));
  }
  return fmt::format("UPDATE SET\n  {}", fmt::join(parts, ",\n  "));
}

constexpr std::string_view kLetterColumns =
    "id, \"time\", relay, shard, position, source_table, \"key\", version, kind, reason, change";

}  // namespace

Bookkeeping::Bookkeeping(const std::string& schema)
    : tables{schema, "ctk_tables"}, positions{schema, "ctk_positions"}, dead_letters{schema, "ctk_dead_letters"} {}

std::string Bookkeeping::create_tables() const {
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (\n  \"table\" TEXT PRIMARY KEY, source_table TEXT, incarnation TEXT, kind TEXT,\n"
      "  epoch INTEGER, load TEXT, cut TEXT, relays TEXT, sweep_watermark TEXT, sweep_time TEXT, names TEXT,\n"
      "  loaded TEXT, \"keys\" TEXT, since TEXT,\n  witnesses TEXT INDEX OFF STORAGE WITH (columnstore = false)\n"
      ") CLUSTERED INTO 1 SHARDS",
      quote_name(tables));
}

std::string Bookkeeping::add_witnesses() const {
  return fmt::format(
      "ALTER TABLE {} ADD COLUMN since TEXT, ADD COLUMN witnesses TEXT INDEX OFF STORAGE WITH (columnstore = false)",
      quote_name(tables));
}

std::string Bookkeeping::create_positions() const {
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (\n  relay TEXT, shard TEXT, position TEXT, incarnation TEXT, epoch INTEGER,\n"
      "  read_to TEXT, fence BIGINT, worker TEXT, updated TEXT,\n  PRIMARY KEY (relay, shard)\n"
      ") CLUSTERED INTO 1 SHARDS",
      quote_name(positions));
}

std::string Bookkeeping::create_dead_letters() const {
  constexpr std::string_view kUnbounded = "TEXT INDEX OFF STORAGE WITH (columnstore = false)";
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {0} (\n  id TEXT PRIMARY KEY, \"time\" TEXT, relay TEXT, shard TEXT, position TEXT,\n"
      "  source_table TEXT, kind TEXT,\n  \"key\" {1},\n  version {1},\n  reason {1},\n  change {1}\n"
      ") CLUSTERED INTO 1 SHARDS",
      quote_name(dead_letters), kUnbounded);
}

Statement Bookkeeping::select_record(const std::string& table) const {
  return {.sql = fmt::format("SELECT {}, _seq_no, _primary_term FROM {} WHERE \"table\" = ?", record_columns(*this),
                             quote_name(tables)),
          .args = Args().text(table).done(),
          .bulk = ""};
}

Statement Bookkeeping::insert_record(const TableRecord& record) const {
  Args args;
  args.text(record.table);
  return {.sql = fmt::format("INSERT INTO {} ({})\nVALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?{})", quote_name(tables),
                             record_columns(*this), has_witnesses ? ", ?, ?" : ""),
          .args = "",
          .bulk = array_of({append_record(*this, args, record).done()})};
}

Statement update_record(const Bookkeeping& ours, const StoredRecord& stored, const TableRecord& replacement) {
  Args args;
  append_record(ours, args, replacement).text(replacement.table).number(stored.seq_no).number(stored.primary_term);
  return {.sql = fmt::format("UPDATE {} SET source_table = ?, incarnation = ?, kind = ?, epoch = ?, load = ?, cut = ?, "
                             "relays = ?,\n  sweep_watermark = ?, sweep_time = ?, names = ?, loaded = ?, \"keys\" = ?{}\n"
                             "WHERE \"table\" = ? AND _seq_no = ? AND _primary_term = ?",
                             quote_name(ours.tables), ours.has_witnesses ? ", since = ?, witnesses = ?" : ""),
          .args = "",
          .bulk = array_of({args.done()})};
}

Statement Bookkeeping::select_positions(const RelayName& relay) const {
  return {.sql = fmt::format("SELECT {} FROM {} WHERE relay = ? ORDER BY shard LIMIT 100000", kPositionColumns,
                             quote_name(positions)),
          .args = Args().text(relay.str()).done(),
          .bulk = ""};
}

Statement Bookkeeping::insert_positions(const RelayName& relay, const std::vector<StoredPosition>& rows) const {
  return {.sql = insert_positions_sql(positions) + "NOTHING", .args = "", .bulk = position_rows(relay, rows)};
}

Statement Bookkeeping::raise_fences(const RelayName& relay, const std::vector<StoredPosition>& rows) const {
  return {.sql = insert_positions_sql(positions) + unless_fenced({"epoch", "fence", "worker", "updated"}),
          .args = "",
          .bulk = position_rows(relay, rows)};
}

Statement Bookkeeping::move_positions(const RelayName& relay, const std::vector<StoredPosition>& rows) const {
  return {.sql = insert_positions_sql(positions) + unless_fenced({"position", "epoch", "worker", "updated", "fence"}) +
                 ",\n  read_to = CASE WHEN excluded.fence >= fence AND excluded.read_to > coalesce(read_to, '') "
                 "THEN excluded.read_to ELSE read_to END",
          .args = "",
          .bulk = position_rows(relay, rows)};
}

Statement Bookkeeping::rewind_positions(const RelayName& relay, const std::vector<StoredPosition>& rows) const {
  return {.sql = insert_positions_sql(positions) +
                 unless_fenced({"position", "read_to", "epoch", "worker", "updated", "fence"}),
          .args = "",
          .bulk = position_rows(relay, rows)};
}

Statement Bookkeeping::select_newest_acquisition(const RelayName& relay) const {
  return {.sql = fmt::format("SELECT {} FROM {} WHERE relay = ? ORDER BY fence DESC LIMIT 1", kPositionColumns,
                             quote_name(positions)),
          .args = Args().text(relay.str()).done(),
          .bulk = ""};
}

Statement Bookkeeping::select_relays() const {
  return {.sql = fmt::format("SELECT DISTINCT relay FROM {} ORDER BY relay LIMIT 100000", quote_name(positions)),
          .args = "",
          .bulk = ""};
}

Statement Bookkeeping::delete_positions(const RelayName& relay, const std::vector<aws::ShardId>& shards) const {
  std::vector<std::string> rows;
  for (const aws::ShardId& shard : shards) rows.push_back(Args().text(relay.str()).text(shard.str()).done());
  return {.sql = fmt::format("DELETE FROM {} WHERE relay = ? AND shard = ?", quote_name(positions)),
          .args = "",
          .bulk = array_of(rows)};
}

namespace {

std::string letter_rows(const std::vector<DeadLetter>& letters) {
  std::vector<std::string> rows;
  for (const DeadLetter& letter : letters) {
    rows.push_back(Args()
                       .text(letter.id)
                       .text_or_null(time_text(letter.time))
                       .text(letter.relay)
                       .text(letter.shard)
                       .text(letter.position)
                       .text(letter.source_table)
                       .text(letter.key)
                       .text(letter.version)
                       .text(letter.kind)
                       .text(letter.reason)
                       .text(letter.change)
                       .done());
  }
  return array_of(rows);
}

std::string insert_letters_sql(const table::QualifiedName& dead_letters) {
  return fmt::format("INSERT INTO {} ({})\nVALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\nON CONFLICT (id) DO ",
                     quote_name(dead_letters), kLetterColumns);
}

}  // namespace

Statement Bookkeeping::insert_dead_letters(const std::vector<DeadLetter>& letters) const {
  return {.sql = insert_letters_sql(dead_letters) + "NOTHING", .args = "", .bulk = letter_rows(letters)};
}

Statement Bookkeeping::upsert_dead_letters(const std::vector<DeadLetter>& letters) const {
  return {.sql = insert_letters_sql(dead_letters) + "UPDATE SET reason = excluded.reason, kind = excluded.kind",
          .args = "",
          .bulk = letter_rows(letters)};
}

Statement Bookkeeping::delete_letters(const std::vector<std::string>& ids) const {
  std::vector<std::string> rows;
  for (const std::string& id : ids) rows.push_back(Args().text(id).done());
  return {.sql = fmt::format("DELETE FROM {} WHERE id = ?", quote_name(dead_letters)), .args = "", .bulk = array_of(rows)};
}

Statement Bookkeeping::select_dead_letters(const std::optional<std::string>& id) const {
  return {.sql = fmt::format("SELECT {} FROM {}{} ORDER BY \"time\", id LIMIT 100000", kLetterColumns,
                             quote_name(dead_letters), id ? " WHERE id = ?" : ""),
          .args = id ? Args().text(*id).done() : "",
          .bulk = ""};
}

Statement Bookkeeping::select_dead_letter_sizes(const std::string& from, size_t limit) const {
  return {.sql = fmt::format("SELECT id, length(change) FROM {} WHERE id > ? ORDER BY id LIMIT {}",
                             quote_name(dead_letters), limit),
          .args = Args().text(from).done(),
          .bulk = ""};
}

Statement Bookkeeping::select_dead_letters_between(const std::string& from, const std::string& last) const {
  return {.sql = fmt::format("SELECT {} FROM {} WHERE id > ? AND id <= ? ORDER BY id LIMIT {}", kLetterColumns,
                             quote_name(dead_letters), kMostLettersOfAPage),
          .args = Args().text(from).text(last).done(),
          .bulk = ""};
}

Statement Bookkeeping::select_dead_letter_keys(const std::string& source_table) const {
  return {
      .sql = fmt::format("SELECT \"key\", version FROM {} WHERE source_table = ? LIMIT 100000", quote_name(dead_letters)),
      .args = Args().text(source_table).done(),
      .bulk = ""};
}

Statement Bookkeeping::count_dead_letters(const std::string& source_table) const {
  return {.sql = fmt::format("SELECT count(*) FROM {} WHERE source_table = ?", quote_name(dead_letters)),
          .args = Args().text(source_table).done(),
          .bulk = ""};
}

Statement Bookkeeping::select_records() const {
  return {.sql = fmt::format("SELECT {}, _seq_no, _primary_term FROM {} ORDER BY \"table\" LIMIT 100000",
                             record_columns(*this), quote_name(tables)),
          .args = "",
          .bulk = ""};
}

Result<std::vector<StoredRecord>> read_records(const Answer& answer) {
  std::vector<StoredRecord> records;
  for (const auto& row : answer.rows) {
    Result<StoredRecord> stored = read_record(row);
    if (!stored) return forward_error(std::move(stored));
    records.push_back(std::move(*stored));
  }
  return records;
}

Result<StoredRecord> read_record(const std::vector<std::string>& row) {
  if (row.size() != kRecordCells && row.size() != kRecordCellsWithWitnesses)
    return fail(ErrorKind::internal, "ctk_tables gave a row of another shape");
  StoredRecord stored;
  stored.record.table = text_of(row[0]);
  stored.record.source_table = text_of(row[1]);
  stored.record.incarnation = coordination::Incarnation(text_of(row[2]));
  if (const auto kind = cell_text(row[3])) stored.record.kind = dynamodb::parse_version_kind(*kind);
  stored.record.epoch = static_cast<coordination::Epoch>(cell_int(row[4]).value_or(1));
  stored.record.load = coordination::parse_load_state(text_of(row[5]));
  if (const Timestamp cut = time_of(row[6]); cut != kNoTime) stored.record.cut = cut;
  stored.record.relays = coordination::parse_relays(text_of(row[7]));
  if (const Timestamp watermark = time_of(row[8]); watermark != kNoTime) {
    stored.record.sweep = coordination::SweepPair{watermark, time_of(row[9])};
  }
  stored.record.names = coordination::parse_names(text_of(row[10]));
  if (const Timestamp loaded = time_of(row[11]); loaded != kNoTime) stored.record.loaded = loaded;
  stored.record.keys = coordination::parse_keys(text_of(row[12]));
  stored.record.form = coordination::parse_form(text_of(row[12]));
  if (row.size() == kRecordCellsWithWitnesses) {
    if (const Timestamp since = time_of(row[13]); since != kNoTime) stored.record.since = since;
    stored.record.witnesses = coordination::parse_names(text_of(row[14]));
  }
  stored.seq_no = cell_int(row[row.size() - 2]).value_or(0);
  stored.primary_term = cell_int(row[row.size() - 1]).value_or(0);
  return stored;
}

Result<std::vector<StoredPosition>> read_positions(const Answer& answer) {
  std::vector<StoredPosition> rows;
  for (const auto& row : answer.rows) {
    if (row.size() != 9) return fail(ErrorKind::internal, "ctk_positions gave a row of another shape");
    auto position = shards::parse_position(text_of(row[2]));
    if (!position) return std::unexpected(std::move(position).error());
    rows.push_back({.shard = aws::ShardId(text_of(row[1])),
                    .position = std::move(*position),
                    .incarnation = coordination::Incarnation(text_of(row[3])),
                    .epoch = static_cast<coordination::Epoch>(cell_int(row[4]).value_or(1)),
                    .read_to = time_of(row[5]),
                    .fence = cell_int(row[6]).value_or(0),
                    .worker = coordination::WorkerName(text_of(row[7])),
                    .updated = time_of(row[8])});
  }
  return rows;
}

std::vector<DeadLetter> read_dead_letters(const Answer& answer) {
  std::vector<DeadLetter> letters;
  for (const auto& row : answer.rows) {
    if (row.size() != 11) continue;
    letters.push_back({.id = text_of(row[0]),
                       .time = time_of(row[1]),
                       .relay = text_of(row[2]),
                       .shard = text_of(row[3]),
                       .position = text_of(row[4]),
                       .source_table = text_of(row[5]),
                       .key = text_of(row[6]),
                       .version = text_of(row[7]),
                       .kind = text_of(row[8]),
                       .reason = text_of(row[9]),
                       .change = text_of(row[10])});
  }
  return letters;
}

}  // namespace ctk::sink::cratedb
