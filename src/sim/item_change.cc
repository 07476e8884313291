#include "sim/item_change.h"

#include <algorithm>
#include <array>
#include <utility>

#include "json/writer.h"

namespace ctk::sim {
namespace {

using aws::StreamView;

constexpr std::array<std::pair<StreamView, const char*>, 4> kViews{
    {{StreamView::keys_only, "KEYS_ONLY"},
     {StreamView::new_image, "NEW_IMAGE"},
     {StreamView::old_image, "OLD_IMAGE"},
     {StreamView::new_and_old_images, "NEW_AND_OLD_IMAGES"}}};

const char* event_name(const ItemChange& change) {
  if (!change.after) return "REMOVE";
  return change.before ? "MODIFY" : "INSERT";
}

/// One record's JSON, member by member.
class RecordWriter {
 public:
  explicit RecordWriter(std::string& out) : writer_(out) {}

  void text(std::string_view member, std::string_view value) {
    writer_.key(member);
    writer_.string(value);
  }
  void number(std::string_view member, int64_t value) {
    writer_.key(member);
    writer_.number(value);
  }
  void raw(std::string_view member, std::string_view json) {
    writer_.key(member);
    writer_.raw(json);
  }
  /// An image, and its bytes into the record's size.
  void image(std::string_view member, const Attributes& attributes) {
    raw(member, to_json(attributes));
    bytes_ += bytes_of(attributes);
  }
  int64_t image_bytes() const { return static_cast<int64_t>(bytes_); }
  json::Writer& json() { return writer_; }

 private:
  json::Writer writer_;
  size_t bytes_ = 0;
};

}  // namespace

TableEvent kinesis_event(const ItemChange& change) {
  TableEvent out;
  out.partition_key = aws::to_string(aws::hash_of(change.table + to_json(change.key)));
  RecordWriter record(out.record);
  record.json().begin_object();
  record.text("awsRegion", change.region);
  record.text("eventID", change.event_id);
  record.text("eventName", event_name(change));
  record.raw("userIdentity", change.by_ttl ? R"({"principalId":"dynamodb.amazonaws.com","type":"Service"})" : "null");
  record.text("recordFormat", "application/json");
  record.text("tableName", change.table);
  record.json().key("dynamodb");
  record.json().begin_object();
  record.number("ApproximateCreationDateTime", to_micros(change.time));
  record.image("Keys", change.key);
  if (change.after) record.image("NewImage", *change.after);
  if (change.before) record.image("OldImage", *change.before);
  record.number("SizeBytes", record.image_bytes());
  record.text("ApproximateCreationDateTimePrecision", "MICROSECOND");
  record.json().end_object();
  record.text("eventSource", "aws:dynamodb");
  record.json().end_object();
  return out;
}

std::string streams_record(const ItemChange& change, StreamView view, const std::string& sequence) {
  const bool shows_new = view == StreamView::new_image || view == StreamView::new_and_old_images;
  const bool shows_old = view == StreamView::old_image || view == StreamView::new_and_old_images;
  std::string event_id = change.event_id;
  std::erase(event_id, '-');
  std::string out;
  RecordWriter record(out);
  record.json().begin_object();
  record.text("eventID", event_id);
  record.text("eventName", event_name(change));
  record.text("eventVersion", "1.1");
  record.text("eventSource", "aws:dynamodb");
  record.text("awsRegion", change.region);
  record.json().key("dynamodb");
  record.json().begin_object();
  record.number("ApproximateCreationDateTime", to_micros(change.time) / 1'000'000);
  record.image("Keys", change.key);
  if (shows_new && change.after) record.image("NewImage", *change.after);
  if (shows_old && change.before) record.image("OldImage", *change.before);
  record.text("SequenceNumber", sequence);
  record.number("SizeBytes", record.image_bytes());
  record.text("StreamViewType", view_name(view));
  record.json().end_object();
  if (change.by_ttl) record.raw("userIdentity", R"({"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"})");
  record.json().end_object();
  return out;
}

const char* view_name(StreamView view) {
  return std::ranges::find(kViews, view, &std::pair<StreamView, const char*>::first)->second;
}

std::optional<StreamView> parse_view(std::string_view name) {
  for (const auto& [view, text] : kViews) {
    if (name == text) return view;
  }
  return std::nullopt;
}

}  // namespace ctk::sim
