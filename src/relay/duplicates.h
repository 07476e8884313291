// Records that Kinesis delivers twice, found by their eventID. Pure, bounded.
//
// The same event at a higher sequence number is a repetition: it would get a higher version than changes that came after
// the original, so it is dropped. The same sequence number is the same record read again and goes through. An eventID alone
// is not trusted (some emulators give 8 hex digits): key and time must agree too.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "aws/ids.h"
#include "dynamodb/change.h"

namespace ctk::relay {

class DuplicateFilter {
 public:
  /// Remembers the newest `capacity` events, or up to half of them when it has just let the older half go.
  explicit DuplicateFilter(size_t capacity = 32768) : half_(capacity / 2) {}

  /// True if `change`, standing at `sequence`, repeats an event seen at a lower sequence number. Remembers it otherwise.
  bool repeats(const dynamodb::Change& change, const aws::SequenceNumber& sequence);
  /// What was dropped to be read again must not look like a repetition of itself.
  void clear();
  size_t size() const { return newer_.size() + older_.size(); }

 private:
  using Seen = std::unordered_map<uint64_t, aws::SequenceNumber>;

  size_t half_;
  Seen newer_;  ///< at most half_
  Seen older_;  ///< forgotten all at once: an order of single events would cost each of them a look into cold memory
};

}  // namespace ctk::relay
