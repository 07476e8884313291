#include "shards/position.h"

#include <charconv>
#include <optional>

namespace ctk::shards {
namespace {

constexpr std::string_view kTrimHorizon = "TRIM_HORIZON";
constexpr std::string_view kTrimHorizonSince = "TRIM_HORIZON:";
constexpr std::string_view kShardEnd = "SHARD_END";
constexpr std::string_view kAtTimestamp = "AT_TIMESTAMP:";
constexpr std::string_view kAtSequence = "AT_SEQUENCE_NUMBER:";
constexpr std::string_view kAfterKey = "AFTER_KEY:";

std::unexpected<Error> no_position(std::string_view text) {
  return fail(ErrorKind::corrupt, "a stored position has a form that this version does not know", std::string(text));
}

template <class Number>
std::optional<Number> read_number(std::string_view digits) {
  Number number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::optional<Timestamp> read_micros(std::string_view digits) {
  const std::optional<int64_t> micros = read_number<int64_t>(digits);
  if (!micros) return std::nullopt;
  return from_micros(*micros);
}

/// `<digits>:<index>`
Result<Position> read_place_in_aggregate(std::string_view text) {
  const size_t colon = text.find(':');
  aws::SequenceNumber sequence{std::string(text.substr(0, colon))};
  const std::optional<uint32_t> index = read_number<uint32_t>(text.substr(colon + 1));
  if (!sequence.valid() || !index) return no_position(text);
  return Position::after(std::move(sequence), *index);
}

}  // namespace

std::string to_string(const Position& position) {
  switch (position.kind) {
    case Position::Kind::trim_horizon:
      if (position.time == Timestamp{}) return std::string(kTrimHorizon);
      return std::string(kTrimHorizonSince) + std::to_string(to_micros(position.time));
    case Position::Kind::at_timestamp: return std::string(kAtTimestamp) + std::to_string(to_micros(position.time));
    case Position::Kind::at_sequence: return std::string(kAtSequence) + position.sequence.str();
    case Position::Kind::after_sequence:
      return position.index ? position.sequence.str() + ":" + std::to_string(*position.index) : position.sequence.str();
    case Position::Kind::after_key: return std::string(kAfterKey) + position.key;
    case Position::Kind::shard_end: return std::string(kShardEnd);
  }
  return {};
}

Result<Position> parse_position(std::string_view text) {
  if (text == kTrimHorizon) return Position::trim_horizon();
  if (text == kShardEnd) return Position::shard_end();
  if (text.starts_with(kTrimHorizonSince)) {
    const std::optional<Timestamp> due = read_micros(text.substr(kTrimHorizonSince.size()));
    if (!due || *due == Timestamp{}) return no_position(text);
    return Position::trim_horizon(*due);
  }
  if (text.starts_with(kAtTimestamp)) {
    const std::optional<Timestamp> time = read_micros(text.substr(kAtTimestamp.size()));
    if (!time) return no_position(text);
    return Position::at_timestamp(*time);
  }
  if (text.starts_with(kAfterKey)) {
    text.remove_prefix(kAfterKey.size());
    if (!text.starts_with('{')) return no_position(text);
    return Position::after_key(std::string(text));
  }
  const bool at = text.starts_with(kAtSequence);
  if (!at && text.contains(':')) return read_place_in_aggregate(text);
  aws::SequenceNumber sequence{std::string(at ? text.substr(kAtSequence.size()) : text)};
  if (!sequence.valid()) return no_position(text);
  return at ? Position::at_sequence(std::move(sequence)) : Position::after(std::move(sequence));
}

}  // namespace ctk::shards
