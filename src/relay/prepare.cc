#include "relay/prepare.h"

#include <algorithm>
#include <utility>

#include "dynamodb/decode.h"
#include "relay/duplicates.h"
#include "shards/segment.h"

namespace ctk::relay {
namespace {

void write_position(std::string& out, const dynamodb::RawRecord& record) {
  if (record.sequence.empty()) {
    out = std::to_string(record.line);
  } else if (!record.in_aggregate) {
    out = record.sequence.view();
  } else {
    out = shards::to_string(shards::Position::after(record.sequence, record.in_aggregate->index));
  }
}

constexpr std::string_view kStray = "its hash key lies outside of its shard's range (aggregates=dead-letter)";

/// Decodes one record into the batch.
class SliceDecoder {
 public:
  SliceDecoder(DecodedBatch& batch, dynamodb::Decoder& decoder, const DecodeRules& rules, size_t records)
      : batch_(batch),
        decoder_(decoder),
        options_{.kind = rules.kind, .old_image = rules.old_images},
        strays_(rules.strays),
        events_(rules.events),
        records_(records) {}

  void decode(const aws::ShardId& shard, dynamodb::RawRecord& record) {
    batch_.payload_bytes += record.data.size();
    if (!options_.kind) options_.kind = decoder_.file_kind(record.data);
    write_position(position_, record);
    options_.shard = shard.str();
    options_.position = position_;
    decoder_.decode_of_batch(record, options_, decoded_);
    if (record.in_aggregate && record.in_aggregate->is_stray) take_stray(decoded_);
    take(shard, decoded_, position_);
  }

  void decode_item(const aws::ShardId& shard, dynamodb::RawRecord& record, const dynamodb::ItemSource& items) {
    batch_.payload_bytes += record.data.size();
    batch_.item_bytes += record.data.size();
    ++batch_.items;
    decoder_.decode_item_of_batch(record, items, shard.str(), decoded_);
    take(shard, decoded_, decoded_.undecodable.empty() ? "" : std::string(decoded_.undecodable.front().record));
  }

  std::optional<dynamodb::VersionKind> kind() const { return options_.kind; }

 private:
  void take_stray(dynamodb::Decoded& decoded) {
    batch_.strays += decoded.total();
    if (strays_ == source::Strays::deliver) return;
    if (strays_ == source::Strays::drop) {
      batch_.dropped += decoded.total();
      decoded.clear();
      return;
    }
    for (dynamodb::Change& change : decoded.changes) {
      decoded.undecodable.push_back({change.index_in_record, std::string(kStray), std::string(change.table),
                                     std::string(change.key), std::string(change.order), change.shared_record()});
    }
    decoded.changes.clear();
  }

  /// `position`: of what is undecodable.
  void take(const aws::ShardId& shard, dynamodb::Decoded& decoded, const std::string& position) {
    const size_t first = batch_.changes.size();
    for (dynamodb::Change& change : decoded.changes) {
      const size_t ordinal = batch_.changes.size();
      const uint32_t table = place_of(change.table);
      const uint64_t event = events_ ? DuplicateFilter::event_of(change) : 0;
      batch_.changes.push_back({place(std::move(change)), ordinal, table, event});
    }
    for (dynamodb::Undecodable& undecodable : decoded.undecodable) {
      batch_.undecodable.push_back({std::move(undecodable), shard, position, first});
    }
  }

  /// Changes that are decoded together are dropped together: they share pieces of memory.
  std::shared_ptr<const dynamodb::Change> place(dynamodb::Change&& change) {
    constexpr size_t kMostOfAPiece = 512;
    if (!piece_ || piece_->size() == piece_->capacity()) {
      piece_ = std::make_shared<std::vector<dynamodb::Change>>();
      piece_->reserve(std::clamp<size_t>(records_, 1, kMostOfAPiece));
    }
    return {piece_, &piece_->emplace_back(std::move(change))};
  }

  /// Nearly always that of the change before.
  uint32_t place_of(std::string_view table) {
    if (table_ < batch_.tables.size() && batch_.tables[table_] == table) return table_;
    const auto found = std::ranges::find(batch_.tables, table);
    table_ = static_cast<uint32_t>(found - batch_.tables.begin());
    if (found == batch_.tables.end()) batch_.tables.emplace_back(table);
    return table_;
  }

