// What FILE.positions holds: which stream's recording FILE is, how long it is, and how far each shard is in it. Pure.
//
//   {"relay":"kinesis:orders@FILE","bytes":1234,"shards":[{"shard":…,"position":…,"incarnation":…,"epoch":1,
//    "read_to":ISO-8601|null},…]}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coordination/position_store.h"

namespace ctk::record {

struct RecordedPositions {
  coordination::RelayName relay;
  uint64_t bytes = 0;  ///< of FILE; what lies behind them does not count
  std::vector<coordination::StoredPosition> rows;
};

std::string to_text(const RecordedPositions& positions);
/// `corrupt` where it is no such text.
Result<RecordedPositions> parse_positions(std::string_view text);

}  // namespace ctk::record
