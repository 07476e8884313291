// A simulated AWS: the services that know each other, together.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/random.h"
#include "sim/dynamodb.h"
#include "sim/dynamodb_streams.h"
#include "sim/iam_policy.h"
#include "sim/kinesis.h"

namespace ctk::sim {

struct Services {
  explicit Services(uint64_t seed, const std::string& region = "us-east-1")
      : random(seed),
        kinesis({.region = region}),
        streams({.region = region}),
        dynamodb({.region = region}, streams, random, &kinesis) {}
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  Random random;
  Kinesis kinesis;
  DynamoDbStreams streams;
  DynamoDb dynamodb;
  std::map<std::string, uint64_t> calls;  ///< that were let in, by action: "dynamodb:Scan"
  std::optional<IamPolicy> policy;        ///< nothing: everybody may do everything
};

}  // namespace ctk::sim
