// A change whose key and order are known, found again in its record's text: what a dead letter keeps of it. Pure.
//
//   order = "1." sequence                                                         (streams, files by sequence number)
//         | "1." time "." (sequence | line) [":" index] [":" value] ["." change] (kinesis, files by time)
//         | "0." time                                                             (an item that a load has read)
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "dynamodb/decoded.h"

namespace ctk::dynamodb {

struct KnownChange {
  std::string text;        ///< of the record (event_text.h)
  std::string_view key;    ///< Change::key
  std::string_view order;  ///< Change::order
  std::string_view shard = {}, position = {};
};

/// The change, with exactly this order. `corrupt` where the text holds no such change; the message says what it holds.
Result<Change> find_change(Decoder& decoder, const KnownChange& known, bool old_image);

}  // namespace ctk::dynamodb
