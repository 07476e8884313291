#include "check/prices.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <vector>

namespace ctk::check {

Prices::Prices()
    : values_({{"read-units-million", 0.125},            // on demand; a consistent read of 4 KB is one
               {"provisioned-read-unit-hour", 0.00013},  // of a table with provisioned capacity
               {"export-gb", 0.10},
               {"s3-put-thousand", 0.005},
               {"s3-get-thousand", 0.0004},
               {"streams-reads-hundred-thousand", 0.02},  // GetRecords of DynamoDB Streams
               {"kinesis-shard-hour", 0.015},
               {"fan-out-shard-hour", 0.015}}) {}  // of one consumer; each GB that is pushed costs besides

double Prices::of(std::string_view name) const { return values_.find(name)->second; }

Status Prices::set(std::string_view assignment) {
  const size_t equals = assignment.find('=');
  const std::string_view name = assignment.substr(0, equals);
  const std::string_view text = equals == std::string_view::npos ? "" : assignment.substr(equals + 1);
  const auto found = values_.find(name);
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool number = failed == std::errc{} && end == text.data() + text.size() && std::isfinite(value) && value >= 0;
  if (found != values_.end() && number) {
    found->second = value;
    return {};
  }
  std::vector<std::string_view> names;
  for (const auto& [known, dollars] : values_) names.push_back(known);
  return fail(ErrorKind::usage, fmt::format("found \"{}\", accepted is NAME=DOLLARS, with one of the names {}", assignment,
                                            fmt::join(names, ", ")));
}

}  // namespace ctk::check
