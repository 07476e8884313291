#include "dynamodb/event.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "dynamodb/number.h"

namespace ctk::dynamodb {
namespace {

constexpr int64_t kSecondsBelow = 100'000'000'000;           // 1e11
constexpr int64_t kMillisecondsBelow = 100'000'000'000'000;  // 1e14
constexpr int64_t kTimeBelow = 100'000'000'000'000'000;      // 17 digits of microseconds

bool take_field(json::Walk& in, std::string_view& field) {
  field = {};
  return in.head() == '"' ? in.take_text(field) : in.skip();
}

class EnvelopeReader {
 public:
  EnvelopeReader(json::Walk& walk, ChangeBuilder& builder, bool old_image, Envelope& envelope)
      : in_(walk), builder_(builder), old_image_(old_image), envelope_(envelope) {}

  bool read() {
    return in_.members([this](std::string_view name) { return take_member(name); });
  }

 private:
  bool take_member(std::string_view name) {
    Event& event = envelope_.event;
    switch (name.size()) {  // names of other lengths are skipped without a look
      case 4:
        if ((json::is_word(name, "Data") || json::is_word(name, "data")) && in_.head() == '"') {
          envelope_.data_name = name;
          return in_.take_text(envelope_.data);
        }
        break;
      case 7:
        if (json::is_word(name, "eventID")) return take_field(in_, event.id);
        if (json::is_word(name, "kinesis") && in_.head() != 'n') return take_wrapper();
        if ((json::is_word(name, "Records") || json::is_word(name, "records")) && in_.head() == '[')
          envelope_.records = in_.place();
        break;
      case 8:
        if (json::is_word(name, "dynamodb") && in_.head() == '{') {
          event.has_stream_record = true;
          return in_.members([this](std::string_view member) { return take_stream_member(member); });
        }
        break;
      case 9:
        if (json::is_word(name, "eventName")) return take_once(event.name, event.name_twice);
        if (json::is_word(name, "tableName")) return take_field(in_, event.table_name);
        break;
      case 11:
        if (json::is_word(name, "eventSource")) return take_field(in_, event.source);
        break;
      case 12:
        if (json::is_word(name, "userIdentity") && in_.head() != 'n') return take_user();
        break;
      case 14:
        if (json::is_word(name, "eventSourceARN")) return take_field(in_, event.source_arn);
        break;
      default: break;
    }
    return in_.skip();
  }

  bool take_stream_member(std::string_view name) {
    Event& event = envelope_.event;
    switch (name.size()) {
      case 4:
        if (json::is_word(name, "Keys")) return take_item(event.keys, name);
        break;
      case 8:
        if (json::is_word(name, "NewImage")) return take_item(event.new_image, name);
        if (json::is_word(name, "OldImage") && old_image_) return take_item(event.old_image, name);
        break;
      case 14:
        if (json::is_word(name, "SequenceNumber")) return take_once(event.sequence, event.sequence_twice);
        if (json::is_word(name, "StreamViewType")) return take_field(in_, event.view_type);
        break;
      case 27:
        if (json::is_word(name, "ApproximateCreationDateTime") && in_.head() != 'n') return take_time();
        break;
      case 36:
        if (json::is_word(name, "ApproximateCreationDateTimePrecision")) return take_field(in_, event.precision);
        break;
      default: break;
    }
    return in_.skip();
  }

  bool take_item(EventItem& item, std::string_view name) {
    if (in_.head() == 'n') return in_.skip();
    if (std::exchange(item.present, true)) {
      item.index.reset();
      item.reason = std::string(name) + " stands twice";
      return in_.skip();
    }
    item.index = builder_.add_item(name);
    if (!item.index) item.reason = builder_.reason();
    return !in_.failed();
  }

  bool take_once(std::string_view& field, bool& twice) {
    twice |= !field.empty();
    return take_field(in_, field);
  }

  bool take_time() {
    envelope_.event.time_twice |= envelope_.event.time.has_value();
    json::Walk::Scalar& time = envelope_.event.time.emplace();
    return in_.take_scalar(time) || (!in_.failed() && in_.skip());
  }

  bool take_wrapper() {
    KinesisWrapper& wrapper = envelope_.kinesis.emplace();
    if (in_.head() != '{') return in_.skip();
    return in_.members([&](std::string_view name) {
      if (in_.head() == '"' && json::is_word(name, "data")) return in_.take_text(wrapper.data.emplace());
      if (in_.head() == '"' && json::is_word(name, "sequenceNumber")) return in_.take_text(wrapper.sequence);
      return in_.skip();
    });
  }

  bool take_user() {
    envelope_.event.by_time_to_live = false;
    if (in_.head() != '{') return in_.skip();
    return in_.members([this](std::string_view name) {
      std::string_view principal;
      if (!json::is_word(name, "principalId") && !json::is_word(name, "PrincipalId")) return in_.skip();
      const bool good = take_field(in_, principal);
      envelope_.event.by_time_to_live = principal == "dynamodb.amazonaws.com";
      return good;
    });
  }

  json::Walk& in_;
  ChangeBuilder& builder_;
  bool old_image_;
  Envelope& envelope_;
};

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

bool read_envelope(json::Walk& walk, ChangeBuilder& builder, bool old_image, Envelope& envelope) {
  return EnvelopeReader(walk, builder, old_image, envelope).read();
}

std::optional<Timestamp> creation_time(const json::Walk::Scalar& value, std::string_view precision) {
  using Kind = json::Walk::Scalar::Kind;
  if (value.kind == Kind::text) return text_time(value.raw, precision);
  if (value.kind != Kind::number) return std::nullopt;
  if (const std::optional<int64_t> plain = plain_integer(value.raw)) return whole_time(*plain, precision);
  const char* const begin = value.raw.data();
  const char* const end = begin + value.raw.size();
  int64_t whole = 0;
  const auto read = std::from_chars(begin, end, whole);
  if (read.ec == std::errc() && read.ptr == end) return whole_time(whole, precision);
  double fraction = 0;
  if (std::from_chars(begin, end, fraction).ec != std::errc()) return std::nullopt;
  return fractional_time(fraction, precision);
}

}  // namespace ctk::dynamodb
