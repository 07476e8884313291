#include "record/recorded_positions.h"

#include "json/reader.h"
#include "json/writer.h"

namespace ctk::record {
namespace {

void put(json::Writer& writer, std::string_view name, std::string_view text) {
  writer.key(name);
  writer.string(text);
}

void put_row(json::Writer& writer, const coordination::StoredPosition& row) {
  writer.begin_object();
  put(writer, "shard", row.shard.str());
  put(writer, "position", shards::to_string(row.position));
  put(writer, "incarnation", row.incarnation.str());
  writer.key("epoch");
  writer.number(std::to_string(row.epoch));
  writer.key("read_to");
  row.read_to == kNoTime ? writer.null() : writer.string(format_iso8601(row.read_to));
  writer.end_object();
}

std::unexpected<Error> no_positions() { return fail(ErrorKind::corrupt, "this is no file of positions"); }

Result<coordination::StoredPosition> row_of(json::Element element) {
  coordination::StoredPosition row;
  const auto shard = json::string_member(element, "shard");
  const auto position = shards::parse_position(json::string_member(element, "position").value_or(""));
  const auto incarnation = json::string_member(element, "incarnation");
  if (!shard || !position || !incarnation) return no_positions();
  row.shard = aws::ShardId(std::string(*shard));
  row.position = *position;
  row.incarnation = coordination::Incarnation(std::string(*incarnation));
  row.epoch = static_cast<coordination::Epoch>(json::int_member(element, "epoch").value_or(1));
  if (const auto time = json::string_member(element, "read_to")) {
    const auto read_to = parse_timestamp(*time);
    if (!read_to) return no_positions();
    row.read_to = *read_to;
  }
  return row;
}

}  // namespace

std::string to_text(const RecordedPositions& positions) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  put(writer, "relay", positions.relay.str());
  writer.key("bytes");
  writer.number(std::to_string(positions.bytes));
  writer.key("shards");
  writer.begin_array();
  for (const coordination::StoredPosition& row : positions.rows) put_row(writer, row);
  writer.end_array();
  writer.end_object();
  return text + "\n";
}

Result<RecordedPositions> parse_positions(std::string_view text) {
  json::Parser parser;
  const auto document = parser.parse(text);
  if (!document) return no_positions();
  const auto relay = json::string_member(*document, "relay");
  const auto bytes = json::int_member(*document, "bytes");
  const auto shards = json::member(*document, "shards");
  json::Array list;
  if (!relay || !bytes || *bytes < 0 || !shards || shards->get(list) != simdjson::SUCCESS) return no_positions();
  RecordedPositions positions{coordination::RelayName(std::string(*relay)), static_cast<uint64_t>(*bytes), {}};
  for (const json::Element element : list) {
    auto row = row_of(element);
    if (!row) return forward_error(std::move(row));
    positions.rows.push_back(std::move(*row));
  }
  return positions;
}

}  // namespace ctk::record
