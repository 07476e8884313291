#include "source/streams_shard.h"

#include <charconv>
#include <string>
#include <string_view>

namespace ctk::source {

Timestamp creation_time(const aws::ShardId& shard) {
  constexpr std::string_view kPrefix = "shardId-";
  constexpr size_t kDigits = 20;
  const std::string& name = shard.str();
  if (!name.starts_with(kPrefix) || name.size() < kPrefix.size() + kDigits) return kNoTime;
  const char* begin = name.data() + kPrefix.size();
  int64_t millis = 0;
  const auto [end, error] = std::from_chars(begin, begin + kDigits, millis);
  if (error != std::errc() || end != begin + kDigits || millis <= 0) return kNoTime;
  return Timestamp(std::chrono::milliseconds(millis));
}

}  // namespace ctk::source
