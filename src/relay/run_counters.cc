#include "relay/run_counters.h"

#include <algorithm>

namespace ctk::relay {
namespace {

constexpr uint64_t kRefusalsThatEndARun = 100;
constexpr size_t kShownDeadLetters = 10;

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

}  // namespace

void RunCounters::add_shard(const ShardId& shard) {
  if (shards_.insert(shard).second) ++stats_.counts.shards;
}

void RunCounters::add_table(const std::string& table) { add_once(stats_.tables, table); }

void RunCounters::add_view(const std::string& view) {
  if (!view.empty()) add_once(stats_.views, view);
}

void RunCounters::add(const InFlightBatch& write, const sink::BatchOutcome& outcome) {
  uint64_t applied = write.repeated, stale = write.repeated, parked = 0, deleted = write.repeated_deletes;
  const auto& tables = write.batch().tables;
  for (const sink::DeadLetter& letter : outcome.dead_letters) {
    reasons_.add(letter.reason);
    last_dead_letters_.push_back({letter.time, letter.shard, letter.source_table, letter.key, letter.reason});
    if (last_dead_letters_.size() > kShownDeadLetters) last_dead_letters_.pop_front();
  }
  stats_.commonest_reason = reasons_.commonest();
  for (size_t t = 0; t < outcome.tables.size() && t < tables.size(); ++t) {
    for (size_t c = 0; c < outcome.tables[t].size(); ++c) {
      const sink::FoldedChange& folded = tables[t].changes[c];
      const sink::ChangeOutcome& one = outcome.tables[t][c];
      const auto lost = static_cast<size_t>(one.parked);
      const auto refused = lost + static_cast<size_t>(one.parked_below);
      const size_t kept = folded.changes.size() - refused;
      applied += kept;
      parked += refused;
      if (one.kind == sink::ChangeOutcome::Kind::stale) stale += kept;
      for (size_t i = lost; i < folded.changes.size(); ++i) {
        if (folded.changes[i]->operation == dynamodb::Operation::remove) ++deleted;
      }
      refusals_at_start_ += lost;
      if (one.key_refused) key_refusals_at_start_ += lost;
      if (kept > 0) any_change_kept_ = true;
    }
  }
  stats_.counts.applied += applied;
  if (stats_.counts.stale) *stats_.counts.stale += stale;
  stats_.counts.deleted += deleted;
  stats_.counts.dead_letters += parked + write.undecodable;
  stats_.counts.filtered += write.filtered;
  stats_.counts.strays += write.decoded.strays;
  stats_.counts.read += applied + parked + write.undecodable + write.filtered;
  stats_.counts.bytes += write.decoded.payload_bytes;
  loaded_items_ += write.decoded.items;
  loaded_bytes_ += write.decoded.item_bytes;
}

std::optional<Error> RunCounters::nothing_is_taken(const sink::BatchOutcome& last) const {
  if (any_change_kept_ || refusals_at_start_ < kRefusalsThatEndARun) return std::nullopt;
  const std::string reason = last.dead_letters.empty() ? "" : last.dead_letters.front().reason;
  const std::string why = key_refusals_at_start_ == refusals_at_start_ ? " for their key: " : ": ";
  return Error{ErrorKind::refused,
               "the first " + std::to_string(refusals_at_start_) + " changes were all refused" + why + reason, "",
               "the dead letters hold them"};
}

}  // namespace ctk::relay
