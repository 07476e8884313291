#include "relay/batch_plan.h"

#include <algorithm>
#include <tuple>

namespace ctk::relay {
namespace {

/// Takes from one queue what fits; at least one record if the batch is empty.
size_t take(const QueueView& queue, size_t rows_left, size_t bytes_left, bool first) {
  if (queue.records == 0) return 0;
  const size_t average = std::max<size_t>(1, queue.bytes / queue.records);
  const size_t fits = std::min({queue.records, rows_left, bytes_left / average});
  return fits == 0 && first ? 1 : fits;
}

}  // namespace

std::vector<Pick> plan_batch(std::vector<QueueView> queues, const BatchLimits& limits, Duration now, bool flush) {
  std::erase_if(queues, [&](const QueueView& queue) {
    return !queue.may_send || queue.writes >= limits.writes_per_shard || (queue.records == 0 && !queue.end_ready);
  });
  if (queues.empty()) return {};
  size_t records = 0, bytes = 0;
  bool due = flush;
  for (const QueueView& queue : queues) {
    records += queue.records;
    bytes += queue.bytes;
    due = due || queue.end_ready || now - queue.oldest >= limits.age;
  }
  if (!due && records < limits.rows && bytes < limits.bytes) return {};

  std::ranges::sort(queues, {}, [](const QueueView& queue) { return std::tuple(queue.writes, queue.oldest, queue.index); });
  std::vector<Pick> picks;
  size_t rows_left = limits.rows, bytes_left = limits.bytes;
  for (const QueueView& queue : queues) {
    const size_t taken = take(queue, rows_left, bytes_left, picks.empty());
    if (taken == 0 && queue.records > 0) break;
    picks.push_back({queue.index, taken});
    rows_left -= std::min(rows_left, taken);
    bytes_left -= std::min(bytes_left, queue.records == 0 ? 0 : queue.bytes / queue.records * taken);
  }
  return picks;
}

Duration oldest_of(const std::vector<Pick>& picks, const std::vector<QueueView>& queues, Duration now) {
  Duration oldest = now;
  for (const Pick& pick : picks) {
    const auto queue = std::ranges::find(queues, pick.index, &QueueView::index);
    if (pick.records > 0) oldest = std::min(oldest, queue->oldest);
  }
  return oldest;
}

}  // namespace ctk::relay
