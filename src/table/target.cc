#include "table/target.h"

#include "table/target_parts.h"

namespace ctk::table {

std::span<const std::string_view> own_columns() { return kOwnColumns; }
std::span<const std::string_view> own_tables() { return kOwnTables; }

}  // namespace ctk::table
