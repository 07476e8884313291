// How many segments a table is read in.
//
// The room `load`: the decisions of a full load by parallel Scan (how many segments, how fast, where stream and segments
// begin). Pure: it sends nothing itself. It must not know how rows are written.
#pragma once

#include <cstdint>
#include <optional>

namespace ctk::load {

/// DynamoDB's limit of TotalSegments.
inline constexpr int kMostSegments = 1'000'000;

/// `bytes` is the table's size as DescribeTable has it, up to six hours old: 0 says nothing. Segments hide the service's
/// latency and share the work evenly; beyond what a target can take they only cost rows in the position store.
int choose_segments(uint64_t bytes, std::optional<int> given);

}  // namespace ctk::load
