#include "aws/ids.h"

#include <algorithm>
#include <string_view>

namespace ctk::aws {
namespace {

std::string_view without_leading_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

}  // namespace

bool SequenceNumber::valid() const {
  return !digits_.empty() && std::all_of(digits_.begin(), digits_.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::strong_ordering SequenceNumber::operator<=>(const SequenceNumber& other) const {
  std::string_view left = without_leading_zeros(digits_), right = without_leading_zeros(other.digits_);
  if (left.size() != right.size()) return left.size() <=> right.size();
  return left.compare(right) <=> 0;
}

}  // namespace ctk::aws
