// How one shard is read: from where, how much at a time, and when again. Pure: it hears what has come, times are monotonic
// and come from the caller.
//
//   reading ──nothing newer, in a run that ends there──▶ at_tip ──it was closed meanwhile──▶ reading
//   reading ──its last page──▶ end_read ──its children are known──▶ end_known ──its end is stored──▶ finished
//   at_tip, end_read, end_known ──rewind: what was read is dropped──▶ reading, or finished where the store has its end
//
// In every phase at most one read is under way, which its turn says:
//
//   free ──ask──▶ asked ──answered──▶ free ──rest──▶ resting ──rested──▶ free
//                 asked ──drop: the answer is of no use──▶ recalled ──answered──▶ free
#pragma once

#include <cstddef>

#include "base/random.h"
#include "relay/borrowed_names.h"
#include "shards/cadence.h"
#include "source/page_size.h"
#include "source/source.h"

namespace ctk::relay {

class ShardReading {
 public:
  enum class Phase { reading, at_tip, end_read, end_known, finished };
  enum class Turn { free, asked, recalled, resting };

  ShardReading(ShardId id, Position start, source::PageSize size, shards::CadencePolicy cadence, Duration now);

  const ShardId& id() const { return id_; }
  Phase phase() const { return phase_; }
  bool at_tip() const { return phase_ == Phase::at_tip; }
  bool finished() const { return phase_ == Phase::finished; }
  /// Nothing more of it will come, as far as this run reads it.
  bool done() const { return phase_ != Phase::reading; }
  /// A read of it is under way.
  bool under_way() const { return turn_ == Turn::asked || turn_ == Turn::recalled; }
  bool resting() const { return turn_ == Turn::resting; }
  bool may_ask() const { return phase_ == Phase::reading && turn_ == Turn::free; }

  source::PageSize& size() { return size_; }
  shards::Cadence& cadence() { return cadence_; }
  const Position& position() const { return position_; }
  Timestamp read_to() const { return read_to_; }
  /// `read_to` where pages of its own say so; kNoTime where nothing says it but what was known before them: that a parent
  /// was read up to then, which may have been long after this shard was opened.
  Timestamp found(Timestamp read_to) const { return read_to > known_before_ ? read_to : kNoTime; }
  /// Nothing is missed of what came before.
  Timestamp whole_to() const { return std::max(read_to_, due_); }
  /// There was nothing newer when it was read last.
  bool saw_tip() const { return saw_tip_; }
  /// A page of it has come, whatever it held.
  bool had_page() const { return had_page_; }
  /// How far it is behind its tip, once something has come.
  Duration behind(Duration now) const { return behind_ + (now - answered_at_); }

  /// Where the store, or its parents, say how far it was read without a hole, and since when it is to be read.
  void known_to(Timestamp read_to, Timestamp due);
  /// Nothing is known of what came before `position`: what is missed was reported.
  void forget_read_to() { read_to_ = known_before_ = due_ = kNoTime; }
  void read_from(Position position) { position_ = std::move(position); }
  /// Up to this moment all was read that can be.
  void missed_until(Timestamp time) { read_to_ = time; }

  /// The read to be made now, with room for `bytes`.
  source::ReadRequest ask(size_t bytes, Duration now);
  /// False: what was read before is dropped, and this with it.
  bool answered();
  /// `bytes` is what the page's records cost in the queue.
  void took(const source::Page& page, size_t bytes, Duration now);
  /// False: it rests already.
  bool rest();
  void rested();

  void reach_tip() { phase_ = Phase::at_tip; }
  void leave_tip() { phase_ = Phase::reading; }
  void reach_end() { phase_ = Phase::end_read; }
  void know_end() { phase_ = Phase::end_known; }
  void finish() { phase_ = Phase::finished; }
  /// What was read is dropped: an answer that is on its way is of no use.
  void drop();
  /// It is read on from what the store has: what was read since is not known any more.
  void rewind(Position stored, Timestamp read_to);

 private:
  ShardId id_;
  Phase phase_ = Phase::reading;
  Turn turn_ = Turn::free;
  Position position_;  ///< behind the last record that was read
  source::PageSize size_;
  shards::Cadence cadence_;
  Timestamp read_to_ = kNoTime;       ///< of the last page
  Timestamp known_before_ = kNoTime;  ///< read_to before its first page
  Timestamp due_ = kNoTime;           ///< since when it was to be read: nothing older is missed
  Duration behind_{};
  bool saw_tip_ = false;
  bool had_page_ = false;
  Duration asked_at_{};
  Duration answered_at_;
};

}  // namespace ctk::relay
