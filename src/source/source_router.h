// What the engine reads from, as one: a stream, a snapshot of a table, or a stream with the snapshot of its table beside
// it. Segments go to the snapshot, everything else to the stream.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/event_loop.h"
#include "base/lifeline.h"
#include "source/snapshot_source.h"
#include "source/source.h"

namespace ctk::source {

/// At least one of the two. They outlive the relay.
struct Sources {
  Sources(StreamSource& the_stream) : stream(&the_stream) {}          // NOLINT(google-explicit-constructor)
  Sources(SnapshotSource& the_snapshot) : snapshot(&the_snapshot) {}  // NOLINT(google-explicit-constructor)
  Sources(StreamSource* the_stream, SnapshotSource* the_snapshot) : stream(the_stream), snapshot(the_snapshot) {}

  StreamSource* stream = nullptr;      ///< nothing: there are no shards but segments, and they end
  SnapshotSource* snapshot = nullptr;  ///< nothing: no table can be loaded
};

/// The calls are those of the two sources; so is what they promise.
class SourceRouter {
 public:
  SourceRouter(Sources sources, EventLoop& loop) : stream_(sources.stream), snapshot_(sources.snapshot), loop_(loop) {}

  /// The stream's identity, with the snapshot's table in it; a snapshot's own where it is alone.
  void open(Done<SourceIdentity> done);
  void list(Done<std::vector<ListedShard>> done);
  void read(const ReadRequest& request, Done<Page> done);
  void forget(const ShardId& shard);
  void leave(const ShardId& shard);
  void when_ready(std::function<void(const ShardId& shard)> ready);
  void children(const ShardId& shard, Done<std::vector<ListedShard>> done);
  void exists(const ShardId& shard, Done<bool> done);
  std::optional<Error> ended() const;
  /// Where there is no snapshot, as of a table of which nothing is known.
  int segments(std::optional<int> wanted) const;
  /// Only where there is a snapshot.
  Timestamp cut(Timestamp server_now) const { return snapshot_->cut(server_now); }

 private:
  void open_stream(SnapshotIdentity snapshot, Done<SourceIdentity> done);
  void read_segment(const ReadRequest& request, Done<Page> done);
  bool is_streams(const ShardId& shard) const { return stream_ != nullptr && !shards::is_segment(shard); }

  StreamSource* stream_;
  SnapshotSource* snapshot_;
  EventLoop& loop_;
  Lifeline lifeline_;
};

}  // namespace ctk::source
