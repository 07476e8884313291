// What a load and the following of a stream take: requests, capacity, time, money. Pure functions of what DescribeTable
// says, so good as that is: its counts are up to six hours old.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "check/prices.h"

namespace ctk::check {

/// What is to be loaded.
struct TableSize {
  uint64_t items = 0, bytes = 0;
  std::optional<double> provisioned;  ///< read capacity units a second; nothing: on demand
};

struct LoadSettings {
  std::optional<int> segments = {};
  std::optional<double> read_capacity = {};  ///< units a second at most; nothing: as much as there is
  size_t max_memory = 32u << 20;
};

/// A way to read the whole table once.
struct Way {
  std::string way;  ///< "scan", "export"
  double hours = 0;
  uint64_t requests = 0;
  double capacity_units = 0;  ///< read capacity units
  double dollars = 0;
};

/// A parallel Scan as the engine makes it: consistent, page after page of each segment.
Way scan_way(const TableSize& table, const LoadSettings& settings, const Prices& prices);
/// An export to S3, read from there. How long AWS takes for one, nobody says: a quarter of an hour, and 100 MB a second.
Way export_way(const TableSize& table, const Prices& prices);

struct Following {
  double requests_per_month = 0;
  double dollars_per_month = 0;
};

enum class StreamKind { kinesis, kinesis_fan_out, table_stream };

/// How long a quiet shard is left alone: `idle_poll`, unless `max_lag` bounds it; `calls_a_second`: the service's limit, 0
/// for none.
Duration quiet_pause(Duration idle_poll, std::optional<Duration> max_lag, size_t calls_a_second);

/// A month of 730 hours in which nothing comes: each open shard is asked once in `pause`. A busy shard is asked up to five
/// times a second. Of Kinesis the shards cost, not the calls; by fan-out each subscription is renewed, and each shard costs
/// once more. What is then pushed costs besides, by its bytes.
Following follow(StreamKind kind, size_t open_shards, Duration pause, const Prices& prices);

}  // namespace ctk::check
