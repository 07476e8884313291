// An item of a simulated DynamoDB table: attributes by name, each value as DynamoDB JSON.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace ctk::sim {

/// Attribute → value in DynamoDB JSON: {"pk", R"({"S":"a"})"}.
using Attributes = std::map<std::string, std::string>;

/// `{"a":{"S":"x"},…}`, names in bytewise order.
std::string to_json(const Attributes& attributes);

/// The tag of a value: "S", "N", …
std::string_view tag_of(std::string_view value);

/// What DynamoDB counts for limits and capacity: names and values ("Item sizes and formats", DynamoDB Developer Guide).
size_t bytes_of(const Attributes& attributes);

}  // namespace ctk::sim
