#include "verify/page_reader.h"

#include <algorithm>
#include <utility>

namespace ctk::verify {
namespace {

dynamodb::ItemSource source_of(const table::TableSpec& spec, const dynamodb::KeySchema& keys) {
  dynamodb::ItemSource source{spec.source_table, {}};
  for (const auto& [name, type] : keys.attributes) source.keys.push_back(name);
  std::ranges::sort(source.keys);
  return source;
}

}  // namespace

PageReader::PageReader(const table::TableSpec& spec, const dynamodb::KeySchema& keys, table::LearnedTypes types)
    : source_(source_of(spec, keys)), renderer_(spec, std::move(types)) {}

Result<ScannedPage> PageReader::read(std::vector<dynamodb::RawRecord> records, bool with_rows) {
  ScannedPage page;
  page.reserve(records.size());
  dynamodb::Decoded decoded;
  for (dynamodb::RawRecord& record : records) {
    decoder_.decode_item_of_batch(record, source_, {}, decoded);
    if (decoded.changes.size() != 1) return fail(ErrorKind::corrupt, "DynamoDB answered a Scan with an item that is none");
    ScannedItem& item = page.emplace_back(std::move(decoded.changes.front()));
    if (!with_rows) continue;
    table::Rendered rendered = renderer_.render(item.change, 1);
    if (auto* row = std::get_if<table::Row>(&rendered)) item.row = std::move(*row);
  }
  decoder_.end_batch();
  return page;
}

std::optional<dynamodb::Change> PageReader::read_one(dynamodb::RawRecord record) {
  dynamodb::Decoded decoded = decoder_.decode_item(std::move(record), source_);
  if (decoded.changes.size() != 1) return std::nullopt;
  return std::move(decoded.changes.front());
}

}  // namespace ctk::verify
