// A page of a Scan, as items and as the rows that they are to be in the target: what a comparison needs of them before it
// looks at anything that is stored. One a thread, so that the next page can be read while one is compared.
#pragma once

#include <optional>
#include <vector>

#include "dynamodb/decode.h"
#include "dynamodb/key_schema.h"
#include "table/render.h"

namespace ctk::verify {

struct ScannedItem {
  dynamodb::Change change;
  std::optional<table::Row> row;  ///< nothing: it was not asked for, or it can be none
};
using ScannedPage = std::vector<ScannedItem>;

class PageReader {
 public:
  /// `types`: by which rows are rendered; what was not learned makes no row.
  PageReader(const table::TableSpec& spec, const dynamodb::KeySchema& keys, table::LearnedTypes types = {});

  /// `with_rows`: whether to render them. `corrupt` where one is no item.
  Result<ScannedPage> read(std::vector<dynamodb::RawRecord> records, bool with_rows);
  /// An item, or the key of one; nothing where it is none.
  std::optional<dynamodb::Change> read_one(dynamodb::RawRecord record);

 private:
  dynamodb::ItemSource source_;
  dynamodb::Decoder decoder_;
  table::Renderer renderer_;
};

}  // namespace ctk::verify
