// What a record that is no change looks like instead, for the reason of its dead letter: a stream or a file of something
// else is seen at once, and so is what would help.
#pragma once

#include <string>
#include <string_view>

#include "json/reader.h"

namespace ctk::dynamodb {

/// Of bytes that are no JSON: told by what they begin with. Empty where they look like nothing known.
std::string_view resemblance_of_bytes(std::string_view bytes);
/// Of an object without a member `dynamodb`: told by its members.
std::string resemblance_of(json::Object document);
/// Of JSON that is no object.
std::string_view resemblance_of_scalar(json::Element value);

/// "; it looks like X", or nothing.
std::string like(std::string_view resemblance);

}  // namespace ctk::dynamodb
