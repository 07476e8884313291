#include "aws/ids.h"

#include <algorithm>
#include <string_view>

namespace ctk::aws {
namespace {

std::string_view without_leading_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

}  // namespace

std::string bare_name(const TableName& table) {
  constexpr std::string_view kMark = ":table/";
  const std::string& name = table.str();
  const size_t mark = name.find(kMark);
  if (!name.starts_with("arn:") || mark == std::string::npos) return name;
  const size_t begin = mark + kMark.size();
  return name.substr(begin, name.find('/', begin) - begin);
}

SequenceNumber::SequenceNumber(std::string_view digits) : size_(static_cast<uint32_t>(digits.size())) {
  if (digits.size() > kMostDigits) {
    longer_ = digits;
  } else {
    std::ranges::copy(digits, digits_);
  }
}

bool SequenceNumber::valid() const {
  return !empty() && std::ranges::all_of(view(), [](char c) { return c >= '0' && c <= '9'; });
}

std::strong_ordering SequenceNumber::operator<=>(const SequenceNumber& other) const {
  std::string_view mine = without_leading_zeros(view());
  std::string_view theirs = without_leading_zeros(other.view());
  if (mine.size() != theirs.size()) return mine.size() <=> theirs.size();
  return mine <=> theirs;
}

}  // namespace ctk::aws
