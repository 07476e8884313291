// Where a shard may resume. A value; stored as text.
//
//   TRIM_HORIZON | TRIM_HORIZON:<µs since 1970> | AT_TIMESTAMP:<µs> | AT_SEQUENCE_NUMBER:<digits> | <digits> | SHARD_END
//   <digits>:<index> | AFTER_KEY:<DynamoDB JSON>
//
// The time of TRIM_HORIZON says since when reading was due: what has been trimmed since and was never read is missing.
// Bare digits mean "after this record", as in KCL's lease table, an aggregate's all; with an index, after that record of
// the aggregate (aggregate.h). AFTER_KEY is for segments of a load, whose beginning is TRIM_HORIZON: the LastEvaluatedKey
// of a Scan's page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/ids.h"
#include "base/error.h"
#include "base/time.h"

namespace ctk::shards {

struct Position {
  enum class Kind { trim_horizon, at_timestamp, at_sequence, after_sequence, after_key, shard_end };
  Kind kind = Kind::trim_horizon;
  aws::SequenceNumber sequence;
  Timestamp time{};                 ///< at_timestamp; trim_horizon: since when reading is due, 0 where that is not known
  std::string key;                  ///< after_key: verbatim JSON
  std::optional<uint32_t> index{};  ///< after_sequence: in the aggregate that stands there; nothing: behind all of it

  static Position trim_horizon(Timestamp due = {}) { return {Kind::trim_horizon, {}, due, {}}; }
  static Position at_timestamp(Timestamp time) { return {Kind::at_timestamp, {}, time, {}}; }
  static Position at_sequence(aws::SequenceNumber sequence) { return {Kind::at_sequence, std::move(sequence), {}, {}}; }
  static Position after(aws::SequenceNumber sequence) { return {Kind::after_sequence, std::move(sequence), {}, {}}; }
  static Position after(aws::SequenceNumber sequence, uint32_t index) {
    return {Kind::after_sequence, std::move(sequence), {}, {}, index};
  }
  static Position after_key(std::string key) { return {Kind::after_key, {}, {}, std::move(key)}; }
  static Position shard_end() { return {Kind::shard_end, {}, {}, {}}; }

  bool ended() const { return kind == Kind::shard_end; }
  bool operator==(const Position&) const = default;
};

std::string to_string(const Position& position);
Result<Position> parse_position(std::string_view text);

}  // namespace ctk::shards
