// From a record's bytes to the envelopes in it. What they hold becomes Changes in decode_event.cc.
#include "dynamodb/decode.h"

#include <utility>

#include <fmt/format.h>

#include "dynamodb/bare_numbers.h"
#include "dynamodb/decode_job.h"
#include "dynamodb/event.h"
#include "dynamodb/resemblance.h"
#include "json/value_splitter.h"

namespace ctk::dynamodb {
namespace {

/// A slab that holds so many bytes is given no further record: one change that outlives its batch keeps not much more.
constexpr size_t kSlabBytes = 512u << 10;
/// What a slab takes up at once: a batch's first, which may be of few records; the others; one of a single record.
constexpr size_t kFirstSlab = 16u << 10, kNextSlab = 64u << 10, kSlabOfOne = 1u << 10;

template <class Item>
void cut(std::vector<Item>& items, size_t size) {
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(size), items.end());
}

}  // namespace

Decoded Decoder::decode(RawRecord record, const DecodeOptions& options) {
  Decoded out;
  decode_record(record, options, out, std::make_shared<Slab>(kSlabOfOne));
  return out;
}

void Decoder::decode_of_batch(RawRecord& record, const DecodeOptions& options, Decoded& out) {
  out.clear();
  decode_record(record, options, out, slab_with_room());
}

void Decoder::decode_record(RawRecord& record, const DecodeOptions& options, Decoded& out, std::shared_ptr<Slab> slab) {
  Job job{.options = options, .raw = record, .out = out, .slab = std::move(slab)};
  job.record = job.slab->keep(record.data);
  run(job);
}

Decoded Decoder::decode_item(RawRecord record, const ItemSource& source) {
  Decoded out;
  decode_item_into(record, source, {}, out, std::make_shared<Slab>(kSlabOfOne));
  return out;
}

void Decoder::decode_item_of_batch(RawRecord& record, const ItemSource& source, std::string_view shard, Decoded& out) {
  out.clear();
  decode_item_into(record, source, shard, out, slab_with_room());
}

std::optional<VersionKind> Decoder::file_kind(std::string_view record) {
  const RawRecord raw;
  const DecodeOptions options;
  Decoded unused;
  Job job{.options = options, .raw = raw, .out = unused, .slab = std::make_shared<Slab>(kSlabOfOne)};
  job.record = job.keep(std::string(record));
  run(job);
  return job.first_kind;
}

const std::shared_ptr<Slab>& Decoder::slab_with_room() {
  if (slab_ == nullptr) slab_ = std::make_shared<Slab>(kFirstSlab);
  if (slab_->bytes() >= kSlabBytes) slab_ = std::make_shared<Slab>(kNextSlab);
  return slab_;
}

void Decoder::run(Job& job) {
  const RawRecord& raw = job.raw;
  if (!raw.refusal.empty()) {
    job.refuse(std::string(raw.refusal));
  } else if (job.record.empty()) {
    job.refuse("the record is empty");
  } else {
    decode_text(job, job.record, walk_, {});
  }
  if (raw.first_line != 0 && raw.first_line != raw.line) {
    for (Undecodable& one : job.out.undecodable) one.reason += fmt::format(" (lines {} to {})", raw.first_line, raw.line);
  }
}

bool Decoder::begin_walk(Job& job, std::string_view text, json::Walk& walk) {
  char* plain = nullptr;
  if (json::Walk::has_escapes(text)) {
    std::string room;
    room.reserve(text.size() + json::kPadding);
    room.resize(text.size());
    plain = job.slab->keep_open(std::move(room)).data();
  }
  builder_.begin(&walk);
  return walk.begin(text, plain);
}

std::string Decoder::why_no_json(std::string_view text) {
  const Result<json::Element> document = parser_.parse(text);
  return document ? "not valid JSON" : to_string(document.error());
}

void Decoder::decode_text(Job& job, std::string_view text, json::Walk& walk, std::string_view wrapper) {
  if (try_text(job, text, walk, wrapper)) return;
  const std::string_view quoted = job.keep(quote_numbers(text));
  if (try_text(job, quoted, walk, wrapper)) return;
  if (job.value || !decode_values(job, text, walk, wrapper)) {
    job.refuse((wrapper.empty() ? "" : std::string(wrapper) + ": ") + why_no_json(quoted) +
               like(resemblance_of_bytes(text)));
  }
}

/// False, and nothing has been made of it, where it is no JSON or a number without quotes was met.
bool Decoder::try_text(Job& job, std::string_view text, json::Walk& walk, std::string_view wrapper) {
  const size_t changes = job.out.changes.size(), undecodable = job.out.undecodable.size();
  const std::optional<VersionKind> first_kind = job.first_kind;
  if (begin_walk(job, text, walk) && decode_document(job, walk, wrapper) && walk.complete()) return true;
  cut(job.out.changes, changes);
  cut(job.out.undecodable, undecodable);
  job.first_kind = first_kind;
  return false;
}

