// The walk over a stream's shards: which may be read, which may be written, which are lost. Pure.
//
// A shard is read once the ends of all its parents were read, and its first row is sent after every row of all its parents
// is acknowledged: so the order of each item holds across splits, merges and rolls. Parents that are neither listed nor
// stored were trimmed after they were finished, or before we came: they hold nobody up. But as long as a shard may be lost,
// it may be they that followed it: their children wait until that is said.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "aws/hash_key.h"
#include "aws/ids.h"
#include "base/time.h"
#include "shards/position.h"

namespace ctk::shards {

using aws::ShardId;

/// A shard as a listing shows it.
struct ListedShard {
  ShardId id;
  std::vector<ShardId> parents;
  bool closed = false;
  std::optional<aws::HashKeyRange> keys{};  ///< of Kinesis: the records that belong there
  bool operator==(const ListedShard&) const = default;
};

/// Where a relay without stored positions begins.
struct StartRule {
  enum class Kind { trim_horizon, at_timestamp, sequences };
  Kind kind = Kind::trim_horizon;
  Timestamp time{};  ///< at_timestamp; trim_horizon: now, since when reading is due
  /// `latest`: shards that are closed already hold nothing newer; they count as finished.
  bool closed_are_finished = false;
  /// sequences: shard → position; the others begin at the horizon.
  std::map<ShardId, Position> positions;
};

struct StartReading {
  ShardId shard;
  Position position;
  bool operator==(const StartReading&) const = default;
};
/// The shard's rows may be sent from now on.
struct MaySend {
  ShardId shard;
  bool operator==(const MaySend&) const = default;
};
/// A shard that was found and has no row in the store yet.
struct AddRow {
  ShardId shard;
  Position position;
  bool operator==(const AddRow&) const = default;
};
/// The stream no longer has a shard that was not read to its end.
struct LostShard {
  ShardId shard;
  Position position;
  bool operator==(const LostShard&) const = default;
};
/// What the walk knows of a shard, for whoever shows it.
struct KnownShard {
  ShardId id;
  std::vector<ShardId> parents;
  Position position;  ///< where it began; SHARD_END once it is finished
  bool finished = false;
  bool operator==(const KnownShard&) const = default;
};
using WalkAction = std::variant<AddRow, StartReading, MaySend, LostShard>;

/// The state of one stream's walk. Every event returns what is to be done because of it, in order.
class ShardWalk {
 public:
  explicit ShardWalk(StartRule rule) : rule_(std::move(rule)) {}

  /// Rows of the store, before the first listing. Shards found later are then newcomers and begin at the horizon.
  void restore(const std::map<ShardId, Position>& stored);

  /// A row of the store as it is now, of a shard that is not read here: its reading will begin there.
  void found_row(const ShardId& shard, Position position);

  /// A complete listing. New shards are added. An unfinished one that two listings in a row lack is lost: one alone may
  /// have been on its way since before the shard was made.
  std::vector<WalkAction> listed(const std::vector<ListedShard>& shards);
  /// Whether the last listing lacked an unfinished shard: another listing will tell.
  bool suspects_loss() const;
  /// Whether a shard has a parent that no listing has shown yet: it waits until one was taken that has the shard itself.
  bool misses_parents() const;
  /// Whether a listing has shown who the parents of a shard are, or that they are gone.
  bool knows_parents_of(const ShardId& shard) const;

  /// The end of `shard` was read; `children` as far as they are known. Newcomers among them are added.
  std::vector<WalkAction> read_to_end(const ShardId& shard, const std::vector<ListedShard>& children);

  /// Every row of `shard` is acknowledged and its end is stored.
  std::vector<WalkAction> finished(const ShardId& shard);

  /// A lost shard is given up (on-gap=skip): as if its end had been read and stored.
  std::vector<WalkAction> give_up(const ShardId& shard);

  /// A shard that listings lacked is there after all.
  std::vector<WalkAction> found_again(const ShardId& shard);

  /// Forgets the finished shards that nobody waits for and that the listing lacked at the last two calls, and gives their
  /// names. Called rarely: a listing may have been on its way since before a shard was made.
  std::vector<ShardId> forget_trimmed();

  /// Whether the stream has a shard no longer that is finished: the last two listings lacked it, or it is forgotten.
  bool is_gone(const ShardId& shard) const;
  /// Whether a child is known of every shard of the stream that is listed as closed. If not, the listing was one of several
  /// moments.
  bool knows_what_follows() const;
  /// A shard may be lost, or have parents that no listing has shown yet: what follows whom is not known now.
  bool is_in_doubt() const { return has_unconfirmed_loss() || misses_parents(); }

  bool knows(const ShardId& shard) const { return shards_.contains(shard); }
  bool is_finished(const ShardId& shard) const;
  /// StartReading was given for it, and it is not finished.
  bool may_read(const ShardId& shard) const;
  /// MaySend was.
  bool may_send(const ShardId& shard) const;
  /// It was told lost, and nobody has given it up yet, or found it again.
  bool is_lost(const ShardId& shard) const;

  /// The shards that a listing named as a shard's parents.
  std::vector<ShardId> parents_of(const ShardId& shard) const;
  /// Where a shard is to begin, as its row has it or will have it.
  Position beginning_of(const ShardId& shard) const;
  /// Known children of a shard: those whose parents name it.
  std::vector<ShardId> children_of(const ShardId& shard) const;
  /// Whether the shard is known to be closed: listed so, or named as a parent. Its end must be read, whatever its tip.
  bool closed(const ShardId& shard) const;
  /// All that are not forgotten, by id. Those that are lost wait for somebody's word, as others for their parents.
  std::vector<KnownShard> known() const;
  bool all_finished() const;
  /// Shards that wait for a parent.
  size_t waiting() const;

 private:
  struct State {
    Position position;
    std::vector<ShardId> parents;
    bool listed = false;
    int missing = 0;       ///< listings in a row that lacked it
    bool trimmed = false;  ///< the listing lacked it at the last forget_trimmed()
    bool closed = false;
    bool reading = false;  ///< StartReading was given
    bool sending = false;  ///< MaySend was given
    bool end_read = false;
    bool finished = false;
    bool lost = false;
    bool parents_known = false;  ///< a whole listing had it: a parent that is unknown then is gone
  };

  const State& state_of(const ShardId& shard) const;
  void add(const ListedShard& shard, std::vector<WalkAction>& actions);
  Position first_position(const ListedShard& shard) const;
  void advance(std::vector<WalkAction>& actions);
  /// A shard is lost, or may be, and that was not said yet.
  bool has_unconfirmed_loss() const;
  /// It has a parent that nobody knows.
  bool is_orphan(const State& state) const;
  bool knows_parents(const State& state) const;
  bool parents_read(const State& state) const;
  bool parents_finished(const State& state) const;

  StartRule rule_;
  bool restored_ = false;
  bool first_listing_ = true;
  std::map<ShardId, State> shards_;
};

}  // namespace ctk::shards
