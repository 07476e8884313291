// `ctk demo`: a stream with a lively DynamoDB table behind it, an endpoint that speaks Kinesis over HTTP, and the relay of
// `ctk load` in between: all in one process, into a SQLite file.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/load_plan.h"
#include "cli/world.h"
#include "sim/dynamodb_table.h"

namespace ctk::cli {

/// The items as the `columns` layout must show them: key column values, then `data`, one row of text an item.
Result<std::map<std::vector<std::string>, std::string>> expected_rows(const sim::DynamoDbTable& table);

/// Runs it into `file`, which is made anew. The program's exit code.
int run_demo_into(const std::string& file, World& world);

}  // namespace ctk::cli
