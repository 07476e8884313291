// What the demo has to show at its end: the rows beside the items they were made from. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "sim/dynamodb_table.h"
#include "sink/sink.h"

namespace ctk::cli {

/// Key columns → `data`, as text.
using DemoRows = std::map<std::vector<std::string>, std::string>;

/// The items as the `columns` layout must show them.
Result<DemoRows> expected_rows(const sim::DynamoDbTable& table);
/// Of a query's columns the last is `data`, those before it are the key.
DemoRows rows_of(const sink::ResultSet& result);

/// Nothing where both are the same; else a sentence with counts and an example.
std::optional<std::string> difference(const DemoRows& items, const DemoRows& rows);

}  // namespace ctk::cli
