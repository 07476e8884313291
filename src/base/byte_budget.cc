#include "base/byte_budget.h"

#include <algorithm>

namespace ctk {
namespace {

size_t difference_or_zero(size_t from, size_t what) { return from > what ? from - what : 0; }

}  // namespace

size_t BytePool::used() const {
  size_t sum = 0;
  for (const ByteBudget* member : members_) sum += member->used();
  return sum;
}

size_t BytePool::free_in_common() const {
  const size_t own = part();
  size_t taken = 0;
  for (const ByteBudget* member : members_) taken += difference_or_zero(member->used(), own);
  return difference_or_zero(limit_ - limit_ / 2, taken);
}

ByteBudget::ByteBudget(size_t limit, BytePool* pool) : limit_(limit), pool_(pool) {
  if (pool_ != nullptr) pool_->members_.push_back(this);
}

ByteBudget::~ByteBudget() {
  if (pool_ != nullptr) std::erase(pool_->members_, this);
}

size_t ByteBudget::free() const {
  const size_t own = difference_or_zero(limit_, used());
  if (pool_ == nullptr) return own;
  return std::min(own, difference_or_zero(pool_->part(), used()) + pool_->free_in_common());
}

bool ByteBudget::try_reserve(size_t bytes) {
  if (bytes > free()) return false;
  *used_ += bytes;
  return true;
}

void ByteBudget::correct(size_t reserved, size_t actual) {
  release(reserved);
  *used_ += actual;
}

void ByteBudget::release(size_t bytes) { *used_ -= std::min(*used_, bytes); }

std::shared_ptr<const void> ByteBudget::hold(size_t bytes) {
  *used_ += bytes;
  return {used_.get(), [used = used_, bytes](const void*) { *used -= std::min(*used, bytes); }};
}

}  // namespace ctk
