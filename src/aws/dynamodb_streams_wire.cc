#include "aws/dynamodb_streams_wire.h"

#include "aws/common_wire.h"
#include "aws/dynamodb_wire.h"
#include "json/writer.h"

namespace ctk::aws {
namespace {

using json::Element;
using json::Piece;

std::unexpected<Error> strange(std::string_view action, std::string_view what) {
  return strange_answer("DynamoDB Streams", action, what);
}

std::optional<StreamsShard> read_shard(Element element) {
  StreamsShard shard;
  shard.id = ShardId(text_member(element, "ShardId"));
  const std::string parent = text_member(element, "ParentShardId");
  if (!parent.empty()) shard.parent = ShardId(parent);
  const auto range = json::member(element, "SequenceNumberRange");
  if (shard.id.empty() || !range) return std::nullopt;
  read_range(*range, shard.first, shard.last);
  return shard;
}

/// What the reader needs of a record; the rest of it is the decoder's.
bool read_stream_record(Piece dynamodb, StreamsRecord& record) {
  const auto object = json::object_of(dynamodb);
  return object && json::for_each_member(*object, [&](std::string_view name, Piece value) {
           if (name == "SequenceNumber") record.sequence = SequenceNumber(json::string_of(value).value_or(""));
           if (name == "ApproximateCreationDateTime") {
             const auto number = json::number_of(value);
             record.time = (number ? time_of(*number) : std::nullopt).value_or(kNoTime);
           }
           return true;
         });
}

bool read_record(Piece entry, StreamsPage& page) {
  const auto object = json::object_text(entry);
  if (!object) return false;
  StreamsRecord record{{}, kNoTime, {}};
  record.data = object->text;
  const bool good = json::for_each_member(object->object, [&](std::string_view name, Piece value) {
    return name != "dynamodb" || read_stream_record(value, record);
  });
  if (!good || !record.sequence.valid()) return false;
  page.records.push_back(std::move(record));
  return true;
}

/// None, which says that the shard has ended, is left out, or null. False where it is neither that nor a text.
bool take_iterator(Piece value, StreamsPage& page) {
  if (json::is_null(value)) return true;
  const auto next = json::string_of(value);
  if (next && !next->empty()) page.next_iterator = std::string(*next);
  return next.has_value();
}

}  // namespace

std::string describe_stream_request(const DescribeStreamRequest& request) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("StreamArn");
  out.string(request.stream.str());
  if (request.after) {
    out.key("ExclusiveStartShardId");
    out.string(request.after->str());
  }
  if (request.children_of) {
    out.key("ShardFilter");
    out.begin_object();
    out.key("Type");
    out.string("CHILD_SHARDS");
    out.key("ShardId");
    out.string(request.children_of->str());
    out.end_object();
  }
  out.end_object();
  return text;
}

std::string streams_iterator_request(const Arn& stream, const ShardId& shard, const IteratorStart& start) {
  using Kind = IteratorStart::Kind;
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("StreamArn");
  out.string(stream.str());
  out.key("ShardId");
  out.string(shard.str());
  out.key("ShardIteratorType");
  out.string(iterator_type(start.kind));
  if (start.kind == Kind::at_sequence || start.kind == Kind::after_sequence) {
    out.key("SequenceNumber");
    out.string(start.sequence.str());
  }
  out.end_object();
  return text;
}

std::string streams_records_request(const std::string& iterator, int limit) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("ShardIterator");
  out.string(iterator);
  out.key("Limit");
  out.number(int64_t{limit});
  out.end_object();
  return text;
}

Result<StreamsDescription> read_streams_description(std::string_view body) {
  json::Parser parser;
  Result<Element> document = parser.parse(body);
  if (!document) return strange("DescribeStream", document.error().peer);
  const auto element = json::member(*document, "StreamDescription");
  if (!element) return strange("DescribeStream", "no StreamDescription");
  StreamsDescription stream;
  stream.arn = Arn(text_member(*element, "StreamArn"));
  stream.table = TableName(text_member(*element, "TableName"));
  stream.status = text_member(*element, "StreamStatus");
  stream.created = time_member(*element, "CreationRequestDateTime").value_or(Timestamp{});
  stream.view = parse_stream_view(text_member(*element, "StreamViewType")).value_or(stream.view);
  for_each(*element, "KeySchema", [&](Element key) {
    const bool hash = text_member(key, "KeyType") == "HASH";
    stream.keys.insert(hash ? stream.keys.begin() : stream.keys.end(), {text_member(key, "AttributeName"), 'S'});
    return true;
  });
  const bool good = for_each(*element, "Shards", [&](Element entry) {
    auto shard = read_shard(entry);
    if (shard) stream.shards.push_back(std::move(*shard));
    return shard.has_value();
  });
  if (!good) return strange("DescribeStream", "a shard without id or range");
  const std::string next = text_member(*element, "LastEvaluatedShardId");
  if (!next.empty()) stream.next = ShardId(next);
  if (stream.arn.empty()) return strange("DescribeStream", "no StreamArn");
  return stream;
}

Result<StreamsPage> read_streams_page(json::PieceParser& parser, std::string& body) {
  Result<json::PieceObject> answer = parser.parse(body);
  if (!answer) return strange("GetRecords", answer.error().peer);
  StreamsPage page;
  page.answer_bytes = body.size();
  bool has_records = false;
  const bool good = json::for_each_member(*answer, [&](std::string_view name, Piece value) {
    if (name == "Records") {
      has_records = !json::is_null(value);
      return json::for_each_entry(value, [&](Piece entry) { return read_record(entry, page); });
    }
    return name != "NextShardIterator" || take_iterator(value, page);
  });
  if (!good) return strange("GetRecords", "broken JSON, a record without sequence number, or an iterator that is no text");
  if (!has_records) return strange("GetRecords", "no Records");
  return page;
}

}  // namespace ctk::aws
