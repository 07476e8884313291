#include "cli/report_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/result_format.h"
#include "cli/shown_text.h"
#include "json/writer.h"
#include "observe/progress.h"

namespace ctk::cli {
namespace {

using coordination::StoredPosition;
using sink::DeadLetter;
using sink::ResultSet;
using Kind = ResultSet::Column::Kind;

constexpr size_t kReasonWidth = 80;

std::optional<std::string> time_text(Timestamp time) {
  return time == kNoTime ? std::nullopt : std::optional(format_iso8601(time));
}

/// The members of one object, one after another.
class Object {
 public:
  explicit Object(json::Writer& writer) : writer_(writer) { writer_.begin_object(); }
  ~Object() { writer_.end_object(); }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  void text(std::string_view name, const std::optional<std::string>& value) {
    writer_.key(name);
    value ? writer_.string(*value) : writer_.null();
  }
  void number(std::string_view name, std::optional<int64_t> value) {
    writer_.key(name);
    value ? writer_.number(*value) : writer_.null();
  }

 private:
  json::Writer& writer_;
};

void write_positions(json::Writer& writer, const std::vector<RelayRows>& relays, Timestamp now) {
  writer.begin_array();
  for (const auto& [relay, rows] : relays) {
    for (const StoredPosition& row : rows) {
      Object object(writer);
      object.text("relay", relay.str());
      object.text("shard", row.shard.str());
      object.text("position", to_string(row.position));
      object.text("read_to", time_text(row.read_to));
      const auto lag = stored_lag(row, now);
      object.number("lag_seconds", lag ? std::optional<int64_t>(*lag / std::chrono::seconds(1)) : std::nullopt);
      object.text("updated", time_text(row.updated));
      object.text("worker", row.worker.str());
      object.number("fence", row.fence);
      object.number("epoch", row.epoch);
      object.text("incarnation", row.incarnation.str());
    }
  }
  writer.end_array();
}

void write_dead_letter(json::Writer& writer, const DeadLetter& dead_letter) {
  Object object(writer);
  object.text("id", dead_letter.id);
  object.text("time", time_text(dead_letter.time));
  object.text("relay", dead_letter.relay);
  object.text("shard", dead_letter.shard);
  object.text("position", dead_letter.position);
  object.text("source_table", dead_letter.source_table);
  object.text("key", dead_letter.key);
  object.text("version", dead_letter.version);
  object.text("kind", dead_letter.kind);
  object.text("reason", dead_letter.reason);
  object.text("change", dead_letter.change);
}

void write_texts(json::Writer& writer, const std::vector<std::string>& texts) {
  writer.begin_array();
  for (const std::string& text : texts) writer.string(text);
  writer.end_array();
}

std::string shortened(const std::string& text) {
  if (text.size() <= kReasonWidth) return text;
  size_t end = kReasonWidth - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

ResultSet columns_of(const sink::TableReport& report) {
  ResultSet columns;
  columns.columns = {{"column", Kind::text}, {"type", Kind::text}, {"key", Kind::text}};
  for (const auto& column : report.columns) {
    const bool in_key = std::ranges::find(report.key, column.name) != report.key.end();
    columns.rows.push_back({column.name, column.type, in_key ? "yes" : ""});
  }
  return columns;
}

ResultSet table_of_letters(const std::vector<DeadLetter>& letters) {
  ResultSet table;
  for (const char* name : {"id", "time", "source table", "key", "kind", "reason"}) {
    table.columns.push_back({name, Kind::text});
  }
  for (const DeadLetter& letter : letters) {
    table.rows.push_back({letter.id, format_iso8601(letter.time), letter.source_table, shortened(letter.key), letter.kind,
                          shortened(letter.reason)});
  }
  return table;
}

/// Of a table without its last line.
std::string without_count(std::string table) {
  table.erase(table.rfind('(', table.size() - 1));
  return table;
}

}  // namespace

std::optional<Duration> stored_lag(const StoredPosition& row, Timestamp now) {
  if (row.position.ended() || row.read_to == kNoTime) return std::nullopt;
  return std::max(now - row.read_to, Duration::zero());
}

std::string table_report_json(const sink::TableReport& report, Timestamp now) {
  std::string text;
  json::Writer writer(text);
  {
    Object object(writer);
    object.text("table", report.table);
    writer.key("columns");
    writer.begin_array();
    for (const auto& column : report.columns) {
      Object one(writer);
      one.text("name", column.name);
      one.text("type", column.type);
    }
    writer.end_array();
    writer.key("key");
    write_texts(writer, report.key);
    object.number("rows", report.rows);
    object.number("living", report.living);
    object.number("marked", report.tombstones);
    object.number("size_bytes", report.size_bytes);
    writer.key("positions");
    write_positions(writer, report.positions, now);
    object.number("dead_letters", report.dead_letters);
  }
  return json::to_utf8(std::move(text)) + "\n";
}

std::string table_report_text(const sink::TableReport& report, Timestamp now) {
  std::string text = fmt::format("Table {}\n", report.table);
  if (report.record) {
    const auto& record = *report.record;
    text += fmt::format("Source {}, epoch {}\n", record.source_table, record.epoch);
  }
  text += "\n" + without_count(format_result(columns_of(report), ResultFormat::table)) + "\n";
  text += fmt::format("Rows {}: {} living, {} marked\n", report.rows, report.living, report.tombstones);
  if (report.size_bytes) text += fmt::format("Size {}\n", observe::human_bytes(static_cast<uint64_t>(*report.size_bytes)));
  if (report.health) text += fmt::format("Health {}\n", *report.health);
  text += fmt::format("Dead letters {}", report.dead_letters);
  if (report.dead_letters_of_no_table > 0)
    text += fmt::format(", and {} that tell no table", report.dead_letters_of_no_table);
  text += '\n';
  if (!report.positions.empty()) text += "\nPositions\n" + positions_text(report.positions, now);
  return text;
}

std::string positions_json(const std::vector<RelayRows>& relays, Timestamp now) {
  std::string text;
  json::Writer writer(text);
  write_positions(writer, relays, now);
  return json::to_utf8(std::move(text)) + "\n";
}

std::string positions_text(const std::vector<RelayRows>& relays, Timestamp now) {
  ResultSet table;
  for (const char* name : {"relay", "shard", "position", "read to", "lag", "updated", "worker"}) {
    table.columns.push_back({name, Kind::text});
  }
  for (const auto& [relay, rows] : relays) {
    for (const StoredPosition& row : rows) {
      const auto lag = stored_lag(row, now);
      table.rows.push_back({relay.str(), row.shard.str(), to_string(row.position), time_text(row.read_to).value_or("-"),
                            lag ? observe::human_duration(*lag) : "-", time_text(row.updated).value_or("-"),
                            row.worker.str()});
    }
  }
  return format_result(table, ResultFormat::table);
}

std::string dead_letter_json(const DeadLetter& dead_letter) {
  std::string text;
  json::Writer writer(text);
  write_dead_letter(writer, dead_letter);
  return json::to_utf8(std::move(text)) + "\n";
}

std::string LetterList::page(const std::vector<DeadLetter>& letters) {
  const bool first = letters_ == 0;
  letters_ += letters.size();
  if (!json_) return without_count(format_result(table_of_letters(letters), ResultFormat::table));
  std::string text;
  for (const DeadLetter& letter : letters) {
    text += text.empty() && first ? "[" : ",";
    text += dead_letter_json(letter);
    text.pop_back();  // the line's end
  }
  return text;
}

std::string LetterList::end() const {
  if (!json_)
    return (letters_ == 0 ? without_count(format_result(table_of_letters({}), ResultFormat::table)) : "") +
           fmt::format("({})\n", count_rows(letters_));
  return letters_ == 0 ? "[]\n" : "]\n";
}

std::string dead_letter_text(const DeadLetter& dead_letter) {
  const std::pair<const char*, std::string> lines[] = {{"id", dead_letter.id},
                                                       {"time", format_iso8601(dead_letter.time)},
                                                       {"relay", dead_letter.relay},
                                                       {"shard", dead_letter.shard},
                                                       {"position", dead_letter.position},
                                                       {"source table", dead_letter.source_table},
                                                       {"key", dead_letter.key},
                                                       {"version", dead_letter.version},
                                                       {"kind", dead_letter.kind},
                                                       {"reason", dead_letter.reason},
                                                       {"change", dead_letter.change}};
  std::string text;
  for (const auto& [name, value] : lines) text += fmt::format("{:<12} | {}\n", name, many_lines(value));
  return text;
}

}  // namespace ctk::cli
