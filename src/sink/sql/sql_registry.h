// `ctk_tables`: one TableRecord a row.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coordination/table_record.h"
#include "sink/sql/bookkeeping.h"

namespace ctk::sink::sql {

/// The record of a table; nothing where there is none, or no ctk_tables. `lock` is for_update(), for_share() or empty.
SqlResult<std::optional<coordination::TableRecord>> read_record(Driver& driver, const Bookkeeping& at,
                                                                const std::string& table, const std::string& lock);

/// All records of this schema; none where there is no ctk_tables.
SqlResult<std::vector<coordination::TableRecord>> read_records(Driver& driver, const Bookkeeping& at);
/// Stores a record, new or not. Inside a transaction.
SqlResult<bool> write_record(Driver& driver, const Bookkeeping& at, const coordination::TableRecord& record);

/// One execution: returns a row, share-locked to the transaction's end, if the table's epoch is this.
Statement check_epoch(const Bookkeeping& at, const std::string& table, coordination::Epoch epoch);

}  // namespace ctk::sink::sql
