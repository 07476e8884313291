// Stored rows, read for comparison (sink/row_reader.h): statements and what they answer. It knows one driver's connection
// and decides nothing.
#pragma once

#include <string>
#include <vector>

#include "sink/row_reader.h"
#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

/// What a SELECT lists of a key, bytes as hexadecimal digits; and its texts, as DynamoDB has them, in a row that begins
/// with it.
std::string key_list(const Dialect& dialect, const table::TableSpec& spec);
std::vector<std::string> key_texts(const table::TableSpec& spec, const Cells& cells, size_t begin);

SqlResult<RowReader::Rows> read_rows(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                                     const std::vector<std::vector<table::KeyCell>>& keys);

/// KeyPage::next is the row's number where rows have one (Dialect::numbers_rows), else the last key's texts.
SqlResult<KeyPage> read_keys(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                             const std::vector<std::string>& from, size_t limit);

SqlResult<bool> walk_rows(Driver& driver, const Dialect& dialect, const table::TableSpec& spec, const RowVisit& visit);

}  // namespace ctk::sink::sql
