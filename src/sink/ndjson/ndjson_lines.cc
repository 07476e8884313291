#include "dynamodb/encode.h"
#include "json/writer.h"
#include "sink/ndjson/ndjson_sink.h"

namespace ctk::sink::ndjson {
namespace {

void append_or_null(json::Writer& writer, const std::optional<std::string>& json) {
  if (json) {
    writer.raw(*json);
  } else {
    writer.null();
  }
}

}  // namespace

void append_line(std::string& out, const std::string& table, const dynamodb::Change& change, const table::Row& row) {
  json::Writer writer(out);
  writer.begin_object();
  writer.key("table");
  writer.string(table);
  writer.key("op");
  writer.string(row.deleted ? "delete" : "upsert");
  writer.key("key");
  writer.raw(dynamodb::plain_key(change.keys()));
  writer.key("data");
  append_or_null(writer, row.data);
  writer.key("aux");
  append_or_null(writer, row.aux);
  writer.key("version");
  writer.string(row.version);
  writer.key("time");
  if (row.time == kNoTime) {
    writer.null();
  } else {
    writer.string(format_iso8601(row.time));
  }
  writer.end_object();
  out += '\n';
}

void append_dead_letter(std::string& out, const DeadLetter& letter) {
  json::Writer writer(out);
  writer.begin_object();
  const std::pair<const char*, const std::string*> members[] = {
      {"id", &letter.id},           {"relay", &letter.relay},
      {"shard", &letter.shard},     {"position", &letter.position},
      {"key", &letter.key},         {"source_table", &letter.source_table},
      {"version", &letter.version}, {"kind", &letter.kind},
      {"reason", &letter.reason},   {"change", &letter.change},
  };
  writer.key("time");
  writer.string(format_iso8601(letter.time));
  for (const auto& [name, value] : members) {
    writer.key(name);
    writer.string(*value);
  }
  writer.end_object();
  out += '\n';
}

}  // namespace ctk::sink::ndjson
