// The field's ids.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/named.h"

namespace ctk::aws {

using ShardId = Named<struct ShardIdTag>;
using StreamName = Named<struct StreamNameTag>;
using TableName = Named<struct TableNameTag>;  ///< a DynamoDB table's name or ARN
using Arn = Named<struct ArnTag>;

/// "orders" of "orders", of its ARN, and of one of its stream's.
std::string bare_name(const TableName& table);

/// A decimal number of up to 57 digits, compared as a number. Leading zeros do not count; the text is kept as it came.
/// There is one of every record, so it takes no memory of its own; only texts that are no such number, and longer, do.
class SequenceNumber {
 public:
  SequenceNumber() = default;
  explicit SequenceNumber(std::string_view digits);

  std::string str() const { return std::string(view()); }
  /// The same, for as long as the number stays where it is.
  std::string_view view() const {
    return size_ > kMostDigits ? std::string_view(longer_) : std::string_view(digits_, size_);
  }
  bool empty() const { return size_ == 0; }
  /// Decimal digits only, at least one.
  bool valid() const;

  std::strong_ordering operator<=>(const SequenceNumber& other) const;
  bool operator==(const SequenceNumber& other) const { return (*this <=> other) == 0; }

 private:
  static constexpr size_t kMostDigits = 60;

  uint32_t size_ = 0;
  char digits_[kMostDigits] = {};  ///< as far as they fit
  std::string longer_;             ///< else
};

}  // namespace ctk::aws
