#include "source/page_size.h"

#include <algorithm>

namespace ctk::source {
namespace {

/// The largest item of DynamoDB, 400 KB, as JSON.
constexpr size_t kLargeRecord = 640u << 10;
/// A page of a Scan holds 1 MB of items, which are half as much again as JSON.
constexpr size_t kScanPage = 1536u << 10;
/// What one page may need at most: a few seconds' worth of what the service gives of a shard.
constexpr size_t kLargestRoom = 8u << 20;
constexpr int kFewestRecords = 100;
constexpr int kMostRecords = 10000;

/// What an answer of `records` records needs while its text and its decoded records are both there: base64 and JSON around
/// them make the text about 1.6 times the records.
size_t reservation(int records, size_t average) {
  return static_cast<size_t>(records) * (average * 26 / 10 + 512) + (16u << 10);
}

}  // namespace

PageSize PageSize::of_segment(size_t average) {
  PageSize size;
  size.whole_first_ = true;
  if (average > 0) size.average_ = std::max<size_t>(64, average);
  return size;
}

size_t PageSize::room(size_t limit, size_t free) {
  const size_t bound = std::min(limit / 4, kLargestRoom);
  while (records_ > 1 && reservation(records_, average_) > bound) records_ /= 2;
  const size_t wanted = reservation(records_, average_);
  if (!whole_first_) return wanted;
  // A whole page is paid for: until its items' size is known there is room for all of it, if there is any.
  whole_first_ = false;
  const size_t page = std::min(bound, kScanPage * 10 / 6);
  return free / 2 > page ? std::max(wanted, page) : wanted;
}

void PageSize::took(size_t count, size_t bytes, bool cut_off) {
  if (count > 0) average_ = cut_off ? bytes / count : (average_ * 3 + bytes / count) / 4;
  const bool full = count >= static_cast<size_t>(records_);
  // Half as many again as came, and not much less than before: of an even flow no page is full, since another one is asked
  // for at once behind a full one, which holds the few that are left.
  const int with_margin = static_cast<int>(count) * 3 / 2;
  records_ = std::min(kMostRecords, full ? records_ * 2 : std::max({kFewestRecords, with_margin, records_ * 3 / 4}));
}

void PageSize::found_no_room() {
  // One alone, with as much room as most of them need.
  average_ = records_ > 1 ? std::max(kLargeRecord, average_) : average_ * 4;
  records_ = 1;
}

}  // namespace ctk::source
