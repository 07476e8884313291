// `ctk_positions` in a target with transactions: positions move by compare-and-set on (old position, fence).
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "coordination/position_store.h"
#include "sink/sql/bookkeeping.h"
#include "sink/sql/connection_pool.h"

namespace ctk::sink::sql {

/// The statements of moves, in shard order (one order of locks for everybody), each executed once a move, and the rows of
/// children after their parents'. They view `moves`: keep it.
class MoveStatements {
 public:
  /// `epoch`: what the rows of the same transaction were stamped with, if there are any.
  MoveStatements(const Bookkeeping& at, const coordination::RelayName& relay,
                 const std::vector<coordination::PositionMove>& moves, std::optional<coordination::Epoch> epoch,
                 Timestamp now);

  std::vector<Statement> statements;

  /// Whether each compare-and-set found its row. `answer` is that of statements[0].
  static bool all_moved(const Answer& answer);
  /// Whether they are where they were to go: where the driver is not believed, the last statement looks. `answers` are
  /// those of `statements`. False: they are not. An error where the row of a child is not there.
  SqlResult<bool> are_kept(std::span<const Answer> answers) const;

 private:
  /// What a row is to hold that is looked at; nothing: it may have been there before.
  struct Expected {
    const aws::ShardId* shard;
    std::optional<Cells> row;  ///< position, fence
  };

  Statement look_behind(const Bookkeeping& at, const coordination::RelayName& relay,
                        const std::vector<const coordination::PositionMove*>& sorted);

  std::vector<std::string> texts_;
  std::vector<Expected> expected_;
};

/// What a failed compare-and-set means; read in a new transaction.
enum class MoveState {
  done_already,  ///< the stored positions are those that were to be written, under our fences: a COMMIT whose answer was
                 ///< lost
};
/// Otherwise an error: `fenced` with the other worker and its time, `internal` where the row is ours but elsewhere.
SqlResult<MoveState> explain_failed_move(Driver& driver, const Bookkeeping& at, const coordination::RelayName& relay,
                                         const std::vector<coordination::PositionMove>& moves);

/// All rows of a relay; none where there is no such table.
SqlResult<std::vector<coordination::StoredPosition>> read_positions(Driver& driver, const Bookkeeping& at,
                                                                    const coordination::RelayName& relay);

class SqlPositions final : public coordination::PositionStore {
 public:
  SqlPositions(ConnectionPool& connections, const Bookkeeping& at, Clock& clock, bool create_tables)
      : connections_(connections), at_(at), clock_(clock), create_tables_(create_tables) {}

  void read(const coordination::RelayName& relay, Done<std::vector<coordination::StoredPosition>> done) override;
  void acquire(const coordination::AcquireRequest& request, Done<coordination::Acquired> done) override;
  void add(const coordination::RelayName& relay, coordination::Fence fence, std::vector<coordination::NewShard> shards,
           Done<bool> done) override;
  void move(const coordination::RelayName& relay, std::vector<coordination::PositionMove> moves, Done<bool> done) override;
  void remove_finished(const coordination::RelayName& relay, coordination::Fence fence, std::vector<aws::ShardId> shards,
                       Done<size_t> done) override;
  void relays(Done<std::vector<coordination::RelayName>> done) override;
  void remove(const coordination::RelayName& relay, bool finished_only, Done<size_t> done) override;

 private:
  ConnectionPool& connections_;
  const Bookkeeping& at_;
  Clock& clock_;
  bool create_tables_;
  /// The acquisitions held: what rows added later are stamped with.
  std::map<coordination::RelayName, coordination::AcquireRequest> requests_;
};

}  // namespace ctk::sink::sql
