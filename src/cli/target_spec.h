// The table that a load would make of a DynamoDB table. Pure.
#pragma once

#include "aws/dynamodb_api.h"
#include "sink/target_options.h"
#include "table/spec.h"

namespace ctk::cli {

/// `usage` where an option names a key that the table does not have.
Result<table::TableSpec> target_spec(const sink::TargetOptions& target, const aws::TableDescription& source);

}  // namespace ctk::cli
