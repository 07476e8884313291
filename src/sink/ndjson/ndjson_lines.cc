#include "dynamodb/encode.h"
#include "json/writer.h"
#include "sink/ndjson/ndjson_sink.h"

namespace ctk::sink::ndjson {
namespace {

std::string_view or_null(const OptionalText& json) { return json.view().value_or("null"); }

}  // namespace

// Every change becomes such a line: its words are put in pieces as long as they can be.
void append_line(std::string& out, const std::string& table, const dynamodb::Change& change, const table::Row& row) {
  out += R"({"table":)";
  json::append_string(out, table);
  out += row.deleted ? R"(,"op":"delete","key":)" : R"(,"op":"upsert","key":)";
  dynamodb::append_plain_key(out, change.keys());
  out += R"(,"data":)";
  out += or_null(row.data);
  out += R"(,"aux":)";
  out += or_null(row.aux);
  out += R"(,"version":)";
  json::append_string(out, row.version);
  out += R"(,"time":)";
  if (row.time == kNoTime) {
    out += "null}\n";
  } else {
    out += '"';
    append_iso8601(out, row.time);
    out += "\"}\n";
  }
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
