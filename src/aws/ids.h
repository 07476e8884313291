// The field's ids.
#pragma once

#include <string>

#include "base/named.h"

namespace ctk::aws {

using ShardId = Named<struct ShardIdTag>;
using StreamName = Named<struct StreamNameTag>;
using TableName = Named<struct TableNameTag>;  ///< a DynamoDB table's name or ARN
using Arn = Named<struct ArnTag>;

/// "orders" of "orders", of its ARN, and of one of its stream's.
std::string bare_name(const TableName& table);

/// A decimal number of up to 57 digits, compared as a number. Leading zeros do not count; the text is kept as it came.
class SequenceNumber {
 public:
  SequenceNumber() = default;
  explicit SequenceNumber(std::string digits) : digits_(std::move(digits)) {}

  const std::string& str() const { return digits_; }
  bool empty() const { return digits_.empty(); }
  /// Decimal digits only, at least one.
  bool valid() const;

  std::strong_ordering operator<=>(const SequenceNumber& other) const;
  bool operator==(const SequenceNumber& other) const { return (*this <=> other) == 0; }

 private:
  std::string digits_;
};

}  // namespace ctk::aws
