#include "dynamodb/event_text.h"

#include <fmt/format.h>

#include "json/writer.h"

namespace ctk::dynamodb {

std::string event_text(const Change& change) {
  if (change.record.empty()) return "";
  if (!change.from_load()) return std::string(change.record);
  std::string table;
  json::append_string(table, change.table);
  return fmt::format(
      R"({{"eventName":"INSERT","eventSource":"aws:dynamodb","tableName":{},"dynamodb":{{"ApproximateCreationDateTime":{},)"
      R"("ApproximateCreationDateTimePrecision":"MICROSECOND","Keys":{},"NewImage":{}}}}})",
      table, to_micros(change.time), change.key, change.record);
}

}  // namespace ctk::dynamodb
