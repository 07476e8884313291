// The history of a table: beside it, a table with a row for each change of each of its keys. What its columns are, and how
// a change becomes one. Values; no SQL.
//
//   key columns, data, aux, cdc_version, op, valid_from, valid_to, ttl
#pragma once

#include <string_view>

#include "table/render.h"
#include "table/spec.h"

namespace ctk::table {

/// How the history of a table looks that has `options.history`: named by it, in the table's schema, without a view, and of
/// any shape where `data` would have columns of its own. The key's attributes are called as in the table, but for those
/// that would meet a column which only the history has: they get their suffix. `usage` where the name cannot be a
/// history's.
Result<TableSpec> make_history_spec(const TableSpec& table);

/// A history is one table's: `table` cannot have the one that `other` has.
Error shared_history_error(const QualifiedName& history, const std::string& other, const std::string& table);

/// What a change was, as `op` has it: insert, modify, remove, or load for an item that a load has read.
std::string_view history_operation(const dynamodb::Change& change);

/// The part of a version that tells one change from all others of its key, of whatever epoch. A change that comes with a
/// time in its order is told by that: Kinesis may bring it again under another sequence number. The others have a sequence
/// number of their own. An epoch has one load row a key.
std::string change_identity(std::string_view version);

/// The versions that changes of one identity have in one epoch: all of them, and none else, lie from `from` to `to`.
struct VersionRange {
  std::string from, to;
};
VersionRange versions_of(uint32_t epoch, std::string_view version);

}  // namespace ctk::table
