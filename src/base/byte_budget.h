// One budget of bytes for everything that is read and not yet acknowledged. Pure bookkeeping.
//
// Several relays of one process share one pool. Half of it is theirs in equal parts, whatever the others do; the other half
// is for whoever needs more. So a relay that has nothing under way can always read, and one that is alone in being busy has
// more than half of all.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace ctk {

class ByteBudget;

/// Used on the loop only. Outlives its budgets.
class BytePool {
 public:
  explicit BytePool(size_t limit) : limit_(limit) {}
  BytePool(const BytePool&) = delete;
  BytePool& operator=(const BytePool&) = delete;

  size_t limit() const { return limit_; }
  /// Those who have more than that keep it, and get no more.
  void set_limit(size_t limit) { limit_ = limit; }
  size_t used() const;

 private:
  friend class ByteBudget;
  /// What is each one's own.
  size_t part() const { return limit_ / 2 / (members_.empty() ? 1 : members_.size()); }
  /// What of the common half nobody has.
  size_t free_in_common() const;

  size_t limit_;
  std::vector<const ByteBudget*> members_;
};

/// Used on the loop only. A reader reserves before it asks, corrects when it knows, and releases when the target has it.
class ByteBudget {
 public:
  /// `pool` may be nothing.
  explicit ByteBudget(size_t limit, BytePool* pool = nullptr);
  ~ByteBudget();
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  /// What could be used by now, if what is used were free: with a pool it depends on the others.
  size_t limit() const { return pool_ == nullptr ? limit_ : used() + free(); }
  size_t used() const { return *used_; }
  size_t free() const;

  bool try_reserve(size_t bytes);
  /// Replaces a reservation of `reserved` bytes by `actual` bytes, even over the limit: the bytes are there already.
  void correct(size_t reserved, size_t actual);
  void release(size_t bytes);
  /// Counts `bytes`, even over the limit, until the last copy of what it returns has gone, on the loop too; the budget may
  /// be gone by then.
  std::shared_ptr<const void> hold(size_t bytes);

 private:
  size_t limit_;
  BytePool* pool_;
  std::shared_ptr<size_t> used_ = std::make_shared<size_t>(0);
};

}  // namespace ctk
