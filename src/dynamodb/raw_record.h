// What sources hand over to be decoded (decode.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/ids.h"
#include "base/time.h"
#include "json/shared_text.h"

namespace ctk::dynamodb {

/// Where a record stood in the aggregate that it was taken out of.
struct PlaceInAggregate {
  uint32_t index = 0;
  bool is_last = false;
  bool is_stray = false;  ///< its key belongs to another shard
};

/// What a source hands over: bytes, and where they stood.
struct RawRecord {
  json::SharedText data{};
  aws::SequenceNumber sequence;  ///< Kinesis: its number; files: the record's position
  uint64_t line = 0;             ///< files: the line on which it ends, from 1
  Timestamp arrival{};           ///< Kinesis: arrival time; items of a Scan: the page's; kNoTime for files
  uint64_t first_line = 0;       ///< files: the line on which it begins; 0: the same
  uint32_t value = 0;            ///< files: which of the records that end on that line, from 0
  std::optional<PlaceInAggregate> in_aggregate{};  ///< Kinesis
  std::string_view refusal{};  ///< why the source knows that it is none: a constant; its data is not looked at then
};

/// Where scanned items come from.
struct ItemSource {
  std::string table;
  std::vector<std::string> keys;  ///< names of the key's attributes, sorted
};

}  // namespace ctk::dynamodb
