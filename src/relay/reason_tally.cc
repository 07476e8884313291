#include "relay/reason_tally.h"

#include <algorithm>
#include <cctype>

namespace ctk::relay {
namespace {

/// Reasons may hold whatever a target says: no more kinds are told apart.
constexpr size_t kMostKinds = 100;
constexpr size_t kLongest = 200;

std::string kind_of(const std::string& reason) {
  std::string kind = shortened(reason);
  std::erase_if(kind, [](unsigned char c) { return std::isdigit(c) != 0; });
  return kind;
}

}  // namespace

std::string shortened(const std::string& reason) {
  if (reason.size() <= kLongest) return reason;
  size_t end = kLongest - 3;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xc0) == 0x80) --end;  // not inside a character
  return reason.substr(0, end) + "...";
}

void ReasonTally::add(const std::string& reason) {
  const std::string kind = kind_of(reason);
  if (counts_.size() >= kMostKinds && !counts_.contains(kind)) return;
  const uint64_t count = ++counts_[kind];
  if (count <= most_) return;
  most_ = count;
  commonest_ = shortened(reason);
}

}  // namespace ctk::relay
