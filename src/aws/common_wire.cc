#include "aws/common_wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ctk::aws {

std::string_view iterator_type(IteratorStart::Kind kind) {
  switch (kind) {
    case IteratorStart::Kind::trim_horizon: return "TRIM_HORIZON";
    case IteratorStart::Kind::latest: return "LATEST";
    case IteratorStart::Kind::at_timestamp: return "AT_TIMESTAMP";
    case IteratorStart::Kind::at_sequence: return "AT_SEQUENCE_NUMBER";
    case IteratorStart::Kind::after_sequence: return "AFTER_SEQUENCE_NUMBER";
  }
  return "TRIM_HORIZON";
}

std::unexpected<Error> strange_answer(std::string_view service, std::string_view action, std::string_view what) {
  return fail(ErrorKind::corrupt, fmt::format("the answer to {} is not what {} promises: {}", action, service, what));
}

std::string text_member(json::Element element, std::string_view name) {
  return std::string(json::string_member(element, name).value_or(""));
}

bool is_text_or_none(json::Element element, std::string_view name) {
  const std::optional<json::Element> value = json::member(element, name);
  return !value || value->is_null() || value->is_string();
}

bool has_list(json::Element element, std::string_view name) {
  const std::optional<json::Element> value = json::member(element, name);
  return value && value->is_array();
}

std::optional<Timestamp> time_of(double number) {
  double size = std::fabs(number);
  double unit = size < 1e11 ? 1e6 : size < 1e14 ? 1e3 : 1;
  if (!(size < 1e18)) return std::nullopt;  // not a number, too
  return from_micros(std::llround(number * unit));
}

Duration span_of(int64_t count, Duration unit) {
  constexpr Duration kCentury = std::chrono::years(100);
  return std::clamp<int64_t>(count, 0, kCentury / unit) * unit;
}

std::optional<Timestamp> time_member(json::Element element, std::string_view name) {
  std::optional<json::Element> value = json::member(element, name);
  if (!value) return std::nullopt;
  double number = 0;
  if (value->get(number) == simdjson::SUCCESS) return time_of(number);
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS) return std::nullopt;
  Result<Timestamp> time = parse_timestamp(text);
  return time ? std::optional(*time) : std::nullopt;
}

void read_range(json::Element range, SequenceNumber& first, std::optional<SequenceNumber>& last) {
  first = SequenceNumber(text_member(range, "StartingSequenceNumber"));
  const std::string end = text_member(range, "EndingSequenceNumber");
  if (!end.empty()) last = SequenceNumber(end);
}

Result<std::string> read_shard_iterator(std::string_view service, std::string_view body) {
  json::Parser parser;
  Result<json::Element> document = parser.parse(body);
  if (!document) return strange_answer(service, "GetShardIterator", document.error().peer);
  std::string iterator = text_member(*document, "ShardIterator");
  if (iterator.empty()) return strange_answer(service, "GetShardIterator", "no ShardIterator");
  return iterator;
}

}  // namespace ctk::aws
