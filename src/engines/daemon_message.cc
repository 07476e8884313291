#include "engines/daemon_message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "json/reader.h"
#include "json/writer.h"

namespace ctk::engines {
namespace {

using Action = DaemonMessage::Action;
using json::Element;

constexpr auto kNames = std::to_array<std::pair<std::string_view, Action>>({
    {"initialize", Action::initialize},
    {"processRecords", Action::process_records},
    {"checkpoint", Action::checkpoint},
    {"leaseLost", Action::lease_lost},
    {"shardEnded", Action::shard_ended},
    {"shutdownRequested", Action::shutdown_requested},
    {"shutdown", Action::shutdown_zombie},
});

constexpr size_t kShownBytes = 60;

std::unexpected<Error> no_message(std::string_view line, const std::string& what) {
  const bool is_long = line.size() > kShownBytes;
  const std::string shown = json::to_utf8(std::string(line.substr(0, kShownBytes))) + (is_long ? "…" : "");
  return fail(ErrorKind::corrupt,
              "standard input holds a line that is no message of KCL's MultiLangDaemon (" + what + "): " + shown, "",
              "ctk kcl-processor is started by the daemon: it is the properties file's executableName");
}

/// An aggregate that the daemon took apart: its records share their number.
void mark_aggregates(std::vector<dynamodb::RawRecord>& records, const std::vector<int64_t>& subs) {
  for (size_t begin = 0, end = 0; begin < records.size(); begin = end) {
    while (end < records.size() && records[end].sequence == records[begin].sequence) ++end;
    const bool is_aggregate = end - begin > 1 || subs[begin] > 0;
    for (size_t i = begin; is_aggregate && i < end; ++i) {
      records[i].in_aggregate = {static_cast<uint32_t>(subs[i]), i + 1 == end, false};
    }
  }
}

bool read_record(Element element, DaemonMessage& message, std::vector<int64_t>& subs) {
  dynamodb::RawRecord record;
  record.sequence = aws::SequenceNumber(json::string_member(element, "sequenceNumber").value_or(""));
  const std::optional<std::string_view> data = json::string_member(element, "data");
  const int64_t sub = json::int_member(element, "subSequenceNumber").value_or(0);
  if (!record.sequence.valid() || !data || sub < 0 || sub > UINT32_MAX) return false;
  const std::optional<std::string> decoded = json::decode_base64(*data);
  if (!decoded) return false;
  record.data = *decoded;
  const std::optional<int64_t> arrival = json::int_member(element, "approximateArrivalTimestamp");
  record.arrival = arrival ? from_micros(*arrival * 1000) : kNoTime;
  message.last = Checkpoint{record.sequence, sub};
  message.records.push_back(std::move(record));
  subs.push_back(sub);
  return true;
}

bool read_records(Element document, DaemonMessage& message) {
  const std::optional<Element> list = json::member(document, "records");
  json::Array records;
  if (!list || list->get(records) != simdjson::SUCCESS) return false;
  std::vector<int64_t> subs;
  for (const Element record : records) {
    if (!read_record(record, message, subs)) return false;
  }
  mark_aggregates(message.records, subs);
  return true;
}

}  // namespace

Result<DaemonMessage> read_daemon_message(std::string_view line) {
  json::Parser parser;
  const Result<Element> document = parser.parse(line);
  if (!document) return no_message(line, "no JSON");
  const std::optional<std::string_view> name = json::string_member(*document, "action");
  const auto found = std::ranges::find(kNames, name.value_or(""), &std::pair<std::string_view, Action>::first);
  if (found == kNames.end()) return no_message(line, "its action is none that is known");

  DaemonMessage message;
  message.action = found->second;
  if (message.action == Action::initialize) {
    message.shard = aws::ShardId(std::string(json::string_member(*document, "shardId").value_or("")));
    if (message.shard.empty()) return no_message(line, "it has no shardId");
  }
  if (message.action == Action::process_records && !read_records(*document, message)) {
    return no_message(line, "its records are none");
  }
  if (message.action == Action::checkpoint) message.error = json::string_member(*document, "error").value_or("");
  if (message.action == Action::shutdown_zombie && json::string_member(*document, "reason") == "TERMINATE") {
    message.action = Action::shutdown_terminate;
  }
  return message;
}

std::string_view name_of(Action action) {
  if (action == Action::shutdown_terminate) return "shutdown";
  return std::ranges::find(kNames, action, &std::pair<std::string_view, Action>::second)->first;
}

std::string status_line(Action done) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.key("action");
  writer.string("status");
  writer.key("responseFor");
  writer.string(name_of(done));
  writer.end_object();
  return line + "\n";
}

std::string checkpoint_line(const std::optional<Checkpoint>& place) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.key("action");
  writer.string("checkpoint");
  writer.key("sequenceNumber");
  if (place) {
    writer.string(place->sequence.str());
  } else {
    writer.null();
  }
  writer.key("subSequenceNumber");
  if (place) {
    writer.number(place->sub_sequence);
  } else {
    writer.null();
  }
  writer.end_object();
  return line + "\n";
}

}  // namespace ctk::engines