/// Takes apart what is not one JSON document but several; false where it is not.
bool Decoder::decode_values(Job& job, std::string_view text, json::Walk& walk, std::string_view wrapper) {
  json::ValueSplitter splitter(std::string_view::npos);
  const std::string_view whole = job.record;
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
    const std::string_view own = job.keep(std::string(pieces[i]));
    job.value = static_cast<uint32_t>(i);
    job.value_begin = job.next_index();
    // What stands in a wrapper cannot be played again without it.
    if (wrapper.empty()) job.record = own;
    decode_text(job, own, walk, wrapper);
  }
  job.record = whole;
  job.value.reset();
  return true;
}

/// False where a number without quotes was met.
bool Decoder::decode_document(Job& job, json::Walk& walk, std::string_view wrapper) {
  if (walk.head() == '{') return decode_object(job, walk, wrapper, wrapper.empty());
  if (walk.head() == '[' && walk.second() != ']') return decode_array(job, walk, wrapper);
  const json::Walk::Place begin = walk.place();
  if (!walk.skip()) return true;
  const Result<json::Element> value = parser_.parse(walk.between(begin, walk.place()));
  job.refuse("the record is no JSON object" + (value ? like(resemblance_of_scalar(*value)) : ""));
  return true;
}

bool Decoder::decode_array(Job& job, json::Walk& walk, std::string_view wrapper) {
  bool quoted = true;
  walk.elements([&] {
    if (walk.head() == '{') {
      quoted &= decode_object(job, walk, wrapper, false);
      return !walk.failed();
    }
    job.refuse("Records holds what is no JSON object");
    return walk.skip();
  });
  return quoted;
}

bool Decoder::decode_object(Job& job, json::Walk& walk, std::string_view wrapper, bool may_be_batch) {
  const json::Walk::Place begin = walk.place();
  builder_.begin(&walk);
  Envelope envelope;
  if (!read_envelope(walk, builder_, job.options.old_image, envelope)) return true;
  const json::Walk::Place end = walk.place();
  if (may_be_batch && envelope.records) {
    walk.go_to(*envelope.records);
    const bool quoted = decode_array(job, walk, wrapper);
    if (!walk.failed()) walk.go_to(end);
    return quoted;
  }
  if (envelope.event.has_stream_record) return decode_event(job, envelope.event);
  if (envelope.kinesis && wrapper.empty()) {
    decode_wrapped(job, *envelope.kinesis);
  } else if (!envelope.data_name.empty() && wrapper.empty()) {
    decode_data(job, envelope.data_name, envelope.data);
  } else {
    job.refuse("no change of DynamoDB: it has no member dynamodb" + like_object(walk.between(begin, end)));
  }
  return true;
}

/// "; it looks like X" of an object's text, or nothing.
std::string Decoder::like_object(std::string_view text) {
  const Result<json::Element> document = parser_.parse(text);
  json::Object object;
  const bool is_object = document && document->get(object) == simdjson::SUCCESS;
  return is_object ? like(resemblance_of(object)) : "";
}

/// A record of Kinesis as Lambda has it. Its place is its own, whatever else stands on the line.
void Decoder::decode_wrapped(Job& job, const KinesisWrapper& kinesis) {
  if (!kinesis.data) return job.refuse("kinesis.data is missing");
  if (!is_sequence(kinesis.sequence)) return decode_data(job, "kinesis.data", *kinesis.data);
  const auto value = std::exchange(job.value, std::nullopt);
  const uint32_t begin = std::exchange(job.value_begin, job.next_index());
  job.wrapped = kinesis.sequence;
  decode_data(job, "kinesis.data", *kinesis.data);
  job.wrapped = {};
  job.value = value;
  job.value_begin = begin;
}

/// A record's payload. Tools that show it print its text; all others its base64.
void Decoder::decode_data(Job& job, std::string_view name, std::string_view data) {
  if (data.empty()) return job.refuse(std::string(name) + " is empty");
  std::string decoded;
  decoded.reserve(data.size() + json::kPadding);
  if (data.front() == '{' || data.front() == '[') {
    decoded = data;
  } else if (!json::append_decoded_base64(decoded, data)) {
    return job.refuse(std::string(name) + " is no base64");
  }
  const std::string_view text = job.keep(std::move(decoded));
  if (const auto records = shards::take_apart(text)) return decode_aggregate(job, name, *records);
  decode_text(job, text, inner_walk_, name);
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
    decode_text(job, job.keep(std::string(one.data)), inner_walk_, name);
  }
  job.in_aggregate.reset();
  job.value = value;
  job.value_begin = begin;
}

}  // namespace ctk::dynamodb
