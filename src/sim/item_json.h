// Items as they come over the wire: checked as DynamoDB checks them, and brought into the one form that is stored.
#pragma once

#include "json/reader.h"
#include "sim/item.h"
#include "sim/service_error.h"

namespace ctk::sim {

/// `{"a":{"S":"x"},…}`. Numbers are stored in one spelling each, empty sets and unknown tags are refused.
Answer<Attributes> read_item(json::Element object);
/// One value, `{"S":"x"}`.
Answer<std::string> read_value(json::Element value);

}  // namespace ctk::sim