  DecodedBatch& batch_;
  dynamodb::Decoder& decoder_;
  dynamodb::DecodeOptions options_;
  source::Strays strays_;
  bool events_;
  size_t records_;  ///< of the batch
  std::shared_ptr<std::vector<dynamodb::Change>> piece_;
  uint32_t table_ = 0;         ///< of the last change
  dynamodb::Decoded decoded_;  ///< of the record at hand
  std::string position_;       ///< likewise
};

/// Where a shard may resume so that the record of the bad change is read again; the lists hold what comes before it.
std::optional<shards::Position> position_before(const BadChange& bad, const ChangeLists& lists) {
  const RoutedChange* last = nullptr;
  for (const std::vector<RoutedChange>* changes : lists) {
    for (const RoutedChange& one : *changes) {
      const bool before = one.change->shard == bad.shard.str() && one.change->position != bad.position;
      if (before && (last == nullptr || one.ordinal > last->ordinal)) last = &one;
    }
  }
  // Inside a Scan's page there is no place to resume at.
  if (last == nullptr || shards::is_segment(bad.shard)) return std::nullopt;
  // "42", in an aggregate "42:0"; of a file "12:2".
  const std::string position(last->change->position);
  return shards::parse_position(position).value_or(shards::Position::after(aws::SequenceNumber(position)));
}

ChangeLists lists_of(std::vector<TableShare>& shares) {
  ChangeLists lists;
  for (TableShare& share : shares) lists.push_back(&share.changes);
  return lists;
}

/// Changes of one record share its position: of them, those before the bad one's index come before it.
bool comes_before(const RoutedChange& routed, const RoutedUndecodable& bad) {
  const bool same_record = routed.change->position == bad.position;
  return same_record && routed.change->index_in_record < bad.undecodable.index_in_record;
}

/// The refused change that comes first, by its ordinal.
const RoutedChange* first_refused(const std::vector<TableShare>& shares, const std::vector<sink::TableWrites>& writes) {
  const RoutedChange* first = nullptr;
  for (size_t i = 0; i < writes.size(); ++i) {
    for (const sink::FoldedChange& folded : writes[i].changes) {
      if (!std::holds_alternative<table::Refused>(folded.rendered)) continue;
      const auto found = std::ranges::find(shares[i].changes, folded.changes.front(), &RoutedChange::change);
      if (first == nullptr || found->ordinal < first->ordinal) first = &*found;
    }
  }
  return first;
}

const RoutedChange* find_change(const std::vector<TableShare>& shares,
                                const std::shared_ptr<const dynamodb::Change>& change) {
  for (const TableShare& share : shares) {
    const auto found = std::ranges::find(share.changes, change, &RoutedChange::change);
    if (found != share.changes.end()) return &*found;
  }
  return nullptr;
}

/// Takes out the change and all of its shard that follows it.
void cut_before(RenderedPrefix& prefix, const RoutedChange& refused, std::string reason) {
  const dynamodb::Change& change = *refused.change;
  BadChange bad{aws::ShardId(std::string(change.shard)), std::string(change.position), std::move(reason), {}};
  const size_t ordinal = refused.ordinal;
  for (TableShare& share : prefix.shares) {
    std::erase_if(share.changes, [&](const RoutedChange& routed) {
      return routed.change->shard == bad.shard.str() && routed.ordinal >= ordinal;
    });
  }
  bad.before = position_before(bad, lists_of(prefix.shares));
  std::erase_if(prefix.bad, [&](const BadChange& later) { return later.shard == bad.shard; });
  prefix.bad.push_back(std::move(bad));
}

std::string reason_of(const std::vector<sink::TableWrites>& writes, const RoutedChange& refused) {
  for (const sink::TableWrites& table : writes) {
    for (const sink::FoldedChange& folded : table.changes) {
      if (folded.changes.front() == refused.change) return std::get<table::Refused>(folded.rendered).reason;
    }
  }
  return "";
}

}  // namespace

DecodedBatch decode_slices(std::vector<Slice>& slices, dynamodb::Decoder& decoder, const DecodeRules& rules) {
  DecodedBatch batch;
  size_t records = 0;
  for (const Slice& slice : slices) records += slice.records.size();
  batch.changes.reserve(records);
  SliceDecoder into(batch, decoder, rules, records);
  for (Slice& slice : slices) {
    for (dynamodb::RawRecord& record : slice.records) {
      if (slice.items) {
        into.decode_item(slice.shard, record, *slice.items);
      } else {
        into.decode(slice.shard, record);
      }
    }
    slice.records = {};
  }
  decoder.end_batch();
  batch.kind = into.kind();
  return batch;
}

std::vector<BadChange> cut_at_undecodable(const std::vector<RoutedUndecodable>& undecodable, const ChangeLists& lists) {
  std::vector<BadChange> found;
  for (const RoutedUndecodable& one : undecodable) {
    if (std::ranges::find(found, one.shard, &BadChange::shard) != found.end()) continue;
    BadChange bad{one.shard, one.position, one.undecodable.reason, {}};
    for (std::vector<RoutedChange>* changes : lists) {
      std::erase_if(*changes, [&](const RoutedChange& routed) {
        return routed.change->shard == bad.shard.str() && routed.ordinal >= one.ordinal && !comes_before(routed, one);
      });
    }
    bad.before = position_before(bad, lists);
    found.push_back(std::move(bad));
  }
  return found;
}

RenderedPrefix fold_and_render_prefix(std::vector<TableShare> shares, const std::vector<sink::RefusedChange>& refused) {
  RenderedPrefix prefix{{}, {}, std::move(shares)};
  for (const sink::RefusedChange& one : refused) {
    if (const RoutedChange* routed = find_change(prefix.shares, one.change)) cut_before(prefix, *routed, one.reason);
  }
  for (;;) {
    prefix.writes = fold_and_render(prefix.shares);
    const RoutedChange* routed = first_refused(prefix.shares, prefix.writes);
    if (routed == nullptr) return prefix;
    cut_before(prefix, *routed, reason_of(prefix.writes, *routed));
  }
}

std::vector<sink::TableWrites> fold_and_render(std::vector<TableShare> shares) {
  std::vector<sink::TableWrites> writes;
  writes.reserve(shares.size());
  for (TableShare& share : shares) {
    auto changes = share.folds ? fold(std::move(share.changes), std::move(share.spare))
                               : one_by_one(std::move(share.changes), std::move(share.spare));
    sink::TableWrites table{share.table, share.epoch, std::move(changes)};
    for (sink::FoldedChange& folded : table.changes)
      share.renderer->render_over(folded.rendered, *folded.changes.front(), share.epoch);
    writes.push_back(std::move(table));
  }
  return writes;
}

}  // namespace ctk::relay
