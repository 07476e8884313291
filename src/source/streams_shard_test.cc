#include "source/streams_shard.h"

#include <gtest/gtest.h>

namespace ctk::source {
namespace {

TEST(StreamsShard, TellsByItsNameWhenItWasMade) {
  EXPECT_EQ(creation_time(aws::ShardId("shardId-00000001735689600000-0a1b2c3d")),
            Timestamp(std::chrono::milliseconds(1735689600000)));
  for (const char* name : {"", "shardId-", "shardId-000000000000", "shardId-00000000000000000000-0a1b2c3d",
                           "shardId-0000000173568960000x-0a1b2c3d", "s-00000001735689600000-0a1b2c3d"})
    EXPECT_EQ(creation_time(aws::ShardId(name)), kNoTime) << name;
}

}  // namespace
}  // namespace ctk::source
