#include "source/aggregates.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shards/aggregate.h"

namespace ctk::source {
namespace {

using dynamodb::RawRecord;
using shards::SubRecord;

void append_apart(std::vector<RawRecord>& out, const RawRecord& whole, const std::vector<SubRecord>& records,
                  const std::optional<aws::HashKeyRange>& keys) {
  for (uint32_t index = 0; index < records.size(); ++index) {
    const SubRecord& one = records[index];
    RawRecord& record = out.emplace_back();
    record.data = one.data;
    record.sequence = whole.sequence;
    record.arrival = whole.arrival;
    const bool is_stray = keys && one.key && !keys->contains(*one.key);
    record.in_aggregate = {index, index + 1 == records.size(), is_stray};
    if (!one.key) record.refusal = shards::kNoSuchKey;
  }
}

/// Whether it was read before: a shard that is read on within an aggregate gives all of that again.
bool is_before(const RawRecord& record, const Position& from) {
  if (!from.index || record.sequence != from.sequence) return false;
  return !record.in_aggregate || record.in_aggregate->index <= *from.index;
}

}  // namespace

void take_aggregates_apart(Page& page, const Position& from, const std::optional<aws::HashKeyRange>& keys) {
  std::vector<RawRecord> apart;
  bool any = false;
  for (size_t i = 0; i < page.records.size(); ++i) {
    const auto records = shards::take_apart(page.records[i].data);
    if (records && !any) {
      // Nearly every page has none, and stays as it is.
      any = true;
      const auto first = page.records.begin();
      std::move(first, first + static_cast<std::ptrdiff_t>(i), std::back_inserter(apart));
    }
    if (records) {
      append_apart(apart, page.records[i], *records, keys);
    } else if (any) {
      apart.push_back(std::move(page.records[i]));
    }
  }
  page.given = page.records.size();
  if (any) page.records = std::move(apart);
  std::erase_if(page.records, [&](const RawRecord& record) { return is_before(record, from); });
}

}  // namespace ctk::source
