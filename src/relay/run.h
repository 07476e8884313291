// What a run is of: the source that it reads, the target that it writes, under which name, and what the options ask of it.
// Whatever of the engine asks source, target or clock has them from here. It decides nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relay/relay.h"
#include "shards/cadence.h"

namespace ctk::relay {

/// What positions are stored under: `positions-name`, or what source and target make of it.
coordination::RelayName relay_name(const RelayOptions& options, const source::SourceIdentity& identity);

struct Run {
  RelayOptions options;
  source::SourceRouter source;
  sink::Sink& sink;
  Positions positions;
  RelayEnvironment env;
  // From the opening of the source on.
  source::SourceIdentity identity = {};
  Duration opened_at = {};  ///< when that was
  coordination::RelayName name = {};
  std::optional<dynamodb::VersionKind> kind = {};  ///< of a file, as its first record decides

  void opened(source::SourceIdentity what);

  Duration now() const { return env.clock.monotonic(); }
  /// By the source's clock.
  Timestamp server_now() const;
  /// Whether it ends by itself.
  bool is_bounded() const { return options.once || identity.traits.bounded; }
  bool positions_with_rows() const { return positions.kept == Positions::Kept::with_rows; }
  /// Other workers of its name read shards, too.
  bool is_shared() const { return positions.assignment.is_shared(); }
  bool positions_by_giver() const { return positions.kept == Positions::Kept::by_giver; }
  /// The target has none of this run's.
  bool positions_in_memory() const { return positions.kept == Positions::Kept::in_memory || positions_by_giver(); }
  /// Of every shard: as the options say, else as the source is.
  shards::CadencePolicy cadence() const;
  bool is_transactional() const { return sink.traits().transactions; }
  /// What becomes of what was read, where a stop leaves it unwritten: nothing keeps how far a file was read.
  std::string_view what_is_not_stored() const {
    return identity.traits.bounded ? "not all that was read is stored" : "what is not stored will be read again";
  }
  /// What tells its dead letters from those of others. A stream's relay has its name for it. Files are all of one
  /// incarnation, and may have any name given: what tells them apart is the file.
  std::string dead_letter_source() const;
  Error other_incarnation(const Incarnation& stored, const Incarnation& found) const;
};

}  // namespace ctk::relay
