// The batches that were planned and are not acknowledged, in the order in which they were. Pure.
//
//   Decoding ──decoded──▶ Routing ──its tables are open──▶ Rendering ──rendered──▶ Ready ──▶ Applying ──▶ acknowledged
//                                                              ▲                    ▲           │
//                                                              │                    ╰──failed───┤
//                                                              ╰──on-error=stop: refused────────╯
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "relay/batch_plan.h"
#include "relay/borrowed_names.h"
#include "relay/prepare.h"
#include "sink/sink.h"

namespace ctk::relay {

/// One of them. While the worker decodes it, its slices are there.
struct InFlightBatch {
  struct Decoding {};
  struct Routing {
    std::vector<TableShare> shares;
  };
  struct Rendering {};
  struct Ready {
    std::shared_ptr<sink::Batch> batch;
    std::vector<TableShare> made_of;  ///< with on-error=stop
  };
  struct Applying {
    Ready what;
  };

  uint64_t id = 0;
  std::vector<Slice> slices;
  size_t bytes = 0;                                ///< of the budget
  std::vector<std::shared_ptr<SharedPage>> pages;  ///< of which it has a part
  Duration oldest{};                               ///< when the first of its records was read
  DecodedBatch decoded;
  std::variant<Decoding, Routing, Rendering, Ready, Applying> state = Decoding{};
  std::vector<sink::DeadLetter>
      dead_letters;  ///< of no record of its own, which it takes along: nothing would make them again
  // Counters that are added to the run's when the batch is acknowledged.
  // `repeated` are changes that are known to be stale: repetitions, and what is older than the load's cut.
  uint64_t filtered = 0, repeated = 0, repeated_deletes = 0, undecodable = 0;

  template <class State>
  bool is() const {
    return std::holds_alternative<State>(state);
  }
  /// What the target is given; only while it is being applied.
  sink::Batch& batch() const { return *std::get<Applying>(state).what.batch; }

  void take_decoded(std::vector<Slice> given_back, DecodedBatch what);
  /// Which of the shares is that of the table named `table`, while the batch is routed; a new one has room for `changes`.
  size_t share_of(const std::string& table, size_t changes);
  TableShare& share(size_t place) { return std::get<Routing>(state).shares[place]; }
  /// Hands the shares over to be rendered.
  std::vector<TableShare> begin_rendering();
  void take_rendered(std::shared_ptr<sink::Batch> batch, std::vector<TableShare> made_of);
  sink::Batch& begin_applying();
  /// It was not written: it can be applied again.
  void failed();
  /// Nothing of it was written, since a change of it was refused: what it was made of is rendered again.
  std::vector<TableShare> begin_rendering_again();
};

class WriteQueue {
 public:
  struct Rules {
    BatchLimits limits;
    Duration age_while_busy{};  ///< while the target is at work waiting costs nothing: limits.age is at least this
    size_t connections = 1;
    /// The writes of one shard follow each other: each compares with the position that the one before has left, or may turn
    /// out to be the last.
    bool in_turn = false;
  };

  explicit WriteQueue(Rules rules) : rules_(rules) {}

  bool empty() const { return batches_.empty(); }
  size_t applying() const;
  /// Whether one that is decoded has records of the shard.
  bool holds(const ShardId& shard) const;
  bool has_room() const { return batches_.size() <= rules_.connections; }
  const Rules& rules() const { return rules_; }
  /// When a batch is due now.
  BatchLimits limits() const;

  /// A new one, to be decoded. `oldest`: when the first of its records was read.
  InFlightBatch& add(Duration oldest);
  InFlightBatch* find(uint64_t id);
  /// The next one to be given to the target; nothing while it has enough.
  InFlightBatch* next();
  /// Those that wait for tables to open.
  std::vector<InFlightBatch*> routing();
  /// It is acknowledged. Returns the bytes that it held.
  size_t remove(uint64_t id);
  /// Drops all of them; none is being applied. Letters that they took along wait for the next batch. Returns the bytes that
  /// they held.
  size_t clear();

  /// With on-error=stop: batch `id` is the last to be applied, unless an earlier one is already.
  void stop_behind(uint64_t id, Error why);
  /// The same of what comes behind that batch and is not being applied.
  size_t drop_behind_stop();
  bool stops() const { return stop_.has_value(); }
  /// Why the run is to end, once all is applied that comes before.
  std::optional<Error> stops_now() const;

  /// A dead letter that the next batch takes along.
  void add_dead_letter(sink::DeadLetter letter) { dead_letters_.push_back(std::move(letter)); }
  bool has_dead_letters() const { return !dead_letters_.empty(); }
  /// The batch takes along what waits; where it is dropped, that waits again.
  void take_dead_letters(InFlightBatch& batch);

 private:
  struct Stop {
    uint64_t id;
    Error why;
  };
  bool may_apply(const InFlightBatch& batch) const;
  /// Returns the bytes that it held.
  size_t drop(InFlightBatch& batch);

  Rules rules_;
  std::deque<std::unique_ptr<InFlightBatch>> batches_;
  uint64_t next_id_ = 1;
  std::optional<Stop> stop_;
  std::vector<sink::DeadLetter> dead_letters_;
};

}  // namespace ctk::relay
