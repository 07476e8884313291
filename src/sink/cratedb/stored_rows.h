// Stored rows, read for comparison (sink/row_reader.h).
#pragma once

#include <string>
#include <vector>

#include "sink/cratedb/session.h"
#include "sink/row_reader.h"

namespace ctk::sink::cratedb {

/// A key as it is told from others: of a row's first cells, and of one that is to be written (bytes stand in a text
/// column).
KeyTexts key_texts(const table::TableSpec& spec, const std::vector<std::string>& cells);
KeyTexts key_texts(const std::vector<table::KeyCell>& key);

/// By primary key: what was written is seen at once, without a refresh.
Task<Result<RowReader::Rows>> read_rows(Session& session, RowReader::Spec spec,
                                        std::vector<std::vector<table::KeyCell>> keys);

/// KeyPage::next is the last key's cells as JSON. The first page refreshes the table.
Task<Result<KeyPage>> read_keys(Session& session, RowReader::Spec spec, std::vector<std::string> from, size_t limit);

/// In pages of some megabytes, in the order of keys, as of a refresh.
Task<Result<bool>> walk_rows(Session& session, RowReader::Spec spec, RowVisit visit);

/// As the table has them; what its writers have found unusable is theirs to know.
Task<Result<table::LearnedTypes>> learned_types(Session& session, RowReader::Spec spec);

}  // namespace ctk::sink::cratedb
