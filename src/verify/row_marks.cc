#include "verify/row_marks.h"

#include <algorithm>

namespace ctk::verify {

bool RowMarks::add(uint64_t key, uint32_t content) {
  if (size_ == most_) return false;
  std::vector<Mark>& marks = share_of(key).marks;
  if (marks.size() == marks.capacity()) marks.reserve(marks.size() + marks.size() / 8 + 8);
  marks.push_back({{static_cast<uint32_t>(key >> 32), static_cast<uint32_t>(key)}, content});
  ++size_;
  return true;
}

void RowMarks::close() {
  size_ = 0;
  for (Share& share : shares_) {
    close(share);
    size_ += share.marks.size();
  }
}

void RowMarks::close(Share& share) {
  std::ranges::sort(share.marks, {}, &Mark::whole_key);
  std::vector<Mark> once;
  once.reserve(share.marks.size());
  for (const Mark& mark : share.marks) {
    if (once.empty() || once.back().whole_key() != mark.whole_key()) {
      once.push_back(mark);
      share.doubtful.push_back(false);
    } else {
      share.doubtful.back() = true;
    }
  }
  share.marks = std::move(once);
  share.seen.resize(share.marks.size());
}

size_t RowMarks::likely_place(const Share& share, uint64_t key) {
  const uint64_t in_share = key << kShareBits >> kShareBits;
  return static_cast<size_t>((in_share >> kPlaceShift) * share.marks.size() >> (64 - kShareBits - kPlaceShift));
}

void RowMarks::expect(uint64_t key) const {
  const Share& share = share_of(key);
  __builtin_prefetch(share.marks.data() + likely_place(share, key));
}

/// Keys are even, so it is near.
size_t RowMarks::find(const Share& share, uint64_t key) {
  const std::vector<Mark>& marks = share.marks;
  size_t place = likely_place(share, key);
  while (place > 0 && marks[place - 1].whole_key() >= key) --place;
  while (place < marks.size() && marks[place].whole_key() < key) ++place;
  return place < marks.size() && marks[place].whole_key() == key ? place : kNowhere;
}

void RowMarks::note_seen(Share& share, size_t place) {
  if (!share.seen[place]) ++seen_;
  share.seen[place] = true;
}

bool RowMarks::see(uint64_t key, uint32_t content) {
  Share& share = share_of(key);
  const size_t place = find(share, key);
  if (place == kNowhere || share.doubtful[place] || share.marks[place].content != content) return false;
  note_seen(share, place);
  return true;
}

bool RowMarks::see(uint64_t key) {
  Share& share = share_of(key);
  const size_t place = find(share, key);
  if (place != kNowhere) note_seen(share, place);
  return place != kNowhere;
}

bool RowMarks::is_seen(uint64_t key) const {
  const Share& share = share_of(key);
  const size_t place = find(share, key);
  return place != kNowhere && share.seen[place];
}

}  // namespace ctk::verify
