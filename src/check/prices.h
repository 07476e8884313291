// What AWS asks for what a load and a relay use, as one dated table. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ctk::check {

/// Dollars by name: those of us-east-1 unless somebody gives others.
class Prices {
 public:
  Prices();
  double of(std::string_view name) const;
  /// `NAME=VALUE`. `usage` for a name that is not known, or no number of at least 0.
  Status set(std::string_view assignment);

  const std::map<std::string, double, std::less<>>& values() const { return values_; }
  static std::string_view dated() { return "2025-06-01"; }
  static std::string_view source() {
    return "AWS's public prices for us-east-1: aws.amazon.com/dynamodb/pricing, /kinesis/data-streams/pricing, /s3/pricing";
  }

 private:
  std::map<std::string, double, std::less<>> values_;
};

}  // namespace ctk::check
