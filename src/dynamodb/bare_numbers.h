// Numbers without quotes. DynamoDB writes every N as a JSON string; some tools write JSON numbers, and a parsed JSON number
// has lost its digits. So such a document is read once more, with quotes around its numbers.
#pragma once

#include <string>
#include <string_view>

namespace ctk::dynamodb {

/// The same JSON text with every number made a string: `{"N":1.50}` → `{"N":"1.50"}`. What is no number by JSON's grammar
/// is left as it is.
std::string quote_numbers(std::string_view json);

}  // namespace ctk::dynamodb
