#include "base/byte_budget.h"

#include <algorithm>

namespace ctk {

bool ByteBudget::try_reserve(size_t bytes) {
  if (bytes > free()) return false;
  used_ += bytes;
  return true;
}

void ByteBudget::correct(size_t reserved, size_t actual) {
  release(reserved);
  used_ += actual;
}

void ByteBudget::release(size_t bytes) { used_ -= std::min(used_, bytes); }

}  // namespace ctk
