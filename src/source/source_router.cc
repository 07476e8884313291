#include "source/source_router.h"

#include <utility>

#include "load/segments.h"

namespace ctk::source {
namespace {

SourceIdentity identity_of(SnapshotIdentity snapshot) {
  SourceIdentity identity;
  identity.service = std::move(snapshot.service);
  identity.name = snapshot.table.name;
  identity.incarnation = std::move(snapshot.incarnation);
  identity.server_time = snapshot.server_time;
  identity.source_table = snapshot.table.name;
  identity.key_order = std::move(snapshot.key_order);
  identity.traits.bounded = true;
  identity.has_stream = false;
  identity.scan = std::move(snapshot.table);
  return identity;
}

Page page_of(SegmentPage&& segment) {
  Page page;
  page.records = std::move(segment.records);
  page.items = std::move(segment.items);
  page.at_once = true;
  page.server_time = segment.server_time;
  page.bytes = segment.bytes;
  page.cut_off = segment.cut_off;
  page.ended = segment.resume.empty();
  if (!page.ended) page.resume = Position::after_key(std::move(segment.resume));
  return page;
}

}  // namespace

void SourceRouter::open(Done<SourceIdentity> done) {
  if (snapshot_ == nullptr) return stream_->open(std::move(done));
  auto take = [this, done = std::move(done)](Result<SnapshotIdentity> snapshot) mutable {
    if (!snapshot) return done(forward_error(std::move(snapshot)));
    if (stream_ == nullptr) return done(identity_of(std::move(*snapshot)));
    open_stream(std::move(*snapshot), std::move(done));
  };
  snapshot_->open(lifeline_.guard(std::move(take)));
}

void SourceRouter::open_stream(SnapshotIdentity snapshot, Done<SourceIdentity> done) {
  stream_->open([snapshot = std::move(snapshot), done = std::move(done)](Result<SourceIdentity> identity) mutable {
    if (identity) {
      identity->scan = std::move(snapshot.table);
      identity->key_order = std::move(snapshot.key_order);
    }
    done(std::move(identity));
  });
}

void SourceRouter::list(Done<std::vector<ListedShard>> done) {
  if (stream_ != nullptr) return stream_->list(std::move(done));
  loop_.post([done = std::move(done)]() mutable { done(std::vector<ListedShard>{}); });
}

void SourceRouter::read(const ReadRequest& request, Done<Page> done) {
  if (is_streams(request.shard)) return stream_->read(request, std::move(done));
  read_segment(request, std::move(done));
}

void SourceRouter::read_segment(const ReadRequest& request, Done<Page> done) {
  const std::optional<shards::Segment> segment = shards::parse_segment(request.shard);
  if (!segment || snapshot_ == nullptr) {
    return loop_.post([shard = request.shard.str(), done = std::move(done)]() mutable {
      done(fail(ErrorKind::internal, shard + " names no segment"));
    });
  }
  const SegmentRequest wanted{*segment, request.position.key, request.max_records, request.max_bytes, request.share};
  snapshot_->read(wanted, [done = std::move(done)](Result<SegmentPage> page) mutable {
    if (!page) return done(forward_error(std::move(page)));
    done(page_of(std::move(*page)));
  });
}

void SourceRouter::forget(const ShardId& shard) {
  if (is_streams(shard)) stream_->forget(shard);
}

void SourceRouter::leave(const ShardId& shard) {
  if (is_streams(shard)) stream_->leave(shard);
}

void SourceRouter::when_ready(std::function<void(const ShardId& shard)> ready) {
  if (stream_ != nullptr) stream_->when_ready(std::move(ready));
}

void SourceRouter::children(const ShardId& shard, Done<std::vector<ListedShard>> done) {
  if (stream_ != nullptr) return stream_->children(shard, std::move(done));
  list(std::move(done));
}

void SourceRouter::exists(const ShardId& shard, Done<bool> done) {
  if (stream_ != nullptr) return stream_->exists(shard, std::move(done));
  loop_.post([done = std::move(done)]() mutable { done(false); });
}

int SourceRouter::segments(std::optional<int> wanted) const {
  return snapshot_ != nullptr ? snapshot_->segments(wanted) : load::choose_segments(0, wanted);
}

std::optional<Error> SourceRouter::ended() const { return stream_ == nullptr ? std::nullopt : stream_->ended(); }

}  // namespace ctk::source
