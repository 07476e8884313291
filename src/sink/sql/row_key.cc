#include "sink/sql/row_key.h"

#include "dynamodb/decode.h"

namespace ctk::sink::sql {

std::vector<table::KeyCell> key_cells(const table::Renderer& renderer, const std::string& typed_key) {
  dynamodb::Decoder decoder;
  dynamodb::RawRecord record;
  record.data = R"({"eventName":"REMOVE","dynamodb":{"ApproximateCreationDateTime":0,"SequenceNumber":"0","Keys":)" +
                typed_key + "}}";
  dynamodb::Decoded decoded = decoder.decode(std::move(record), {dynamodb::VersionKind::file_sequence});
  if (decoded.changes.size() != 1) return {};
  table::Rendered rendered = renderer.render(decoded.changes.front(), 1);
  const table::Row* row = std::get_if<table::Row>(&rendered);
  return row == nullptr ? std::vector<table::KeyCell>{} : row->keys;
}

}  // namespace ctk::sink::sql
