#include "relay/prepare.h"

#include <utility>

namespace ctk::relay {
namespace {

std::string position_of(const dynamodb::RawRecord& record) {
  return record.sequence.empty() ? std::to_string(record.line) : record.sequence.str();
}

}  // namespace

DecodedBatch decode_slices(std::vector<Slice>& slices, dynamodb::Decoder& decoder,
                           std::optional<dynamodb::VersionKind> kind, bool old_images) {
  DecodedBatch batch;
  size_t records = 0;
  for (const Slice& slice : slices) records += slice.records.size();
  batch.changes.reserve(records);
  for (Slice& slice : slices) {
    for (dynamodb::RawRecord& record : slice.records) {
      batch.payload_bytes += record.data.size();
      if (!kind) kind = decoder.file_kind(record.data);
      const std::string position = position_of(record);
      dynamodb::DecodeOptions options;
      options.kind = kind;
      options.old_image = old_images;
      dynamodb::Decoded decoded = decoder.decode(std::move(record), options);
      for (dynamodb::Change& change : decoded.changes) {
        batch.changes.push_back({std::make_shared<const dynamodb::Change>(std::move(change)), slice.shard, position});
      }
      for (dynamodb::Undecodable& undecodable : decoded.undecodable) {
        batch.undecodable.push_back({std::move(undecodable), slice.shard, position});
      }
    }
    slice.records = {};
  }
  batch.kind = kind;
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
