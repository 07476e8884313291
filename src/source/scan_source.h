// A table's items by parallel Scan, within the budget of read capacity. The resume text is the LastEvaluatedKey of a page.
#pragma once

#include <memory>
#include <optional>

#include "aws/dynamodb_api.h"
#include "base/event_loop.h"
#include "load/governor.h"
#include "source/snapshot_source.h"

namespace ctk::source {

struct ScanSourceOptions {
  aws::TableName table;  ///< name or ARN
  std::optional<load::ReadCapacity> read_capacity;
};

/// The key as a table's description has it.
dynamodb::KeySchema schema_of(const std::vector<aws::KeyAttribute>& keys);

/// Loop and clock outlive it.
std::unique_ptr<SnapshotSource> make_scan_source(aws::DynamoDbApi& api, ScanSourceOptions options, EventLoop& loop,
                                                 Clock& clock);

}  // namespace ctk::source
