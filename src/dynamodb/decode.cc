#include "dynamodb/decode.h"

#include <algorithm>
#include <charconv>

#include "dynamodb/bare_numbers.h"
#include "dynamodb/encode.h"
#include "dynamodb/event.h"

namespace ctk::dynamodb {
namespace {

constexpr size_t kTimeDigits = 17;
constexpr size_t kKinesisSequenceDigits = 60;
constexpr size_t kStreamsSequenceDigits = 40;
constexpr size_t kLineDigits = 20;
constexpr size_t kIndexDigits = 10;

/// Digits in `width` places, with zeros in front; more places where there are more digits.
void append_padded(std::string& out, std::string_view digits, size_t width) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

void append_padded(std::string& out, uint64_t number, size_t width) {
  char digits[20];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  append_padded(out, std::string_view(digits, static_cast<size_t>(end - digits)), width);
}

/// AWS's numbers have 21 to 40 digits; LocalStack gives those of a Kinesis stream, 56, which are marked to sort behind.
void append_stream_sequence(std::string& out, std::string_view digits) {
  const size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  const bool is_long = digits.size() - zeros > kStreamsSequenceDigits;
  if (is_long) out += ':';
  append_padded(out, digits, is_long ? kKinesisSequenceDigits : kStreamsSequenceDigits);
}

bool is_sequence(std::string_view text) {
  return !text.empty() && text.size() <= kKinesisSequenceDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Operation> parse_operation(std::string_view name) {
  if (name == "INSERT") return Operation::insert;
  if (name == "MODIFY") return Operation::modify;
  if (name == "REMOVE") return Operation::remove;
  return std::nullopt;
}

/// Each of the following reads one part of an event into the change; what it returns is the reason why the event cannot be
/// a change, or empty.
std::string read_source(const Event& event) {
  if (event.source.empty() || event.source == "aws:dynamodb") return {};
  return "eventSource is not aws:dynamodb: " + excerpt(event.source);
}

std::string read_operation(Change& change, const Event& event) {
  std::optional<Operation> operation = parse_operation(event.name);
  if (!operation) return event.name.empty() ? "eventName is missing" : "unknown eventName: " + excerpt(event.name);
  change.operation = *operation;
  return {};
}

std::string check_sequence(VersionKind kind, std::string_view sequence) {
  switch (kind) {
    case VersionKind::kinesis: return {};
    case VersionKind::file_time:
      if (!sequence.empty()) return "SequenceNumber is present, but this file's versions go by time and line";
      return {};
    case VersionKind::file_sequence:
      if (sequence.empty()) return "SequenceNumber is missing, but this file's versions go by it";
      break;
    case VersionKind::streams:
      if (sequence.empty()) return "SequenceNumber is missing";
      break;
  }
  return is_sequence(sequence) ? "" : "SequenceNumber is not a number of up to 60 digits: " + excerpt(sequence);
}

std::string read_order(Change& change, const Event& event, const RawRecord& raw, VersionKind kind) {
  if (!event.time) return "ApproximateCreationDateTime is missing";
  std::optional<Timestamp> time = creation_time(*event.time, event.precision);
  if (!time) return "ApproximateCreationDateTime is no time between 1970 and 5138";
  change.time = *time;
  if (std::string reason = check_sequence(kind, event.sequence); !reason.empty()) return reason;
  std::string_view sequence = kind == VersionKind::kinesis ? std::string_view(raw.sequence.str()) : event.sequence;
  change.order = order_text(kind, *time, sequence, raw.line);
  bool shared = kind == VersionKind::kinesis || kind == VersionKind::file_time;
  if (shared && change.index_in_record > 0) {
    change.order += '.';
    append_padded(change.order, change.index_in_record, kIndexDigits);
  }
  return {};
}

std::string check_keys(Value keys) {
  if (keys.size() == 0) return "Keys is empty";
  if (keys.size() > 2) return "Keys has more than two attributes";
  std::string_view previous;
  bool first = true;
  for (Value key : keys) {
    if (key.type() != Type::S && key.type() != Type::N && key.type() != Type::B) {
      return "Keys." + excerpt(key.name()) + " is " + std::string(to_string(key.type())) + ", not S, N or B";
    }
    if (!first && key.name() == previous) return "Keys has one attribute twice: " + excerpt(previous);
    previous = key.name();
    first = false;
  }
  return {};
}

std::string missing_image(const Event& event) {
  std::string reason = "NewImage is missing in " + std::string(event.name == "INSERT" ? "an INSERT" : "a MODIFY");
  if (!event.view_type.empty()) reason += " (the stream's view type is " + excerpt(event.view_type) + ")";
  return reason;
}

template <class Item>
void cut(std::vector<Item>& items, size_t size) {
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(size), items.end());
}

}  // namespace

std::string order_text(VersionKind kind, Timestamp time, std::string_view sequence, uint64_t line) {
  std::string order;
  order.reserve(2 + kTimeDigits + 1 + kKinesisSequenceDigits);
  order += "1.";
  if (kind == VersionKind::streams || kind == VersionKind::file_sequence) {
    append_stream_sequence(order, sequence);
    return order;
  }
  append_padded(order, static_cast<uint64_t>(std::max<int64_t>(to_micros(time), 0)), kTimeDigits);
  order += '.';
  if (kind == VersionKind::kinesis) {
    append_padded(order, sequence, kKinesisSequenceDigits);
  } else {
    append_padded(order, line, kLineDigits);
  }
  return order;
}

std::string load_order(Timestamp time) {
  std::string order = "0.";
  append_padded(order, static_cast<uint64_t>(std::max<int64_t>(to_micros(time), 0)), kTimeDigits);
  return order;
}

/// One record on its way.
struct Decoder::Job {
  DecodeOptions options;
  RawRecord raw;  ///< without its data
  std::shared_ptr<const std::string> record;
  Decoded out = {};
  std::optional<VersionKind> first_kind = {};  ///< of the first change that could be decoded

