// What a preflight has seen of a source at AWS. Values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/credentials/sts.h"
#include "aws/dynamodb_api.h"
#include "aws/dynamodb_streams_api.h"
#include "aws/fan_out_api.h"
#include "aws/kinesis_api.h"
#include "aws/table_settings.h"
#include "check/permissions.h"

namespace ctk::check {

/// One right, and what came of a harmless call that takes it.
struct CallSight {
  Permission permission;
  std::optional<Error> error = {};  ///< of the call; nothing: it was answered
  std::string untried = {};         ///< why it was not made; then there is no error
};

/// A table whose rows many workers share, and what came of the calls that take its rights.
struct LeaseTableSight {
  std::string name;
  std::vector<CallSight> calls = {};
  bool is_of_something_else = false;  ///< it is there, and its key is not that of leases
};

/// Who we are to AWS.
struct IdentitySight {
  std::string origin;                         ///< where the credentials are from: "profile 'dev'"
  std::optional<Error> none = {};             ///< there are no credentials
  Result<aws::CallerIdentity> identity = {};  ///< what STS has said
  /// STS was asked at the endpoint of an emulator, which may have none.
  bool borrowed = false;
};

struct SourceSight {
  std::vector<CallSight> calls;
  std::optional<aws::StreamSummary> kinesis;
  std::optional<aws::TableDescription> table;
  std::optional<aws::StreamsDescription> table_stream;
  std::optional<Result<std::vector<aws::KinesisDestination>>> destinations;
  std::optional<Result<bool>> recovery;  ///< whether the table has point-in-time recovery
  std::vector<LeaseTableSight> leases;
  std::string record;  ///< the first one of a Kinesis stream; empty where none was seen
};

}  // namespace ctk::check
