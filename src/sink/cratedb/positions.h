// ctk_positions in CrateDB. There are no transactions, so a newer acquisition is honoured twice: the mover looks for it
// first, and a move with an older fence changes nothing in rows that the newer one has taken.
#pragma once

#include <map>

#include "coordination/position_store.h"
#include "sink/cratedb/session.h"

namespace ctk::sink::cratedb {

class CratePositions final : public coordination::PositionStore {
 public:
  explicit CratePositions(Session& session) : session_(session) {}

  void read(const coordination::RelayName& relay, Done<std::vector<coordination::StoredPosition>> done) override;
  void acquire(const coordination::AcquireRequest& request, Done<coordination::Acquired> done) override;
  void add(const coordination::RelayName& relay, coordination::Fence fence, std::vector<coordination::NewShard> shards,
           Done<bool> done) override;
  void move(const coordination::RelayName& relay, std::vector<coordination::PositionMove> moves, Done<bool> done) override;
  void remove_finished(const coordination::RelayName& relay, coordination::Fence fence, std::vector<aws::ShardId> shards,
                       Done<size_t> done) override;
  void relays(Done<std::vector<coordination::RelayName>> done) override;
  void remove(const coordination::RelayName& relay, bool finished_only, Done<size_t> done) override;

  /// Rows as they are now; none where the table is missing.
  Task<Result<std::vector<coordination::StoredPosition>>> read(coordination::RelayName relay);

  /// The relay has a table: positions that move from now on tell of rows.
  void note_table(const coordination::RelayName& relay, coordination::Epoch epoch);

 private:
  /// What an acquisition said of itself: stamped into the rows that it writes.
  struct Holder {
    coordination::Incarnation incarnation;
    coordination::Epoch epoch = 1;
    coordination::WorkerName worker;
  };

  Task<Result<coordination::Acquired>> acquire_rows(coordination::AcquireRequest request);
  Task<Result<bool>> rewind_rows(coordination::AcquireRequest request, coordination::Fence fence,
                                 const std::vector<coordination::StoredPosition>& found);
  Task<Result<bool>> add_rows(coordination::RelayName relay, coordination::Fence fence,
                              std::vector<coordination::NewShard> shards);
  Task<Result<bool>> move_rows(coordination::RelayName relay, std::vector<coordination::PositionMove> moves);
  Task<Result<bool>> make_rows(coordination::RelayName relay, coordination::Fence fence,
                               std::vector<coordination::NewShard> shards);
  Task<Result<bool>> insert_rows(coordination::RelayName relay, const std::vector<coordination::StoredPosition>& rows);
  Task<Result<bool>> check_fence(coordination::RelayName relay, coordination::Fence fence);
  Task<Result<bool>> delete_rows(coordination::RelayName relay, const std::vector<coordination::StoredPosition>& rows);
  Task<Result<size_t>> remove_finished_rows(coordination::RelayName relay, coordination::Fence fence,
                                            std::vector<aws::ShardId> shards);
  Task<Result<size_t>> remove_rows(coordination::RelayName relay, bool finished_only);
  Task<Result<std::vector<coordination::RelayName>>> read_relays();
  Task<Result<bool>> ensure_table();
  Task<Result<bool>> write(Statement statement, std::string doing);
  coordination::StoredPosition row_of(const Holder& holder, coordination::Fence fence, aws::ShardId shard,
                                      shards::Position position, Timestamp read_to) const;

  Session& session_;
  std::map<coordination::RelayName, Holder> holders_;
  bool table_is_there_ = false;
};

}  // namespace ctk::sink::cratedb
