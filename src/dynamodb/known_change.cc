#include "dynamodb/known_change.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "dynamodb/decode.h"

namespace ctk::dynamodb {
namespace {

constexpr size_t kTimeDigits = 17;
constexpr size_t kLineDigits = 20;

/// Where the record stood, as its order has it.
struct Origin {
  VersionKind kind = VersionKind::file_time;
  std::string sequence;
  uint64_t line = 0;
  uint32_t value = 0;
};

template <class Number>
Number number_of(std::string_view digits) {
  Number number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

Origin origin_of(std::string_view order) {
  Origin origin;
  const bool from_load = order.starts_with('0');
  order.remove_prefix(std::min<size_t>(2, order.size()));
  const size_t dot = order.find('.');
  // Its text is an event that was made of the item, without a sequence number.
  if (from_load) return origin;
  if (dot != kTimeDigits) {
    origin.kind = VersionKind::streams;
    return origin;
  }
  std::string_view place = order.substr(dot + 1);
  const std::string_view digits = place.substr(0, place.find_first_of(":."));
  place.remove_prefix(digits.size());
  if (digits.size() == kLineDigits) {
    origin.line = number_of<uint64_t>(digits);
  } else {
    origin.kind = VersionKind::kinesis;
    origin.sequence = digits;
  }
  if (place.starts_with(':')) origin.value = number_of<uint32_t>(place.substr(1, place.find('.') - 1));
  return origin;
}

/// Where it may have stood, the likeliest last.
std::vector<Origin> origins_of(std::string_view order) {
  const Origin origin = origin_of(order);
  std::vector<Origin> origins;
  if (origin.kind == VersionKind::kinesis) {
    // A file has it in Lambda's wrapping, with its sequence number.
    origins.push_back({});
  }
  // The text is the whole record, or one of its values, which was not the first of its line.
  origins.push_back(origin);
  origins.back().value = 0;
  if (origin.value != 0) origins.push_back(origin);
  return origins;
}

Decoded decode(Decoder& decoder, const KnownChange& known, const Origin& origin, const DecodeOptions& options) {
  RawRecord record;
  record.data = known.text;
  record.sequence = aws::SequenceNumber(origin.sequence);
  record.line = origin.line;
  record.value = origin.value;
  return decoder.decode(std::move(record), options);
}

Error not_found(const Decoded& decoded) {
  const std::string why =
      decoded.undecodable.empty() ? "it holds no change of this item in this version" : decoded.undecodable.front().reason;
  return {ErrorKind::corrupt, why, "", ""};
}

}  // namespace

Result<Change> find_change(Decoder& decoder, const KnownChange& known, bool old_image) {
  const auto is_it = [&](const Change& change) { return change.key == known.key && change.order == known.order; };
  const auto of_item = [&](const Change& change) { return change.key == known.key; };
  const std::vector<Origin> origins = origins_of(known.order);
  Decoded decoded;
  for (const Origin& origin : origins) {
    decoded = decode(decoder, known, origin, {origin.kind, old_image, {}, known.shard, known.position});
    const auto found = std::ranges::find_if(decoded.changes, is_it);
    if (found != decoded.changes.end()) return std::move(*found);
  }
  if (std::ranges::count_if(decoded.changes, of_item) != 1) return std::unexpected(not_found(decoded));
  decoded =
      decode(decoder, known, origins.back(), {origins.back().kind, old_image, known.order, known.shard, known.position});
  return std::move(*std::ranges::find_if(decoded.changes, of_item));
}

}  // namespace ctk::dynamodb
