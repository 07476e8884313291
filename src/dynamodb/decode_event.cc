// From the fields of an event, or from an item, to a Change.
#include <utility>

#include "dynamodb/bare_numbers.h"
#include "dynamodb/decode_job.h"
#include "dynamodb/encode.h"
#include "dynamodb/event.h"
#include "dynamodb/order.h"

namespace ctk::dynamodb {
namespace {

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

void check_repeated(const Event& event, Reason& reason) {
  if (event.name_twice) reason.note("eventName stands twice");
  if (event.sequence_twice) reason.note("SequenceNumber stands twice");
  if (event.time_twice) reason.note("ApproximateCreationDateTime stands twice");
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

std::string no_time(const json::Walk::Scalar& value) {
  std::string reason = "ApproximateCreationDateTime is no time between 1970 and 5138";
  if (value.kind == json::Walk::Scalar::Kind::text) reason += ": " + excerpt(value.raw);
  return reason;
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
  std::string_view sequence = kind == VersionKind::kinesis ? raw.sequence.view() : event.sequence;
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
  for (Value key : keys) {
    if (key.type() != Type::S && key.type() != Type::N && key.type() != Type::B) {
      return "Keys." + excerpt(key.name()) + " is " + std::string(to_string(key.type())) + ", not S, N or B";
    }
  }
  return {};
}

std::string missing_image(const Event& event) {
  std::string reason = "NewImage is missing in " + std::string(event.name == "INSERT" ? "an INSERT" : "a MODIFY");
  if (!event.view_type.empty()) reason += " (the stream's view type is " + excerpt(event.view_type) + ")";
  return reason;
}

}  // namespace

bool Decoder::decode_event(Job& job, const Event& event) {
  const uint32_t index = job.next_index();
  const Place place = job.next_place();
  Change& change = job.out.changes.emplace_back();
  change.index_in_record = index;
  key_.clear();
  order_.clear();

  const VersionKind own_kind = event.sequence.empty() ? VersionKind::file_time : VersionKind::file_sequence;
  Reason reason;
  check_source(event, reason);
  if (event.name_twice || event.sequence_twice || event.time_twice) [[unlikely]]
    check_repeated(event, reason);
  read_operation(change, event, reason);
  change.by_time_to_live = change.operation == Operation::remove && event.by_time_to_live;
  read_keys(change, event, reason);
  const bool has_time = read_time(change, event, reason);
  if (job.options.order) {
    order_ = *job.options.order;
  } else if (has_time) {
    read_order(change, order_, event, job.raw, job.options.kind.value_or(own_kind), place, reason);
  }
  if (reason.empty()) read_images(change, event, job.options.old_image, reason);
  if (!reason.empty()) {
    job.out.undecodable.push_back({index, reason.take(), std::string(event.table()), key_, order_, job.shared_record()});
    job.out.changes.pop_back();
    return !builder_.met_bare_number();
  }
  builder_.finish(change, {event.table(), event.id, order_, key_, job.options.shard, job.options.position}, job.slab);
  change.record = job.record;
  if (!job.first_kind) job.first_kind = own_kind;
  return true;
}

void Decoder::read_keys(Change& change, const Event& event, Reason& reason) {
  if (!event.keys.present) return reason.note("Keys is missing");
  if (!event.keys.index) return reason.note(event.keys.reason);
  const Value keys = builder_.value(*event.keys.index);
  if (std::string wrong = check_keys(keys); !wrong.empty()) return reason.note(std::move(wrong));
  builder_.set_keys(change, *event.keys.index);
  append_typed_key(key_, keys);
}

void Decoder::read_images(Change& change, const Event& event, bool old_image, Reason& reason) {
  if (change.operation != Operation::remove) {
    if (!event.new_image.present) return reason.note(missing_image(event));
    if (!event.new_image.index) return reason.note(event.new_image.reason);
    builder_.set_new_image(change, *event.new_image.index);
  }
  if (old_image && event.old_image.present) {
    if (!event.old_image.index) return reason.note(event.old_image.reason);
    builder_.set_old_image(change, *event.old_image.index);
  }
}

void Decoder::decode_item_into(RawRecord& record, const ItemSource& source, std::string_view shard, Decoded& out,
                               std::shared_ptr<Slab> slab) {
  const DecodeOptions options{.kind = {}, .shard = shard};
  Job job{.options = options, .raw = record, .out = out, .slab = std::move(slab)};
  job.record = job.slab->keep(record.data);
  if (try_item(job, job.record, source)) return;
  out.clear();
  try_item(job, job.keep(quote_numbers(job.record)), source);
}

/// False where a number without quotes was met.
bool Decoder::try_item(Job& job, std::string_view text, const ItemSource& source) {
  Change change;
  change.operation = Operation::insert;
  change.time = job.raw.arrival;
  const std::string order = load_order(job.raw.arrival);
  key_.clear();
  Reason reason;
  const bool begun = begin_walk(job, text, walk_);
  const std::optional<uint32_t> image = begun ? builder_.add_item("item") : std::nullopt;
  if (!walk_.complete()) {
    reason.note(why_no_json(text));
  } else if (!image) {
    reason.note(builder_.reason());
  } else {
    builder_.set_new_image(change, *image);
    select_keys(change, *image, source, reason);
  }
  if (!reason.empty()) {
    job.out.undecodable.push_back({0, reason.take(), source.table, key_, order, job.shared_record()});
    return !builder_.met_bare_number();
  }
  builder_.finish(change, {source.table, {}, order, key_, job.options.shard, {}}, job.slab);
  change.position = change.key;
  change.record = job.record;
  job.out.changes.push_back(std::move(change));
  return true;
}

void Decoder::select_keys(Change& change, uint32_t image, const ItemSource& source, Reason& reason) {
  const std::optional<uint32_t> index = builder_.add_selection(image, source.keys);
  if (!index) return reason.note(builder_.reason());
  const Value keys = builder_.value(*index);
  if (std::string wrong = check_keys(keys); !wrong.empty()) return reason.note(std::move(wrong));
  builder_.set_keys(change, *index);
  append_typed_key(key_, keys);
}

}  // namespace ctk::dynamodb
