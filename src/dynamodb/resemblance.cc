#include "dynamodb/resemblance.h"

#include <algorithm>
#include <optional>

#include "dynamodb/change_builder.h"
#include "dynamodb/value.h"

namespace ctk::dynamodb {
namespace {

using namespace std::string_view_literals;

struct Beginning {
  std::string_view bytes, looks_like;
};

constexpr Beginning kBeginnings[] = {
    {"\xF3\x89\x9A\xC2"sv,
     "records that the Kinesis Producer Library has aggregated, which this version does not take apart: "
     "have the producer write with AggregationEnabled=false"},
    {"\x1f\x8b"sv,
     "gzip data, as a subscription of CloudWatch Logs writes it: no destination of DynamoDB does; read a stream that has "
     "nothing but DynamoDB's changes"},
    {"\x28\xb5\x2f\xfd"sv, "zstd data: have the producer write without compression"},
    {"\x78\x9c"sv, "zlib data: have the producer write without compression"},
    {"\xff\xfe"sv, "UTF-16 text: have the producer write UTF-8"},
    {"\xfe\xff"sv, "UTF-16 text: have the producer write UTF-8"},
    {"{\0"sv, "UTF-16 text: have the producer write UTF-8"},
    {"\0{"sv, "UTF-16 text: have the producer write UTF-8"},
    {"\x03\x00"sv, "a record of the Glue Schema Registry (Avro, Protobuf): have the producer write JSON"},
    {"\x03\x05"sv, "a compressed record of the Glue Schema Registry (Avro, Protobuf): have the producer write JSON"},
    {"Obj\x01"sv, "an Avro file: events are read as JSON"},
    {"PAR1"sv, "a Parquet file: events are read as JSON"},
    {"\xe0\x01\x00\xea"sv, "Amazon Ion, as exports of tables have it: events are read as JSON"},
    {"$ion_1_0"sv, "Amazon Ion, as exports of tables have it: events are read as JSON"},
    {"{'"sv, "a dictionary as Python prints it: write it with json.dumps"},
    {"<"sv, "XML or HTML"},
};

/// What base64 text says, of its first bytes.
std::string_view resemblance_of_base64(std::string_view text) {
  const std::string_view head = text.substr(0, 16);
  std::string bytes;
  if (head.size() < 16 || !json::append_decoded_base64(bytes, head)) return {};
  if (bytes.starts_with('{') || bytes.starts_with('['))
    return "base64 of JSON: its producer encodes it once more than the service does";
  return {};
}

struct Service {
  std::string_view source, looks_like;
};

/// By the member eventSource (SNS: EventSource).
constexpr Service kServices[] = {
    {"aws:s3", "an event of S3"},
    {"aws:sqs", "an event of SQS: its messages stand in `body`"},
    {"aws:sns", "an event of SNS: its message stands in `Sns`"},
    {"aws:kafka", "an event of Kafka (MSK)"},
    {"SelfManagedKafka", "an event of Kafka"},
    {"aws:codecommit", "an event of CodeCommit"},
    {"aws:kinesis", "an event of Kinesis without its record"},
    {"aws:dynamodb", "an event of DynamoDB that has lost its record"},
};

/// By members that must all be there.
struct Shape {
  std::string_view first, second, looks_like;
};

constexpr Shape kShapes[] = {
    {"detail-type", "detail", "an event of EventBridge: the change would stand in `detail`; send the change itself"},
    {"awslogs", "awslogs", "an event of CloudWatch Logs"},
    {"logGroup", "logEvents", "an event of CloudWatch Logs"},
    {"s3", "s3", "an event of S3"},
    {"Type", "TopicArn", "a notification of SNS: its message stands in `Message`"},
    {"MessageId", "Body", "a message of SQS: its text stands in `Body`"},
    {"messageId", "body", "a message of SQS: its text stands in `body`"},
    {"Item", "Item", "an item of a table's export to S3, which this version does not load"},
    {"Metadata", "Keys", "a record of a table's incremental export to S3, which this version does not load"},
    {"Items", "Count", "the answer of a Scan or Query; dynamodb:// loads a table"},
    {"Keys", "ApproximateCreationDateTime",
     "a stream record without the event around it: put it into the event's member `dynamodb`"},
    {"Keys", "NewImage", "a stream record without the event around it: put it into the event's member `dynamodb`"},
    {"payload", "schema", "an event of Debezium"},
    {"before", "after", "an event of Debezium"},
    {"metadata", "data", "an event of AWS DMS"},
    {"op", "version", "a line that ctk has written to an ndjson target: the events themselves are what it reads"},
    {"__type", "__type", "an error that AWS has answered"},
};

bool has(json::Object document, std::string_view name) { return document.at_key(name).error() == simdjson::SUCCESS; }

std::string_view text_of(json::Object document, std::string_view name) {
  std::string_view text;
  if (document.at_key(name).get(text) != simdjson::SUCCESS) return {};
  return text;
}

/// Whether every member is an attribute value, {"S":…}.
bool is_item(json::Object document) {
  for (auto [name, value] : document) {
    json::Object members;
    if (value.get(members) != simdjson::SUCCESS || members.size() != 1) return false;
    if (!parse_type((*members.begin()).key)) return false;
  }
  return document.size() > 0;
}

}  // namespace

std::string_view resemblance_of_bytes(std::string_view bytes) {
  const auto* found =
      std::ranges::find_if(kBeginnings, [bytes](const Beginning& one) { return bytes.starts_with(one.bytes); });
  if (found != std::end(kBeginnings)) return found->looks_like;
  return resemblance_of_base64(bytes);
}

std::string resemblance_of(json::Object document) {
  for (const std::string_view member : {"eventSource"sv, "EventSource"sv}) {
    const std::string_view source = text_of(document, member);
    const auto* known = std::ranges::find(kServices, source, &Service::source);
    if (known != std::end(kServices)) return std::string(known->looks_like);
    if (!source.empty()) return "an event of " + excerpt(source);
  }
  for (const Shape& shape : kShapes) {
    if (has(document, shape.first) && has(document, shape.second)) return std::string(shape.looks_like);
  }
  if (is_item(document)) return "an item alone, without the event around it";
  return {};
}

std::string_view resemblance_of_scalar(json::Element value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return {};
  return text.starts_with('{') ? "JSON within a JSON string: its producer encodes it twice" : resemblance_of_base64(text);
}

std::string like(std::string_view resemblance) {
  return resemblance.empty() ? std::string() : "; it looks like " + std::string(resemblance);
}

}  // namespace ctk::dynamodb
