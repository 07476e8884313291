#include "sink/candidates.h"

#include "dynamodb/event_text.h"

namespace ctk::sink {

void Candidates::park(std::string reason, bool because_of_key) {
  parked_.push_back(std::move(reason));
  key_refused_ = key_refused_ || because_of_key;
}

ChangeOutcome Candidates::outcome(bool stale) const {
  using Kind = ChangeOutcome::Kind;
  const Kind kind = exhausted() ? Kind::parked : stale ? Kind::stale : Kind::applied;
  return {kind, static_cast<int>(parked_.size()), key_refused_};
}

void Candidates::append_refusal(std::vector<RefusedChange>& refused) const {
  if (!parked_.empty()) refused.push_back({folded_->changes.front(), parked_.front()});
}

void Candidates::append_dead_letters(std::vector<DeadLetter>& letters, const Batch& batch, const std::string& source_table,
                                     Timestamp now) const {
  for (size_t level = 0; level < parked_.size(); ++level) {
    letters.push_back(letter(level, batch, source_table, now, parked_[level]));
  }
}

DeadLetter Candidates::letter(size_t level, const Batch& batch, const std::string& source_table, Timestamp now,
                              std::string reason) const {
  const dynamodb::Change& change = *folded_->changes[level];
  const DeadLetterOrigin origin{batch.relay.str(),         batch.source,
                                batch.incarnation,         source_table,
                                std::string(change.shard), std::string(change.position),
                                change.index_in_record};
  DeadLetter letter = make_dead_letter(origin, now, "refused", std::move(reason), dynamodb::event_text(change));
  letter.key = change.key;
  letter.version = table::version_text(epoch_, change.order);
  return letter;
}

}  // namespace ctk::sink
