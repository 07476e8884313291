// Which of the rows of a write changed nothing, by what its statements answered. Pure.
#pragma once

#include <span>

#include "sink/sql/row_item.h"
#include "sink/sql/row_table.h"

namespace ctk::sink::sql {

/// Notes for each item whether its row changed. `writes` are RowTable::writes of them.
void note_results(std::span<RowItem*> items, const RowTable& table, std::span<const Statement> writes,
                  std::span<const Answer> answers);

}  // namespace ctk::sink::sql
