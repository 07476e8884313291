// The JSON 1.0 of DynamoDB's writes: requests as text, answers as types. Pure. Source: Amazon DynamoDB API Reference.
#pragma once

#include <string>
#include <string_view>

#include "aws/dynamodb_writes_api.h"
#include "base/error.h"

namespace ctk::aws {

/// The code by which DynamoDB says that a condition did not hold.
inline constexpr std::string_view kConditionFailed = "ConditionalCheckFailedException";

std::string create_table_request(const NewTable& table);
/// PutItem, UpdateItem or DeleteItem.
const char* action_of(ItemWrite::Kind kind);
/// It asks for the item as it becomes, and for the one that is found where the condition does not hold.
std::string write_item_request(const ItemWrite& write);

/// `body`: of the answer that says that it is done, or (`applied` false) that the condition did not hold.
Result<WriteOutcome> read_write_outcome(ItemWrite::Kind kind, std::string body, bool applied);

}  // namespace ctk::aws
