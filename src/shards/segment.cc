#include "shards/segment.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace ctk::shards {
namespace {

constexpr std::string_view kPrefix = "load:";

/// Takes a number and the character behind it (none at the end) from the front of `text`.
template <class Number>
bool take_number(std::string_view& text, Number& number, char behind) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (behind == '\0') return text.empty();
  if (!text.starts_with(behind)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

aws::ShardId segment_shard(const Segment& segment) {
  return aws::ShardId(fmt::format("{}{:05}:{:03}/{:03}", kPrefix, segment.epoch, segment.number, segment.total));
}

std::optional<Segment> parse_segment(const aws::ShardId& shard) {
  if (!is_segment(shard)) return std::nullopt;
  std::string_view rest = std::string_view(shard.str()).substr(kPrefix.size());
  Segment segment;
  if (!take_number(rest, segment.epoch, ':') || !take_number(rest, segment.number, '/') ||
      !take_number(rest, segment.total, '\0')) {
    return std::nullopt;
  }
  if (segment.number < 0 || segment.number >= segment.total) return std::nullopt;
  return segment;
}

bool is_segment(const aws::ShardId& shard) { return shard.str().starts_with(kPrefix); }

}  // namespace ctk::shards
