// What the name of a shard of DynamoDB Streams tells. Pure.
#pragma once

#include "aws/ids.h"
#include "base/time.h"

namespace ctk::source {

/// "shardId-00000001735689600000-0a1b2c3d": the shard holds nothing older than the milliseconds in its name. kNoTime for
/// names of another form, as Kinesis has them.
Timestamp creation_time(const aws::ShardId& shard);

}  // namespace ctk::source
