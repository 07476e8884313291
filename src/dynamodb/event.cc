#include "dynamodb/event.h"

#include <charconv>
#include <cmath>

#include "dynamodb/number.h"

namespace ctk::dynamodb {
namespace {

constexpr int64_t kSecondsBelow = 100'000'000'000;           // 1e11
constexpr int64_t kMillisecondsBelow = 100'000'000'000'000;  // 1e14
constexpr int64_t kTimeBelow = 100'000'000'000'000'000;      // 17 digits of microseconds

void set_text(std::string_view& field, json::Element value) {
  if (value.get(field) != simdjson::SUCCESS) field = {};
}

void set_element(std::optional<json::Element>& field, json::Element value) {
  if (!value.is_null()) field = value;
}

void read_stream_record(Event& event, json::Object record) {
  event.has_stream_record = true;
  for (auto [name, value] : record) {
    switch (name.size()) {  // names of other lengths are skipped without a look
      case 4:
        if (name == "Keys") set_element(event.keys, value);
        break;
      case 8:
        if (name == "NewImage") set_element(event.new_image, value);
        if (name == "OldImage") set_element(event.old_image, value);
        break;
      case 14:
        if (name == "SequenceNumber") set_text(event.sequence, value);
        if (name == "StreamViewType") set_text(event.view_type, value);
        break;
      case 27:
        if (name == "ApproximateCreationDateTime") set_element(event.time, value);
        break;
      case 36:
        if (name == "ApproximateCreationDateTimePrecision") set_text(event.precision, value);
        break;
      default: break;
    }
  }
}

void read_member(Envelope& envelope, std::string_view name, json::Element value) {
  Event& event = envelope.event;
  switch (name.size()) {
    case 4:
      if ((name == "Data" || name == "data") && value.get(envelope.data) == simdjson::SUCCESS) envelope.data_name = name;
      break;
    case 7:
      if (name == "eventID") set_text(event.id, value);
      if (name == "kinesis") set_element(envelope.kinesis, value);
      if (name == "Records" || name == "records") set_element(envelope.records, value);
      break;
    case 8: {
      json::Object record;
      if (name == "dynamodb" && value.get(record) == simdjson::SUCCESS) read_stream_record(event, record);
      break;
    }
    case 9:
      if (name == "eventName") set_text(event.name, value);
      if (name == "tableName") set_text(event.table_name, value);
      break;
    case 11:
      if (name == "eventSource") set_text(event.source, value);
      break;
    case 12:
      if (name == "userIdentity") set_element(event.user, value);
      break;
    case 14:
      if (name == "eventSourceARN") set_text(event.source_arn, value);
      break;
    default: break;
  }
}

/// Microseconds in one unit of the time.
int64_t unit_of(std::string_view precision, double value) {
  if (precision == "MICROSECOND") return 1;
  if (precision == "MILLISECOND") return 1000;
  if (precision == "SECOND") return 1'000'000;
  if (value < static_cast<double>(kSecondsBelow)) return 1'000'000;
  return value < static_cast<double>(kMillisecondsBelow) ? 1000 : 1;
}

std::optional<Timestamp> whole_time(int64_t value, std::string_view precision) {
  int64_t unit = unit_of(precision, static_cast<double>(value));
  if (value < 0 || value >= kTimeBelow / unit) return std::nullopt;
  return from_micros(value * unit);
}

std::optional<Timestamp> fractional_time(double value, std::string_view precision) {
  double micros = value * static_cast<double>(unit_of(precision, value));
  if (!(micros >= 0 && micros < static_cast<double>(kTimeBelow))) return std::nullopt;
  return from_micros(std::llround(micros));
}

std::optional<Timestamp> calendar_time(std::string_view text) {
  const bool has_year = text.size() > 4 && text[4] == '-';
  if (!has_year) return std::nullopt;
  const Result<Timestamp> time = parse_timestamp(text);
  if (!time || to_micros(*time) < 0 || to_micros(*time) >= kTimeBelow) return std::nullopt;
  return *time;
}

std::optional<Timestamp> text_time(std::string_view text, std::string_view precision) {
  if (!is_number(text)) return calendar_time(text);
  if (std::optional<int64_t> whole = exact_int64(text)) return whole_time(*whole, precision);
  std::string digits = json_number(text);
  double value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc()) return std::nullopt;
  return fractional_time(value, precision);
}

}  // namespace

std::string_view Event::table() const {
  if (!table_name.empty()) return table_name;
  constexpr std::string_view kMark = ":table/";
  size_t mark = source_arn.find(kMark);
  if (mark == std::string_view::npos) return {};
  std::string_view rest = source_arn.substr(mark + kMark.size());
  return rest.substr(0, rest.find('/'));
}

bool names_time_to_live(json::Element user) {
  json::Object members;
  if (user.get(members) != simdjson::SUCCESS) return false;
  for (auto [name, value] : members) {
    std::string_view principal;
    if (name != "principalId" && name != "PrincipalId") continue;
    return value.get(principal) == simdjson::SUCCESS && principal == "dynamodb.amazonaws.com";
  }
  return false;
}

Envelope read_envelope(json::Object document) {
  Envelope envelope;
  for (auto [name, value] : document) read_member(envelope, name, value);
  return envelope;
}

std::optional<Timestamp> creation_time(json::Element value, std::string_view precision) {
  int64_t whole = 0;
  if (value.get(whole) == simdjson::SUCCESS) return whole_time(whole, precision);
  double fraction = 0;
  if (value.is<double>() && value.get(fraction) == simdjson::SUCCESS) return fractional_time(fraction, precision);
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return text_time(text, precision);
  return std::nullopt;
}

}  // namespace ctk::dynamodb
