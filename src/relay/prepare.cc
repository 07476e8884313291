#include "relay/prepare.h"

#include <utility>

namespace ctk::relay {
namespace {

std::string position_of(const dynamodb::RawRecord& record) {
  return record.sequence.empty() ? std::to_string(record.line) : record.sequence.str();
}

/// Decodes one record into the batch.
class SliceDecoder {
 public:
  SliceDecoder(DecodedBatch& batch, dynamodb::Decoder& decoder, const dynamodb::DecodeOptions& options)
      : batch_(batch), decoder_(decoder), options_(options) {}

  void decode(const aws::ShardId& shard, dynamodb::RawRecord record) {
    batch_.payload_bytes += record.data.size();
    if (!options_.kind) options_.kind = decoder_.file_kind(record.data);
    const std::string position = position_of(record);
    take(shard, decoder_.decode(std::move(record), options_), position);
  }

  /// An item's place is its key.
  void decode_item(const aws::ShardId& shard, dynamodb::RawRecord record, const dynamodb::ItemSource& items) {
    batch_.payload_bytes += record.data.size();
    batch_.item_bytes += record.data.size();
    ++batch_.items;
    dynamodb::Decoded decoded = decoder_.decode_item(std::move(record), items);
    std::string position;
    if (!decoded.changes.empty()) position = decoded.changes.front().key;
    if (!decoded.undecodable.empty()) position = *decoded.undecodable.front().record;
    take(shard, std::move(decoded), position);
  }

  std::optional<dynamodb::VersionKind> kind() const { return options_.kind; }

 private:
  void take(const aws::ShardId& shard, dynamodb::Decoded decoded, const std::string& position) {
    for (dynamodb::Change& change : decoded.changes) {
      batch_.changes.push_back({std::make_shared<const dynamodb::Change>(std::move(change)), shard, position});
    }
    for (dynamodb::Undecodable& undecodable : decoded.undecodable) {
      batch_.undecodable.push_back({std::move(undecodable), shard, position});
    }
  }

  DecodedBatch& batch_;
  dynamodb::Decoder& decoder_;
  dynamodb::DecodeOptions options_;
};

}  // namespace

DecodedBatch decode_slices(std::vector<Slice>& slices, dynamodb::Decoder& decoder,
                           std::optional<dynamodb::VersionKind> kind, bool old_images) {
  DecodedBatch batch;
  size_t records = 0;
  for (const Slice& slice : slices) records += slice.records.size();
  batch.changes.reserve(records);
  SliceDecoder into(batch, decoder, {kind, old_images});
  for (Slice& slice : slices) {
    for (dynamodb::RawRecord& record : slice.records) {
      if (slice.items) {
        into.decode_item(slice.shard, std::move(record), *slice.items);
      } else {
        into.decode(slice.shard, std::move(record));
      }
    }
    slice.records = {};
  }
  batch.kind = into.kind();
  return batch;
}

std::vector<sink::TableWrites> fold_and_render(std::vector<TableShare> shares) {
  std::vector<sink::TableWrites> writes;
  writes.reserve(shares.size());
  for (TableShare& share : shares) {
    sink::TableWrites table{share.table, share.epoch, fold(std::move(share.changes))};
    for (sink::FoldedChange& folded : table.changes)
      folded.rendered = share.renderer->render(*folded.changes.front(), share.epoch);
    writes.push_back(std::move(table));
  }
  return writes;
}

}  // namespace ctk::relay
