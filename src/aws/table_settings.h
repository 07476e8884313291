// What only a preflight asks of a DynamoDB table. Source: Amazon DynamoDB API Reference
// (DescribeKinesisStreamingDestination, DescribeContinuousBackups).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/ids.h"
#include "aws/json_caller.h"

namespace ctk::aws {

/// A Kinesis stream that a table's changes go to.
struct KinesisDestination {
  Arn stream;
  std::string status;     ///< ENABLING, ACTIVE, DISABLING, DISABLED, ENABLE_FAILED, UPDATING
  std::string precision;  ///< MICROSECOND or MILLISECOND; empty where the endpoint does not say
  bool operator==(const KinesisDestination&) const = default;
};

/// Errors as those of DynamoDbApi; an endpoint that does not know a call answers `refused`.
class TableSettings {
 public:
  TableSettings(ServiceEndpoint endpoint, CredentialSource& credentials, net::HttpClient& http, Executor& decoder,
                Clock& clock);
  void kinesis_destinations(const TableName& table, Done<std::vector<KinesisDestination>> done);
  /// Whether the table can be restored to, and exported as of, a point in time.
  void point_in_time_recovery(const TableName& table, Done<bool> done);

 private:
  JsonCaller caller_;
};

Result<std::vector<KinesisDestination>> read_kinesis_destinations(std::string_view body);
Result<bool> read_point_in_time_recovery(std::string_view body);

}  // namespace ctk::aws
