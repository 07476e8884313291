// The part of DynamoDB's expressions that load generators and leases use: SET, REMOVE and ADD of whole attributes, and
// conditions on them joined by AND. What is beyond is refused in clear words, never half done. Source: "Update expressions"
// and "Condition and filter expressions", DynamoDB Developer Guide.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/item.h"
#include "sim/service_error.h"

namespace ctk::sim {

/// An expression with what its placeholders stand for.
struct Expression {
  std::string text;
  std::map<std::string, std::string> names;  ///< "#n" → attribute
  Attributes values;                         ///< ":v" → value
};

struct ItemUpdate {
  Attributes set;
  std::vector<std::string> removed;
};

/// What the update makes of the item as it is.
Answer<ItemUpdate> evaluate_update(const Expression& expression, const Attributes& item);

/// A name or value that the expression does not use, which DynamoDB refuses.
std::optional<std::string> unused_placeholder(const Expression& expression);

/// Whether the condition holds for the item; an item that is not there has no attributes.
Answer<bool> evaluate_condition(const Expression& expression, const Attributes& item);

}  // namespace ctk::sim
