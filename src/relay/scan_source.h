// A table's items by parallel Scan, beside the table's stream or alone.
//
// The segments are shards (shards/segment.h) that the engine asks for by name: this source has no idea of loads. It reads
// within the budget of read capacity, and passes everything else on to the stream's source.
#pragma once

#include <memory>
#include <optional>

#include "aws/dynamodb_api.h"
#include "base/event_loop.h"
#include "load/governor.h"
#include "relay/source.h"

namespace ctk::relay {

struct ScanSourceOptions {
  aws::TableName table;  ///< name or ARN
  std::optional<load::ReadCapacity> read_capacity;
};

/// `stream` may be null: then there are no shards but segments, and the source is bounded. Loop, clock and stream outlive
/// it.
std::unique_ptr<Source> make_scan_source(aws::DynamoDbApi& api, ScanSourceOptions options, Source* stream, EventLoop& loop,
                                         Clock& clock);

}  // namespace ctk::relay
