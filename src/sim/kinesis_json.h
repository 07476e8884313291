// The simulated Kinesis in its wire form: JSON 1.1 requests by action name, answers as status and body.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "sim/kinesis.h"
#include "sim/wire.h"

namespace ctk::sim {

/// Answers one call; `action` is what follows `Kinesis_20131202.` in X-Amz-Target. With `empty_page`, GetRecords gives no
/// records although some may wait.
WireAnswer answer_kinesis(Kinesis& kinesis, std::string_view action, std::string_view body, Timestamp now,
                          bool empty_page = false);

/// SubscribeToShard; what is pushed then is not part of an answer (push_json).
Answer<uint64_t> subscribe_kinesis(Kinesis& kinesis, std::string_view body, Timestamp now);

/// A SubscribeToShardEvent.
std::string push_json(const Push& push);

}  // namespace ctk::sim
