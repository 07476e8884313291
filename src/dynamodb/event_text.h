// A change as a record that decodes to it: what a dead letter keeps, so that it can be played again.
#pragma once

#include <string>

#include "dynamodb/change.h"

namespace ctk::dynamodb {

/// The record's own text. An item that a load has read gets an event around it, an INSERT at the time of its page. Empty
/// where the change has no record.
std::string event_text(const Change& change);

}  // namespace ctk::dynamodb
