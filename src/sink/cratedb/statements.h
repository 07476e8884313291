// The SQL of this sink, as text. Pure: golden tests pin every statement. Names are always qualified with their schema,
// because a connection keeps the default schema of its first request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "table/learned_types.h"
#include "table/spec.h"

namespace ctk::sink::cratedb {

std::string quote_identifier(std::string_view name);
std::string quote_text(std::string_view text);
std::string quote_name(const table::QualifiedName& name);

/// `"data"['a']['b']`: a column inside an object.
std::string subscript(std::string_view column, const table::Path& path);
/// The key as columns are listed: `"pk"` in the ctk layout, all columns elsewhere; as SELECT lists its parts; and as a
/// condition with parameters.
std::string key_columns(const table::TableSpec& spec);
std::string key_list(const table::TableSpec& spec);
std::string key_condition(const table::TableSpec& spec);
/// How a key column is spoken of: `"pk"['device']` in the ctk layout, `"device"` elsewhere.
std::string key_reference(const table::TableSpec& spec, const table::KeyColumn& key);
/// The type's name in DDL and in information_schema: "bigint", "double precision".
std::string type_name(table::ColumnType type);

/// `data` takes any shape and has no columns: typed=false, and the verbatim encoding, whose shape is not the item's.
bool data_is_ignored(const table::TableOptions& options);

std::string create_table(const table::TableSpec& spec);
/// The living rows without our columns.
std::string select_living(const table::TableSpec& spec);
/// Their view. Never OR REPLACE: on 6.4.3 that replaces a table of the name, rows and all.
std::string create_live_view(const table::TableSpec& spec);
std::string drop_view(const table::QualifiedName& name);
/// One ALTER for many columns; objects are STRICT and lists of maps IGNORED, so that nothing inside them is ever DYNAMIC.
std::string add_columns(const table::QualifiedName& name, const std::vector<table::NewColumn>& columns);
/// Our columns, for a table that somebody else made.
std::string add_own_columns(const table::QualifiedName& name, const std::vector<std::string>& missing);
/// The columns of ours that add_own_columns knows, with their types as information_schema names them.
const std::vector<std::pair<std::string, std::string>>& own_columns();

/// The guarded write, deletes included. Parameters: row_args.h.
std::string upsert(const table::TableSpec& spec);

/// The keys of due marks with what their deletion is bound to. Parameters: time in ms, limit.
std::string select_due_tombstones(const table::TableSpec& spec);
/// The keys of rows that a load has not seen, likewise; with `adopt` rows without a version too. With deletes=soft only
/// those that are not marked. Parameters: the load's lowest version, limit.
std::string select_older(const table::TableSpec& spec);
/// What becomes of them with deletes=soft. Parameters: the key, _seq_no, _primary_term.
std::string bury_older(const table::TableSpec& spec);
/// Parameters: the key, _seq_no, _primary_term.
std::string delete_tombstone(const table::TableSpec& spec);
/// How many rows are best named by their keys in one statement. A key of several columns makes the server try every value
/// of one column with every value of the others: 12 such keys cost 0.1 ms each, 40 cost 0.7 ms, and 99 are no longer looked
/// up but searched for, which sees only what is refreshed (6.4.3, EqualityExtractor).
constexpr size_t keys_at_once(size_t key_columns) { return key_columns > 1 ? 12 : 30; }
/// Key, version and mark of `rows` rows. Parameters: their keys, one after another.
std::string select_rows(const table::TableSpec& spec, size_t rows);
/// Key, data, aux, version and mark of `rows` rows. Parameters: their keys, one after another.
std::string select_whole_rows(const table::TableSpec& spec, size_t rows);
/// The order that keys are walked in. CrateDB's indices have texts by their UTF-8, but what comes from several shards is
/// put together by UTF-16 (6.4.3): where keys have characters beyond the first plane, neither order is kept, and a page
/// behind the last row of another leaves rows out. Expressions go by UTF-16 everywhere, and cost each row that lies behind.
enum class KeyOrder { index, utf16 };
/// The keys of living rows in their order, the first `limit` of all, or of those behind a key. `behind`: the orders of the
/// keys that they lie behind. Parameters: those keys; of two columns, the first one twice.
std::string select_living_keys(const table::TableSpec& spec, const std::vector<KeyOrder>& behind, KeyOrder order,
                               size_t limit);
/// The same of whole rows: keys, data and aux.
std::string select_living_rows(const table::TableSpec& spec, const std::vector<KeyOrder>& behind, KeyOrder order,
                               size_t limit);
/// Version, `_seq_no` and `_primary_term` of one row. Parameters: its key.
std::string select_guard(const table::TableSpec& spec);
/// A row put right, or marked, as it was looked at. Parameters: data, aux, deleted (mark: none of them), key, _seq_no,
/// _primary_term.
std::string rewrite_row(const table::TableSpec& spec);
std::string mark_row(const table::TableSpec& spec);
/// The highest version of all rows.
std::string select_highest_version(const table::QualifiedName& name);
std::string count_tombstones(const table::QualifiedName& name);
std::string count_rows(const table::QualifiedName& name);
std::string refresh(const table::QualifiedName& name);

}  // namespace ctk::sink::cratedb
