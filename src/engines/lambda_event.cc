#include "engines/lambda_event.h"

#include <algorithm>
#include <utility>

#include "aws/common_wire.h"
#include "json/pieces.h"
#include "json/writer.h"

namespace ctk::engines {
namespace {

using json::Piece;
using Service = MappedStream::Service;

constexpr std::string_view kNoBase64 = "its data is no base64";

std::unexpected<Error> broken_event(const std::string& what) {
  return fail(ErrorKind::corrupt, "the event is no batch of a stream: " + what);
}

/// One entry of Records, as far as it is read.
struct Entry {
  std::string source, stream, id;
  bool has_kinesis = false, has_dynamodb = false;
  dynamodb::RawRecord record;
};

std::string text_of(Piece value) { return std::string(json::string_of(value).value_or("")); }

Timestamp moment_of(Piece value) {
  const auto number = json::number_of(value);
  return (number ? aws::time_of(*number) : std::nullopt).value_or(kNoTime);
}

void read_kinesis_data(std::string_view base64, dynamodb::RawRecord& record) {
  const std::optional<std::string> decoded = json::decode_base64(base64);
  record.data = decoded ? *decoded : base64;
  if (!decoded) record.refusal = kNoBase64;
}

bool read_kinesis_part(Piece part, Entry& entry) {
  const auto object = json::object_of(part);
  entry.has_kinesis = object.has_value();
  return object && json::for_each_member(*object, [&](std::string_view name, Piece value) {
           if (name == "sequenceNumber") entry.record.sequence = aws::SequenceNumber(text_of(value));
           if (name == "approximateArrivalTimestamp") entry.record.arrival = moment_of(value);
           if (name == "data") read_kinesis_data(json::string_of(value).value_or(""), entry.record);
           return true;
         });
}

bool read_dynamodb_part(Piece part, Entry& entry) {
  const auto object = json::object_of(part);
  entry.has_dynamodb = object.has_value();
  return object && json::for_each_member(*object, [&](std::string_view name, Piece value) {
           if (name == "SequenceNumber") entry.record.sequence = aws::SequenceNumber(text_of(value));
           if (name == "ApproximateCreationDateTime") entry.record.arrival = moment_of(value);
           return true;
         });
}

/// False where the text breaks off.
bool read_entry(Piece piece, Entry& entry) {
  entry.record.arrival = kNoTime;
  const auto object = json::object_text(piece);
  if (!object) return false;
  const bool whole = json::for_each_member(object->object, [&](std::string_view name, Piece value) {
    if (name == "eventSource") entry.source = text_of(value);
    if (name == "eventSourceARN") entry.stream = text_of(value);
    if (name == "eventID") entry.id = text_of(value);
    if (name == "kinesis") return read_kinesis_part(value, entry);
    if (name == "dynamodb") return read_dynamodb_part(value, entry);
    return true;
  });
  if (!whole || entry.has_kinesis) return whole;
  // What DynamoDB says of a change is the record, in its own text.
  entry.record.data = object->text;
  return true;
}

Result<EventShard> shard_of(const Entry& entry, size_t number) {
  const std::string which = "record " + std::to_string(number);
  EventShard shard;
  shard.stream.arn = aws::Arn(entry.stream);
  if (entry.source == "aws:kinesis" && entry.has_kinesis) {
    shard.stream.service = Service::kinesis;
    // "shardId-000000000006:4959…"
    shard.shard = aws::ShardId(entry.id.substr(0, entry.id.rfind(':') == std::string::npos ? 0 : entry.id.rfind(':')));
  } else if (entry.source == "aws:dynamodb" && entry.has_dynamodb) {
    shard.stream.service = Service::dynamodb;
  } else {
    const std::string found = entry.source.empty() ? "nothing" : json::to_utf8(entry.source.substr(0, 60));
    return fail(ErrorKind::refused, which + " of the event is of " + found + ", and not of a stream that ctk reads", "",
                "ctk lambda is for event source mappings of Kinesis and of DynamoDB Streams");
  }
  if (!entry.record.sequence.valid()) return broken_event(which + " has no sequence number");
  return shard;
}

/// Puts the record behind those of its shard.
void add_record(std::vector<EventShard>& shards, EventShard shard, dynamodb::RawRecord record) {
  auto found = std::ranges::find_if(
      shards, [&](const EventShard& one) { return one.stream == shard.stream && one.shard == shard.shard; });
  if (found == shards.end()) found = shards.insert(shards.end(), std::move(shard));
  found->records.push_back(std::move(record));
}

/// The list that the event holds, read into `shards`; what is wrong with it, if anything is.
std::optional<Error> read_list(Piece list, std::vector<EventShard>& shards) {
  std::optional<Error> wrong;
  size_t number = 0;
  const bool whole = json::for_each_entry(list, [&](Piece piece) {
    ++number;
    Entry entry;
    if (!read_entry(piece, entry)) return false;
    Result<EventShard> shard = shard_of(entry, number);
    if (!shard) {
      wrong = std::move(shard).error();
      return false;
    }
    add_record(shards, std::move(*shard), std::move(entry.record));
    return true;
  });
  if (!whole && !wrong) wrong = broken_event("its Records are no list of objects").error();
  return wrong;
}

}  // namespace

std::string MappedStream::name() const {
  // arn:aws:kinesis:REGION:ACCOUNT:stream/NAME, arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL
  const std::string& text = arn.str();
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return text;
  return text.substr(slash + 1, text.find('/', slash + 1) - slash - 1);
}

Result<std::vector<EventShard>> read_lambda_event(std::string& text) {
  json::PieceParser parser;
  const Result<json::PieceObject> event = parser.parse(text);
  if (!event) return fail(ErrorKind::corrupt, "the event is no JSON object", event.error().peer);
  std::vector<EventShard> shards;
  std::optional<Error> wrong;
  bool has_list = false;
  const bool whole = json::for_each_member(*event, [&](std::string_view name, Piece value) {
    if (name != "Records" || has_list) return true;
    has_list = true;
    wrong = read_list(value, shards);
    return !wrong;
  });
  if (wrong) return std::unexpected(std::move(*wrong));
  if (!whole || !parser.at_end()) return broken_event("it breaks off");
  if (!has_list) return fail(ErrorKind::refused, "the event is no batch of a stream: it has no Records");
  return shards;
}

std::string batch_answer(const std::vector<aws::SequenceNumber>& failures) {
  std::string answer;
  json::Writer writer(answer);
  writer.begin_object();
  writer.key("batchItemFailures");
  writer.begin_array();
  for (const aws::SequenceNumber& one : failures) {
    writer.begin_object();
    writer.key("itemIdentifier");
    writer.string(one.str());
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return answer;
}

}  // namespace ctk::engines
