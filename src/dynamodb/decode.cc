#include "dynamodb/decode.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "dynamodb/bare_numbers.h"
#include "dynamodb/encode.h"
#include "dynamodb/event.h"
#include "dynamodb/resemblance.h"
#include "json/value_splitter.h"

namespace ctk::dynamodb {

/// The first reason why an event cannot be a change; empty while there is none.
class Reason {
 public:
  void note(std::string text) {
    if (text_.empty()) text_ = std::move(text);
  }
  bool empty() const { return text_.empty(); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

namespace {

constexpr size_t kTimeDigits = 17;
constexpr size_t kKinesisSequenceDigits = 60;
constexpr size_t kStreamsSequenceDigits = 40;
constexpr size_t kLineDigits = 20;
constexpr size_t kIndexDigits = 10;

/// Digits in `width` places, with zeros in front; more places where there are more digits.
void append_padded(std::string& out, std::string_view digits, size_t width) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  size_t begin = out.size();
  size_t zeros = digits.size() < width ? width - digits.size() : 0;
  size_t end = begin + zeros + digits.size();
  out.resize_and_overwrite(end, [&](char* text, size_t) {
    std::fill_n(text + begin, zeros, '0');
    std::copy(digits.begin(), digits.end(), text + begin + zeros);
    return end;
  });
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

void append_order_text(std::string& order, VersionKind kind, Timestamp time, std::string_view sequence, uint64_t line) {
  order += "1.";
  if (kind == VersionKind::streams || kind == VersionKind::file_sequence) {
    return append_stream_sequence(order, sequence);
  }
  append_padded(order, static_cast<uint64_t>(std::max<int64_t>(to_micros(time), 0)), kTimeDigits);
  order += '.';
  if (kind == VersionKind::kinesis) {
    append_padded(order, sequence, kKinesisSequenceDigits);
  } else {
    append_padded(order, line, kLineDigits);
  }
}

std::optional<Operation> parse_operation(std::string_view name) {
  if (name == "INSERT") return Operation::insert;
  if (name == "MODIFY") return Operation::modify;
  if (name == "REMOVE") return Operation::remove;
  return std::nullopt;
}

void check_source(const Event& event, Reason& reason) {
  if (event.source.empty() || event.source == "aws:dynamodb") return;
  reason.note("eventSource is not aws:dynamodb: " + excerpt(event.source));
}

void read_operation(Change& change, const Event& event, Reason& reason) {
  if (std::optional<Operation> operation = parse_operation(event.name)) {
    change.operation = *operation;
  } else {
    reason.note(event.name.empty() ? "eventName is missing" : "unknown eventName: " + excerpt(event.name));
  }
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

std::string no_time(json::Element value) {
  std::string reason = "ApproximateCreationDateTime is no time between 1970 and 5138";
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) reason += ": " + excerpt(text);
  return reason;
}

/// Which of what shares a line or a record a change is.
struct Place {
  std::optional<uint32_t> in_aggregate{};
  uint32_t value = 0;           ///< of the values
  uint32_t change = 0;          ///< of the value's changes
  std::string_view sequence{};  ///< of the record of Kinesis that holds it, in Lambda's wrapping; then the first of it is 0
};

void append_index(std::string& order, char mark, uint32_t index) {
  order += mark;
  append_padded(order, index, kIndexDigits);
}

void append_place(std::string& order, const Place& place) {
  if (place.in_aggregate) append_index(order, ':', *place.in_aggregate);
  if (place.value > 0) append_index(order, ':', place.value);
  if (place.change > 0) append_index(order, '.', place.change);
}

bool read_time(Change& change, const Event& event, Reason& reason) {
  if (!event.time) {
    reason.note("ApproximateCreationDateTime is missing");
    return false;
  }
  std::optional<Timestamp> time = creation_time(*event.time, event.precision);
  if (!time) {
    reason.note(no_time(*event.time));
    return false;
  }
  change.time = *time;
  return true;
}

void read_order(const Change& change, std::string& order, const Event& event, const RawRecord& raw, VersionKind kind,
                Place place, Reason& reason) {
  if (std::string wrong = check_sequence(kind, event.sequence); !wrong.empty()) return reason.note(std::move(wrong));
  std::string_view sequence = kind == VersionKind::kinesis ? std::string_view(raw.sequence.str()) : event.sequence;
  if (kind == VersionKind::file_time && !place.sequence.empty()) {
    append_order_text(order, VersionKind::kinesis, change.time, place.sequence, 0);
  } else {
    append_order_text(order, kind, change.time, sequence, raw.line);
  }
  const bool shared = kind == VersionKind::kinesis || kind == VersionKind::file_time;
  if (shared) append_place(order, place);
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
  append_order_text(order, kind, time, sequence, line);
  return order;
}

std::string load_order(Timestamp time) {
  std::string order = "0.";
  append_padded(order, static_cast<uint64_t>(std::max<int64_t>(to_micros(time), 0)), kTimeDigits);
  return order;
}

/// One record on its way.
struct Decoder::Job {
  const DecodeOptions& options;
  const RawRecord& raw;  ///< without its data
  std::shared_ptr<const std::string> record;
  Decoded& out;
  std::optional<VersionKind> first_kind = {};  ///< of the first change that could be decoded
  std::optional<uint32_t> value = {};          ///< the record is taken apart: which of its values
  uint32_t value_begin = 0;                    ///< index of that value's first change
  std::string_view wrapped = {};               ///< Place::sequence, within such a wrapper
  std::optional<uint32_t> in_aggregate = {};   ///< of one that stands in a wrapper

  uint32_t next_index() const { return static_cast<uint32_t>(out.total()); }
  Place next_place() const {
    const uint32_t before = wrapped.empty() ? raw.value : 0;
    const auto index = raw.in_aggregate ? std::optional(raw.in_aggregate->index) : in_aggregate;
    return {index, before + value.value_or(0), next_index() - value_begin, wrapped};
  }
  void refuse(std::string reason) { out.undecodable.push_back({next_index(), std::move(reason), {}, {}, {}, record}); }
};

Decoded Decoder::decode(RawRecord record, const DecodeOptions& options) {
  Decoded out;
  run(record, options, out);
  return out;
}

std::optional<VersionKind> Decoder::file_kind(std::string_view record) {
  RawRecord raw;
  raw.data.reserve(record.size() + json::kPadding);
  raw.data = record;
  Decoded unused;
  return run(raw, {}, unused);
}

/// Returns the kind of the first change that could be decoded.
std::optional<VersionKind> Decoder::run(RawRecord& record, const DecodeOptions& options, Decoded& out) {
  auto data = std::make_shared<std::string>(std::move(record.data));
  Job job{.options = options, .raw = record, .record = data, .out = out};
  if (!record.refusal.empty()) {
    job.refuse(std::string(record.refusal));
  } else if (data->empty()) {
    job.refuse("the record is empty");
  } else {
    decode_text(job, *data, parser_, {});
  }
  if (record.first_line != 0 && record.first_line != record.line) {
    for (Undecodable& one : out.undecodable) one.reason += fmt::format(" (lines {} to {})", record.first_line, record.line);
  }
  return job.first_kind;
}

void Decoder::decode_text(Job& job, std::string& text, json::Parser& parser, std::string_view wrapper) {
  size_t changes = job.out.changes.size(), undecodable = job.out.undecodable.size();
  text.reserve(text.size() + json::kPadding);
  Result<json::Element> document = parser.parse_padded(text);
  if (document && decode_document(job, *document, wrapper)) return;

  cut(job.out.changes, changes);
  cut(job.out.undecodable, undecodable);
  std::string quoted = quote_numbers(text);
  quoted.reserve(quoted.size() + json::kPadding);
  document = parser.parse_padded(quoted);
  if (document) {
    decode_document(job, *document, wrapper);
  } else if (job.value || !decode_values(job, text, parser, wrapper)) {
    job.refuse((wrapper.empty() ? "" : std::string(wrapper) + ": ") + to_string(document.error()) +
               like(resemblance_of_bytes(text)));
  }
}

/// Takes apart what is not one JSON document but several; false where it is not.
bool Decoder::decode_values(Job& job, std::string_view text, json::Parser& parser, std::string_view wrapper) {
  json::ValueSplitter splitter(std::string_view::npos);
  const std::shared_ptr<const std::string> whole = job.record;
  std::vector<std::string_view> pieces;
  size_t objects = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const json::ValueSplitter::Step step = splitter.next(rest, true);
    if (step.piece) {
      pieces.push_back(rest.substr(step.piece->begin, step.piece->end - step.piece->begin));
      if (step.piece->kind == json::ValueSplitter::Kind::object) ++objects;
    }
    rest.remove_prefix(step.consumed);
  }
  // One that is as long as the text is the text itself.
  if (objects == 0 || pieces.front().size() == text.size()) return false;
  for (size_t i = 0; i < pieces.size(); ++i) {
    auto own = std::make_shared<std::string>();
    own->reserve(pieces[i].size() + json::kPadding);
    *own = pieces[i];
    job.value = static_cast<uint32_t>(i);
    job.value_begin = job.next_index();
    // What stands in a wrapper cannot be played again without it.
    if (wrapper.empty()) job.record = own;
    decode_text(job, *own, parser, wrapper);
  }
  job.record = whole;
  job.value.reset();
  return true;
}

/// False where a number without quotes was met.
bool Decoder::decode_document(Job& job, json::Element document, std::string_view wrapper) {
  json::Object object;
  json::Array records;
  if (document.get(records) == simdjson::SUCCESS && records.size() > 0) return decode_array(job, records, wrapper);
  if (document.get(object) != simdjson::SUCCESS) {
    job.refuse("the record is no JSON object" + like(resemblance_of_scalar(document)));
    return true;
  }
  Envelope envelope = read_envelope(object);
  if (!wrapper.empty() || !envelope.records || envelope.records->get(records) != simdjson::SUCCESS) {
    return decode_envelope(job, envelope, object, wrapper);
  }
  return decode_array(job, records, wrapper);
}

bool Decoder::decode_array(Job& job, json::Array records, std::string_view wrapper) {
  bool quoted = true;
  for (json::Element record : records) {
    json::Object object;
    if (record.get(object) != simdjson::SUCCESS) {
      job.refuse("Records holds what is no JSON object");
    } else {
      quoted &= decode_envelope(job, read_envelope(object), object, wrapper);
    }
  }
  return quoted;
}

bool Decoder::decode_envelope(Job& job, const Envelope& envelope, json::Object document, std::string_view wrapper) {
  if (envelope.event.has_stream_record) return decode_event(job, envelope.event);
  if (envelope.kinesis && wrapper.empty()) {
    decode_wrapped(job, *envelope.kinesis);
  } else if (!envelope.data_name.empty() && wrapper.empty()) {
    decode_data(job, envelope.data_name, envelope.data);
  } else {
    job.refuse("no change of DynamoDB: it has no member dynamodb" + like(resemblance_of(document)));
  }
  return true;
}

/// A record of Kinesis as Lambda has it. Its place is its own, whatever else stands on the line.
void Decoder::decode_wrapped(Job& job, json::Element kinesis) {
  const std::optional<std::string_view> data = json::string_member(kinesis, "data");
  if (!data) return job.refuse("kinesis.data is missing");
  const std::string_view sequence = json::string_member(kinesis, "sequenceNumber").value_or("");
  if (!is_sequence(sequence)) return decode_data(job, "kinesis.data", *data);
  const auto value = std::exchange(job.value, std::nullopt);
  const uint32_t begin = std::exchange(job.value_begin, job.next_index());
  job.wrapped = sequence;
  decode_data(job, "kinesis.data", *data);
  job.wrapped = {};
  job.value = value;
  job.value_begin = begin;
}

/// A record's payload. Tools that show it print its text; all others its base64.
void Decoder::decode_data(Job& job, std::string_view name, std::string_view data) {
  if (data.empty()) return job.refuse(std::string(name) + " is empty");
  std::string text;
  text.reserve(data.size() + json::kPadding);
  if (data.front() == '{' || data.front() == '[') {
    text = data;
  } else if (!json::append_decoded_base64(text, data)) {
    return job.refuse(std::string(name) + " is no base64");
  }
  if (const auto records = shards::take_apart(text)) return decode_aggregate(job, name, *records);
  decode_text(job, text, inner_parser_, name);
}

/// Each of its records is one by itself. Where the aggregate has no sequence number they are as several values are.
void Decoder::decode_aggregate(Job& job, std::string_view name, const std::vector<shards::SubRecord>& records) {
  const auto value = job.value;
  const uint32_t begin = job.value_begin;
  for (uint32_t index = 0; index < records.size(); ++index) {
    if (job.wrapped.empty()) {
      job.value = value.value_or(0) + index;
    } else {
      job.in_aggregate = index;
    }
    job.value_begin = job.next_index();
    const shards::SubRecord& one = records[index];
    if (!one.key) {
      job.refuse(std::string(shards::kNoSuchKey));
      continue;
    }
    std::string text;
    text.reserve(one.data.size() + json::kPadding);
    text = one.data;
    decode_text(job, text, inner_parser_, name);
  }
  job.in_aggregate.reset();
  job.value = value;
  job.value_begin = begin;
}

bool Decoder::decode_event(Job& job, const Event& event) {
  uint32_t index = job.next_index();
  const Place place = job.next_place();
  Change& change = job.out.changes.emplace_back();
  change.index_in_record = index;
  change.first_of_text = place.change == 0;
  builder_.begin();
  key_.clear();
  order_.clear();

  VersionKind own_kind = event.sequence.empty() ? VersionKind::file_time : VersionKind::file_sequence;
  Reason reason;
  check_source(event, reason);
  read_operation(change, event, reason);
  change.by_time_to_live = change.operation == Operation::remove && event.user && names_time_to_live(*event.user);
  read_keys(change, event, reason);
  const bool has_time = read_time(change, event, reason);
  if (job.options.order) {
    order_ = *job.options.order;
  } else if (has_time) {
    read_order(change, order_, event, job.raw, job.options.kind.value_or(own_kind), place, reason);
  }
  if (reason.empty()) read_images(change, event, job.options.old_image, reason);
  if (!reason.empty()) {
    job.out.undecodable.push_back({index, reason.take(), std::string(event.table()), key_, order_, job.record});
    job.out.changes.pop_back();
    return !builder_.met_bare_number();
  }
  builder_.finish(change, {event.table(), event.id, order_, key_});
  change.record = job.record;
  if (!job.first_kind) job.first_kind = own_kind;
  return true;
}

Decoded Decoder::decode_item(RawRecord record, const ItemSource& source) {
  auto data = std::make_shared<std::string>(std::move(record.data));
  Decoded out;
  const DecodeOptions options;
  Job job{.options = options, .raw = record, .record = data, .out = out};
  data->reserve(data->size() + json::kPadding);
  if (!decode_item_text(job, *data, source)) {
    std::string quoted = quote_numbers(*data);
    quoted.reserve(quoted.size() + json::kPadding);
    out = {};
    decode_item_text(job, quoted, source);
  }
  return out;
}

/// False where a number without quotes was met.
bool Decoder::decode_item_text(Job& job, std::string& text, const ItemSource& source) {
  Change change;
  change.operation = Operation::insert;
  change.time = job.raw.arrival;
  const std::string order = load_order(job.raw.arrival);
  builder_.begin();
  key_.clear();
  Reason reason;
  Result<json::Element> item = parser_.parse_padded(text);
  if (item) {
    read_item(change, *item, source, reason);
  } else {
    reason.note(to_string(item.error()));
  }
  if (!reason.empty()) {
    job.out.undecodable.push_back({0, reason.take(), source.table, key_, order, job.record});
    return !builder_.met_bare_number();
  }
  builder_.finish(change, {source.table, {}, order, key_});
  change.record = job.record;
  job.out.changes.push_back(std::move(change));
  return true;
}

void Decoder::read_item(Change& change, json::Element item, const ItemSource& source, Reason& reason) {
  std::optional<uint32_t> image = builder_.add_item("item", item);
  if (!image) return reason.note(builder_.reason());
  std::optional<uint32_t> index = builder_.add_selection(*image, source.keys);
  if (!index) return reason.note(builder_.reason());
  Value keys = builder_.in_first_item(*index);
  if (std::string wrong = check_keys(keys); !wrong.empty()) return reason.note(std::move(wrong));
  builder_.set_keys(change, *index);
  builder_.set_new_image(change, *image);
  append_typed_key(key_, keys);
}

void Decoder::read_keys(Change& change, const Event& event, Reason& reason) {
  if (!event.keys) return reason.note("Keys is missing");
  std::optional<uint32_t> index = builder_.add_item("Keys", *event.keys);
  if (!index) return reason.note(builder_.reason());
  Value keys = builder_.in_first_item(*index);
  if (std::string wrong = check_keys(keys); !wrong.empty()) return reason.note(std::move(wrong));
  builder_.set_keys(change, *index);
  append_typed_key(key_, keys);
}

void Decoder::read_images(Change& change, const Event& event, bool old_image, Reason& reason) {
  if (change.operation != Operation::remove) {
    if (!event.new_image) return reason.note(missing_image(event));
    std::optional<uint32_t> index = builder_.add_item("NewImage", *event.new_image);
    if (!index) return reason.note(builder_.reason());
    builder_.set_new_image(change, *index);
  }
  if (old_image && event.old_image) {
    std::optional<uint32_t> index = builder_.add_item("OldImage", *event.old_image);
    if (!index) return reason.note(builder_.reason());
    builder_.set_old_image(change, *index);
  }
}

}  // namespace ctk::dynamodb
