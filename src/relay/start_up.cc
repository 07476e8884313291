#include "relay/start_up.h"

#include <algorithm>

#include "coordination/table_record.h"
#include "relay/patience.h"

namespace ctk::relay {

namespace {

/// A proxy, or a service that starts, answers strangely for a while; who is no such service goes on for ever.
constexpr Duration kStrangeAnswers = std::chrono::seconds(5);

}  // namespace

bool StartUp::try_again(ErrorKind kind, Side side, Duration since, Duration now, const Limits& limits) const {
  // What the target had before may come back.
  OpenStanding standing;
  standing.opened_before = is_again() && side == Side::target;
  const bool is_strange = kind == ErrorKind::corrupt && side == Side::source && now - since < kStrangeAnswers;
  if (!is_strange && after_failed_open(kind, standing) != Patience::wait) return false;
  if (!is_again()) return now - began_ < limits.start;
  return limits.endless || now - since < limits.again;
}

void StartUp::compare(const std::vector<coordination::StoredPosition>& rows, bool has_records) {
  record_lost_ = coordination::prove_rows_written(rows) && !has_records;
  lost_epoch_ = 0;
  if (!has_records && !rows.empty()) lost_epoch_ = std::ranges::max(rows, {}, &coordination::StoredPosition::epoch).epoch;
}

}  // namespace ctk::relay