  uint32_t next_index() const { return static_cast<uint32_t>(out.total()); }
  void refuse(std::string reason) { out.undecodable.push_back({next_index(), std::move(reason), {}, {}, {}, record}); }
};

Decoded Decoder::decode(RawRecord record, const DecodeOptions& options) { return run(std::move(record), options).out; }

std::optional<VersionKind> Decoder::file_kind(std::string_view record) {
  RawRecord raw;
  raw.data.reserve(record.size() + json::kPadding);
  raw.data = record;
  return run(std::move(raw), {}).first_kind;
}

Decoder::Job Decoder::run(RawRecord record, const DecodeOptions& options) {
  auto data = std::make_shared<std::string>(std::move(record.data));
  Job job{.options = options, .raw = std::move(record), .record = data};
  if (data->empty()) {
    job.refuse("the record is empty");
  } else {
    decode_text(job, *data, parser_, false);
  }
  return job;
}

void Decoder::decode_text(Job& job, std::string& text, json::Parser& parser, bool wrapped) {
  size_t changes = job.out.changes.size(), undecodable = job.out.undecodable.size();
  text.reserve(text.size() + json::kPadding);
  Result<json::Element> document = parser.parse_padded(text);
  if (document && decode_document(job, *document, wrapped)) return;

  cut(job.out.changes, changes);
  cut(job.out.undecodable, undecodable);
  std::string quoted = quote_numbers(text);
  quoted.reserve(quoted.size() + json::kPadding);
  document = parser.parse_padded(quoted);
  if (document) {
    decode_document(job, *document, wrapped);
  } else {
    job.refuse((wrapped ? "kinesis.data: " : "") + to_string(document.error()));
  }
}

/// False where a number without quotes was met.
bool Decoder::decode_document(Job& job, json::Element document, bool wrapped) {
  json::Object object;
  if (document.get(object) != simdjson::SUCCESS) {
    job.refuse("the record is no JSON object");
    return true;
  }
  Envelope envelope = read_envelope(object);
  json::Array records;
  if (wrapped || !envelope.records || envelope.records->get(records) != simdjson::SUCCESS) {
    return decode_envelope(job, envelope, wrapped);
  }
  bool quoted = true;
  for (json::Element record : records) {
    if (record.get(object) != simdjson::SUCCESS) {
      job.refuse("Records holds what is no JSON object");
    } else {
      quoted &= decode_envelope(job, read_envelope(object), wrapped);
    }
  }
  return quoted;
}

bool Decoder::decode_envelope(Job& job, const Envelope& envelope, bool wrapped) {
  if (envelope.event.has_stream_record) return decode_event(job, envelope.event);
  if (envelope.kinesis && !wrapped) {
    decode_wrapped(job, *envelope.kinesis);
  } else {
    job.refuse("no change of DynamoDB: it has no member dynamodb");
  }
  return true;
}

void Decoder::decode_wrapped(Job& job, json::Element kinesis) {
  std::optional<std::string_view> data = json::string_member(kinesis, "data");
  if (!data) return job.refuse("kinesis.data is missing");
  std::string text;
  text.reserve(data->size() + json::kPadding);
  if (!json::append_decoded_base64(text, *data)) return job.refuse("kinesis.data is no base64");
  if (text.empty()) return job.refuse("kinesis.data is empty");
  decode_text(job, text, inner_parser_, true);
}

bool Decoder::decode_event(Job& job, const Event& event) {
  uint32_t index = job.next_index();
  Change& change = job.out.changes.emplace_back();
  change.index_in_record = index;
  change.table = event.table();
  change.event_id = event.id;
  builder_.begin();

  VersionKind own_kind = event.sequence.empty() ? VersionKind::file_time : VersionKind::file_sequence;
  std::string reason = read_source(event);
  auto note = [&reason](std::string other) {
    if (reason.empty()) reason = std::move(other);
  };
  note(read_operation(change, event));
  note(read_keys(change, event));
  note(read_order(change, event, job.raw, job.options.kind.value_or(own_kind)));
  if (reason.empty()) note(read_images(change, event, job.options.old_image));
  if (!reason.empty()) {
    job.out.undecodable.push_back(
        {index, std::move(reason), std::move(change.table), std::move(change.key), std::move(change.order), job.record});
    job.out.changes.pop_back();
    return !builder_.met_bare_number();
  }
  builder_.finish(change);
  change.record = job.record;
  if (!job.first_kind) job.first_kind = own_kind;
  return true;
}

Decoded Decoder::decode_item(RawRecord record, const ItemSource& source) {
  auto data = std::make_shared<std::string>(std::move(record.data));
  Job job{.options = {}, .raw = std::move(record), .record = data};
  data->reserve(data->size() + json::kPadding);
  if (!decode_item_text(job, *data, source)) {
    std::string quoted = quote_numbers(*data);
    quoted.reserve(quoted.size() + json::kPadding);
    job.out = {};
    decode_item_text(job, quoted, source);
  }
  return std::move(job.out);
}

/// False where a number without quotes was met.
bool Decoder::decode_item_text(Job& job, std::string& text, const ItemSource& source) {
  Change change;
  change.table = source.table;
  change.operation = Operation::insert;
  change.time = job.raw.arrival;
  change.order = load_order(job.raw.arrival);
  builder_.begin();
  Result<json::Element> item = parser_.parse_padded(text);
  std::string reason = item ? read_item(change, *item, source) : to_string(item.error());
  if (!reason.empty()) {
    job.out.undecodable.push_back(
        {0, std::move(reason), std::move(change.table), std::move(change.key), std::move(change.order), job.record});
    return !builder_.met_bare_number();
  }
  builder_.finish(change);
  change.record = job.record;
  job.out.changes.push_back(std::move(change));
  return true;
}

std::string Decoder::read_item(Change& change, json::Element item, const ItemSource& source) {
  std::optional<uint32_t> image = builder_.add_item("item", item);
  if (!image) return builder_.reason();
  std::optional<uint32_t> keys = builder_.add_selection(*image, source.keys);
  if (!keys) return builder_.reason();
  if (std::string reason = check_keys(builder_.at(*keys)); !reason.empty()) return reason;
  builder_.set_keys(change, *keys);
  builder_.set_new_image(change, *image);
  change.key = typed_key(builder_.at(*keys));
  return {};
}

std::string Decoder::read_keys(Change& change, const Event& event) {
  if (!event.keys) return "Keys is missing";
  std::optional<uint32_t> index = builder_.add_item("Keys", *event.keys);
  if (!index) return builder_.reason();
  Value keys = builder_.at(*index);
  if (std::string reason = check_keys(keys); !reason.empty()) return reason;
  builder_.set_keys(change, *index);
  change.key = typed_key(keys);
  return {};
}

std::string Decoder::read_images(Change& change, const Event& event, bool old_image) {
  if (change.operation != Operation::remove) {
    if (!event.new_image) return missing_image(event);
    std::optional<uint32_t> index = builder_.add_item("NewImage", *event.new_image);
    if (!index) return builder_.reason();
    builder_.set_new_image(change, *index);
  }
  if (old_image && event.old_image) {
    std::optional<uint32_t> index = builder_.add_item("OldImage", *event.old_image);
    if (!index) return builder_.reason();
    builder_.set_old_image(change, *index);
  }
  return {};
}

}  // namespace ctk::dynamodb
