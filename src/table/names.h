// From DynamoDB's names to a target's, for the parts of this module.
#pragma once

#include <string>
#include <string_view>

#include "table/spec.h"

namespace ctk::table {

/// Where a name stands: as a column of its own, or inside CrateDB's `pk` object, where none of ours can be met.
enum class Place { column, member };

/// The name as it may stand there; what had to change ends in `_` and 8 hex digits of the name's SHA-256.
std::string map_name(Target target, Place place, const std::string& attribute);

/// `name` in its suffixed form, whether it needs one or not: for two names that would meet.
std::string suffixed_name(Target target, const std::string& attribute);

/// Whether two different names are one to the target (SQLite folds ASCII case).
bool same_column(Target target, std::string_view left, std::string_view right);

/// The same for tables.
std::string suffixed_table_name(Target target, const std::string& source_table);
bool same_table(Target target, std::string_view left, std::string_view right);
/// Whether `name` is the one that the target gives to the index of the table `other`'s key.
bool is_index_name(Target target, std::string_view name, std::string_view other);

/// Whether CrateDB takes `name` inside an object. Dots, opening brackets, tabs and line ends are refused (seen on 6.4.3).
bool is_crate_member_name(std::string_view name);

}  // namespace ctk::table
