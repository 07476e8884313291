// The work on a batch that needs no decision: decoding its records, folding and rendering its changes. Runs on the worker.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dynamodb/decoded.h"
#include "relay/fold.h"
#include "relay/frontier.h"
#include "shards/position.h"
#include "sink/sink.h"
#include "source/aggregates.h"

namespace ctk::relay {

/// A page whose records stand in the same memory, and do not all go into one batch. While any of them is held, all of that
/// memory is, beside what each batch is counted for.
struct SharedPage {
  size_t bytes = 0;
  std::shared_ptr<const void> counted = {};  ///< ByteBudget::hold
};

/// One shard's part of a batch: consecutive records, and where the shard may resume once they are acknowledged.
struct Slice {
  aws::ShardId shard;
  shards::Position from;
  std::vector<dynamodb::RawRecord> records;
  std::shared_ptr<const dynamodb::ItemSource> items;  ///< the records are items of a Scan
  shards::Position to;
  Arrivals arrivals;
  bool has_end = false;
  size_t queued_bytes = 0;
  std::vector<std::shared_ptr<SharedPage>> pages = {};  ///< of which it has a part
};

/// A record, or a part of it, that is no change.
struct RoutedUndecodable {
  dynamodb::Undecodable undecodable;
  aws::ShardId shard;
  std::string position;
  size_t ordinal = 0;  ///< of the first change of its record, and of what follows
};

/// With on-error=stop: a change that cannot be applied. Of its shard, nothing from it on is in the batch.
struct BadChange {
  aws::ShardId shard;
  std::string position;  ///< of its record
  std::string reason;
  std::optional<shards::Position> before;  ///< behind the last record before it that has a change; nothing: there is none
};

struct DecodedBatch {
  std::vector<RoutedChange> changes;
  std::vector<std::string> tables;  ///< the names of the source tables that they are of
  std::vector<RoutedUndecodable> undecodable;
  std::optional<dynamodb::VersionKind> kind;  ///< files: as the first record decided
  uint64_t payload_bytes = 0;
  uint64_t strays = 0;                 ///< changes out of aggregates that belong to another shard
  uint64_t dropped = 0;                ///< those of them that are neither changes nor undecodable here
  uint64_t items = 0, item_bytes = 0;  ///< of a Scan, among them
};

struct DecodeRules {
  /// Empty only for a file whose first record has not been seen: that record then decides.
  std::optional<dynamodb::VersionKind> kind;
  bool old_images = false;
  source::Strays strays = source::Strays::deliver;
  bool events = false;  ///< changes are to say which event they are
};

/// Decodes all records of all slices; the records' bytes move into the changes.
DecodedBatch decode_slices(std::vector<Slice>& slices, dynamodb::Decoder& decoder, const DecodeRules& rules);

using ChangeLists = std::vector<std::vector<RoutedChange>*>;

/// For on-error=stop: takes out of the lists, which are one batch's, what comes behind the first of these of its shard.
/// At most one a shard is returned.
std::vector<BadChange> cut_at_undecodable(const std::vector<RoutedUndecodable>& undecodable, const ChangeLists& lists);

/// One table's share of a batch, before folding.
struct TableShare {
  std::string table;
  coordination::Epoch epoch = 1;
  std::shared_ptr<const table::Renderer> renderer;
  std::vector<RoutedChange> changes;
  bool folds = true;                           ///< table::TargetTraits::folds
  std::vector<sink::FoldedChange> spare = {};  ///< whose rows' memory is used again (spare_rows.h)
};

/// Folds and renders. Rendering never fails: what cannot be a row says so in its FoldedChange.
std::vector<sink::TableWrites> fold_and_render(std::vector<TableShare> shares);

struct RenderedPrefix {
  std::vector<sink::TableWrites> writes;
  std::vector<BadChange> bad;      ///< at most one a shard
  std::vector<TableShare> shares;  ///< what the writes were made of
};

/// The same for on-error=stop: of each shard, only what comes before the first change that is refused for itself, by its
/// rendering or, as far as that is known already, by the target.
RenderedPrefix fold_and_render_prefix(std::vector<TableShare> shares, const std::vector<sink::RefusedChange>& refused = {});

}  // namespace ctk::relay
