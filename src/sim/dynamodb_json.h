// The simulated DynamoDB and DynamoDB Streams in their wire form: JSON 1.0 requests by action name, answers as status and
// body.
#pragma once

#include <string_view>

#include "base/time.h"
#include "sim/dynamodb.h"
#include "sim/dynamodb_streams.h"
#include "sim/wire.h"

namespace ctk::sim {

/// An error in DynamoDB's form: the code with the name of the service's model in front.
WireAnswer dynamodb_error(const ServiceError& refusal);

/// The member KeySchema, as descriptions of tables and of streams have it.
void write_key_schema(json::Writer& writer, const std::vector<aws::KeyAttribute>& keys);

/// Answers one call; `action` is what follows `DynamoDB_20120810.` in X-Amz-Target.
WireAnswer answer_dynamodb(DynamoDb& dynamodb, std::string_view action, std::string_view body, Timestamp now);

/// Answers one call; `action` is what follows `DynamoDBStreams_20120810.`. With `empty_page`, GetRecords gives no records
/// although some may wait; with `listing`, DescribeStream races with a roll.
WireAnswer answer_streams(DynamoDbStreams& streams, std::string_view action, std::string_view body, Timestamp now,
                          bool empty_page = false, ListingFault listing = ListingFault::none);

}  // namespace ctk::sim
