// Stored rows, read for comparison (sink/row_reader.h): statements and what they answer. It knows one driver's connection
// and decides nothing.
#pragma once

#include <string>
#include <vector>

#include "sink/row_reader.h"
#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

Tried<RowReader::Rows> read_rows(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                                 const std::vector<std::vector<table::KeyCell>>& keys);

/// KeyPage::next is the row's number where rows have one (Dialect::row_number), else the last key's texts.
Tried<KeyPage> read_keys(Driver& driver, const Dialect& dialect, const table::TableSpec& spec,
                         const std::vector<std::string>& from, size_t limit);

}  // namespace ctk::sink::sql
