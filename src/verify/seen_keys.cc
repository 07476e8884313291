#include "verify/seen_keys.h"

#include <algorithm>

namespace ctk::verify {
Status SeenKeys::add(std::span<const uint64_t> keys) {
  for (const uint64_t key : keys) {
    if (keys_.size() == most_) {
      if (Status spilled = spill(); !spilled) return spilled;
    }
    if (keys_.capacity() == keys_.size()) keys_.reserve(std::min(most_, std::max<size_t>(keys_.size() * 2, 4096)));
    keys_.push_back(key);
  }
  return {};
}

Status SeenKeys::spill() {
  std::ranges::sort(keys_);
  const Run run{file_.size(), keys_.size()};
  if (Status written = file_.append(std::as_bytes(std::span(keys_))); !written) return written;
  runs_.push_back(run);
  keys_.clear();
  return {};
}

size_t SeenKeys::passes() const {
  if (passes_ > 0) return passes_;
  return runs_.empty() ? 1 : runs_.size() + (keys_.empty() ? 0 : 1);
}

Status SeenKeys::begin_pass(size_t pass) {
  passes_ = passes();
  if (runs_.empty()) {
    std::ranges::sort(keys_);
    last_ = UINT64_MAX;
    return {};
  }
  if (pass == 0 && !keys_.empty()) {
    if (Status spilled = spill(); !spilled) return spilled;
  }
  const uint64_t width = UINT64_MAX / passes_;
  first_ = pass * width;
  last_ = pass + 1 == passes_ ? UINT64_MAX : first_ + width - 1;
  keys_.clear();
  for (const Run& run : runs_) {
    if (Status loaded = load(run); !loaded) return loaded;
  }
  std::ranges::sort(keys_);
  return {};
}

bool SeenKeys::contains(uint64_t key) const { return std::ranges::binary_search(keys_, key); }

/// Appends what a run has of the pass's range.
Status SeenKeys::load(const Run& run) {
  const Result<size_t> begin = lower_bound(run, first_);
  if (!begin) return std::unexpected(begin.error());
  Result<size_t> end = run.keys;
  if (last_ != UINT64_MAX) end = lower_bound(run, last_ + 1);
  if (!end) return std::unexpected(end.error());
  const size_t before = keys_.size();
  keys_.resize(before + (*end - *begin));
  return file_.read(run.offset + *begin * sizeof(uint64_t), std::as_writable_bytes(std::span(keys_).subspan(before)));
}

Result<size_t> SeenKeys::lower_bound(const Run& run, uint64_t key) const {
  size_t low = 0, high = run.keys;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    uint64_t there = 0;
    const Status read = file_.read(run.offset + middle * sizeof(uint64_t), std::as_writable_bytes(std::span(&there, 1)));
    if (!read) return std::unexpected(read.error());
    if (there < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace ctk::verify
