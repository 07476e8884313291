// What the traits of several targets have in common.
#pragma once

#include <string_view>

#include "table/target.h"

namespace ctk::table {

inline constexpr std::string_view kNul("\0", 1);

// Names that are ours, among a table's columns and among tables.
inline constexpr std::string_view kOwnColumns[] = {"data", "aux", "cdc_version", "cdc_deleted", "cdc_time"};
inline constexpr std::string_view kOwnTables[] = {"ctk_positions", "ctk_tables", "ctk_dead_letters", "_all"};

inline constexpr ColumnType kAllNumbers[] = {ColumnType::text, ColumnType::bigint, ColumnType::double_precision,
                                             ColumnType::numeric};
inline constexpr ColumnType kTextOrBinary[] = {ColumnType::text, ColumnType::binary};
inline constexpr ColumnType kTextOnly[] = {ColumnType::text};

}  // namespace ctk::table
