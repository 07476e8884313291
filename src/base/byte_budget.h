// One budget of bytes for everything that is read and not yet acknowledged. Pure bookkeeping.
#pragma once

#include <cstddef>

namespace ctk {

/// Used on the loop only. A reader reserves before it asks, corrects when it knows, and releases when the target has it.
class ByteBudget {
 public:
  explicit ByteBudget(size_t limit) : limit_(limit) {}

  size_t limit() const { return limit_; }
  size_t used() const { return used_; }
  size_t free() const { return used_ < limit_ ? limit_ - used_ : 0; }

  bool try_reserve(size_t bytes);
  /// Replaces a reservation of `reserved` bytes by `actual` bytes, even over the limit: the bytes are there already.
  void correct(size_t reserved, size_t actual);
  void release(size_t bytes);

 private:
  size_t limit_;
  size_t used_ = 0;
};

}  // namespace ctk
