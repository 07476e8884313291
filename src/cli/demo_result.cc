#include "cli/demo_result.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dynamodb/decode.h"
#include "dynamodb/encode.h"
#include "json/writer.h"

namespace ctk::cli {

Result<DemoRows> expected_rows(const sim::DynamoDbTable& table) {
  DemoRows rows;
  for (const auto& [place, item] : table.items()) {
    // An item as the only change of a record of its own, so that its values can be read by type.
    dynamodb::RawRecord record;
    record.data = fmt::format(
        R"({{"eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{{"ApproximateCreationDateTime":1,"Keys":{},"NewImage":{}}}}})",
        place.key, sim::to_json(item));
    record.sequence = aws::SequenceNumber("1");
    auto decoded = dynamodb::Decoder().decode(std::move(record), {.kind = dynamodb::VersionKind::kinesis});
    if (decoded.changes.size() != 1) return fail(ErrorKind::internal, "an item of the model cannot be read");
    const dynamodb::Change& change = decoded.changes[0];
    std::vector<std::string> columns;
    for (const dynamodb::Value value : change.keys()) columns.emplace_back(value.text());
    const sim::Attributes key = table.key_of(item);
    std::string data = "{";
    for (const dynamodb::Value value : change.new_image()) {
      if (key.contains(std::string(value.name()))) continue;
      if (data.size() > 1) data += ',';
      json::append_string(data, value.name());
      data += ':';
      dynamodb::append_plain(data, value);
    }
    rows[std::move(columns)] = data + "}";
  }
  return rows;
}

DemoRows rows_of(const sink::ResultSet& result) {
  DemoRows rows;
  for (const auto& row : result.rows) {
    std::vector<std::string> key;
    for (size_t i = 0; i + 1 < row.size(); ++i) key.push_back(row[i].value_or(""));
    rows[std::move(key)] = row.back().value_or("");
  }
  return rows;
}

std::optional<std::string> difference(const DemoRows& items, const DemoRows& rows) {
  size_t missing = 0, other = 0, extra = 0;
  std::string example;
  const auto note = [&example](const std::vector<std::string>& key) {
    if (example.empty()) example = fmt::format("{}", fmt::join(key, "/"));
  };
  for (const auto& [key, data] : items) {
    const auto row = rows.find(key);
    if (row != rows.end() && row->second == data) continue;
    note(key);
    ++(row == rows.end() ? missing : other);
  }
  for (const auto& [key, data] : rows) {
    if (items.contains(key)) continue;
    note(key);
    ++extra;
  }
  if (example.empty()) return std::nullopt;
  return fmt::format("of {} items {} have no row and {} another one, and {} rows have no item; the first is {}",
                     items.size(), missing, other, extra, example);
}

}  // namespace ctk::cli
