// Values as JSON, in both encodings.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dynamodb/value.h"

namespace ctk::dynamodb {

/// DynamoDB JSON, tags and all: `{"N":"1.50"}`; numbers and base64 as they came.
void append_typed(std::string& out, Value value);
/// Plain JSON: S string, N number digit for digit, B base64 string, NS in numeric order, SS and BS in bytewise order (of
/// the decoded bytes), M object, L array.
void append_plain(std::string& out, Value value);

/// A map as a JSON object, without the members that `left_out` names. Typed: `{"a":{"N":"1"}}`, no `M` around it.
void append_typed_object(std::string& out, Value map, std::span<const std::string> left_out = {});
void append_plain_object(std::string& out, Value map, std::span<const std::string> left_out = {});

/// The key map as the `document` layout's id: names sorted bytewise, no spaces, plain, numbers canonical.
std::string plain_key(Value keys);
void append_plain_key(std::string& out, Value keys);
/// The key map as typed JSON, names sorted, numbers canonical (Change::key).
std::string typed_key(Value keys);
void append_typed_key(std::string& out, Value keys);

}  // namespace ctk::dynamodb
