// Records that Kinesis delivers twice, found by their eventID. Pure, bounded.
//
// The same event at a higher sequence number is a repetition: it would get a higher version than changes that came after
// the original, so it is dropped. The same sequence number is the same record read again and goes through. An eventID alone
// is not trusted (some emulators give 8 hex digits): key and time must agree too.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "aws/ids.h"
#include "dynamodb/change.h"

namespace ctk::relay {

class DuplicateFilter {
 public:
  explicit DuplicateFilter(size_t capacity = 32768) : capacity_(capacity) {}

  /// True if `change`, standing at `sequence`, repeats an event seen at a lower sequence number. Remembers it otherwise.
  bool repeats(const dynamodb::Change& change, const aws::SequenceNumber& sequence);
  /// What was dropped to be read again must not look like a repetition of itself.
  void clear();
  size_t size() const { return seen_.size(); }

 private:
  size_t capacity_;
  std::unordered_map<uint64_t, aws::SequenceNumber> seen_;
  std::deque<uint64_t> order_;
};

}  // namespace ctk::relay
