// A table's items as a source: what a load reads, beside a stream or alone. By parallel Scan: scan_source.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/done.h"
#include "base/time.h"
#include "coordination/position_store.h"
#include "dynamodb/key_schema.h"
#include "dynamodb/raw_record.h"
#include "shards/segment.h"

namespace ctk::source {

/// A table whose items can be read.
struct ScannedTable {
  std::string name;
  dynamodb::KeySchema keys;
  uint64_t items = 0, bytes = 0;  ///< as the service last counted them; 0: unknown
};

/// What a snapshot's source says of itself when it is opened.
struct SnapshotIdentity {
  std::string service;  ///< "scan": for names and messages only
  ScannedTable table;
  std::vector<std::string> key_order;  ///< names of its key, hash before range
  coordination::Incarnation incarnation;
  Timestamp server_time = kNoTime;
};

/// One read of one segment.
struct SegmentRequest {
  shards::Segment segment;
  std::string resume;  ///< as the page before it gave it, now or in an earlier run; empty: from the segment's beginning
  int max_items = 1000;
  size_t max_bytes = 0;  ///< the reservation; 0: unbounded
  double share = 1;      ///< of the capacity that the load may use: others read beside this one
};

struct SegmentPage {
  std::vector<dynamodb::RawRecord> records;  ///< items in DynamoDB JSON
  std::shared_ptr<const dynamodb::ItemSource> items;
  std::string resume;  ///< where the next page begins: the source's own text; empty: the segment has no more
  Timestamp server_time = kNoTime;
  size_t bytes = 0;      ///< what it holds in memory
  bool cut_off = false;  ///< it was larger than allowed: these are its first items, and there are more
};

/// Completions come on the loop, never from inside the call. At most one read a segment is under way. A source may go at
/// any time, as a StreamSource may.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  /// Reaches the source and says who it is. The rest is asked only of one that was opened.
  virtual void open(Done<SnapshotIdentity> done) = 0;
  /// In how many segments it is read; `wanted` is what the user said.
  virtual int segments(std::optional<int> wanted) const = 0;
  /// What was changed before this moment is in the items of a load that begins at `server_now`: a stream beside it is
  /// followed from there.
  virtual Timestamp cut(Timestamp server_now) const = 0;
  virtual void read(const SegmentRequest& request, Done<SegmentPage> done) = 0;
};

}  // namespace ctk::source
