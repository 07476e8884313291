// What a target is: one value for each kind of it. Whoever must know how a target takes names, keys, rows or transactions
// reads it here; nobody asks for a target's name. How statements are spelled is a dialect's (sink/sql/dialect.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "table/sql_text.h"

namespace ctk::table {

/// Column types a user may name, and those that follow from a key's type.
enum class ColumnType { text, bigint, double_precision, boolean, numeric, binary, untyped };

struct KeyCell;

/// What a target does to names of one kind.
struct NameRules {
  std::string_view refused = {};                 ///< characters that become `_`
  std::span<const std::string_view> taken = {};  ///< names that are ours, or the target's own
  std::string_view taken_prefix = {};            ///< names that begin so are the target's own, in any case of letters
  bool folds_case = false;                       ///< names that differ in the case of ASCII letters are one
  bool beyond_bmp = true;                        ///< false: characters beyond U+FFFF become `_`
  bool blank_at_end = true;                      ///< false: no name ends in a blank
  size_t limit = SIZE_MAX;                       ///< bytes
};

/// What a key column can hold, of those types that a user may ask for (`key-type.NAME`).
struct KeyTypes {
  ColumnType number = ColumnType::numeric;  ///< of keys of type N where nobody asks
  ColumnType binary = ColumnType::binary;   ///< of keys of type B
  std::span<const ColumnType> numbers = {};
  std::span<const ColumnType> binaries = {};
  int64_t lowest_bigint = INT64_MIN, highest_bigint = INT64_MAX;
  /// Whether a NUMERIC column takes these digits; null: any.
  bool (*takes_numeric)(std::string_view digits) = nullptr;
  bool text_takes_nul = true;
  /// Whether the index of the key takes the cells; null: any.
  bool (*takes_key)(std::span<const KeyCell> cells) = nullptr;
  std::string_view too_long = {};  ///< why not, in our words
};

/// What `data` is.
enum class DataColumn {
  text,    ///< JSON as it is written, or a JSON type that keeps it so
  jsonb,   ///< no U+0000, no numbers beyond NUMERIC
  json,    ///< MySQL's, which rounds: numbers that would not come back as they are stand in `aux`
  object,  ///< CrateDB's, with a column for each path
};

/// What a statement calls single rows by.
enum class RowNames {
  row_id,  ///< the database's own id of a stored row
  key,
};

/// How one learns which of the rows that were written had been there already, with the same version or a newer one.
enum class StaleRows {
  unknown,
  counted,    ///< one statement a row says how many it changed
  returned,   ///< a statement of many rows gives back those that it changed (RETURNING)
  looked_up,  ///< neither: the stored versions are read, and locked, before the rows are written
};

struct TargetTraits {
  std::string_view product;  ///< as users know it: "PostgreSQL"
  bool is_server = false;    ///< reached over a network, as one of its users; its tables lie in schemas

  // Names
  bool maps_names = true;  ///< false: DynamoDB's names stand as they are
  NameRules columns = {}, tables = {};
  size_t longest_identifier = SIZE_MAX;  ///< bytes, of views and indexes too
  std::string_view key_index_suffix =
      {};                                ///< a table of the name TABLE + this is in the way of TABLE's key; empty: none is
  char quote = '"';                      ///< around names; inner ones are doubled
  std::string_view default_schema = {};  ///< of a server

  // Rows
  KeyTypes keys = {};
  DataColumn data = DataColumn::text;

  // Writing
  /// ctk_positions, ctk_tables and ctk_dead_letters lie beside the tables.
  bool holds_own_tables = true;
  /// Only what a row is in the end is written: of a batch's changes of one key, the newest. False: each of them is.
  bool folds = true;
  /// Rows, positions and dead letters move in one transaction, and a position only under the fence of its relay's newest
  /// worker: every change is applied exactly once.
  bool transactions = false;
  bool savepoints = false;           ///< a part of a transaction can be undone
  bool concurrent_writers = false;   ///< two transactions may write at once: rows are locked, in one order
  bool ddl_in_transactions = false;  ///< false: DDL commits what came before it
  RowNames row_names = RowNames::key;
  StaleRows stale_rows = StaleRows::unknown;

  SqlText sql = {};

  bool reports_stale() const { return stale_rows != StaleRows::unknown; }
};

/// A kind of target: its traits, which live as long as the program. Two are equal where they are the same value.
class Target {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a target is nothing but its traits
  constexpr Target(const TargetTraits& traits) : traits_(&traits) {}

  const TargetTraits* operator->() const { return traits_; }
  const TargetTraits& operator*() const { return *traits_; }
  bool operator==(const Target&) const = default;

  static const Target cratedb, postgres, sqlite, mysql, mariadb, ndjson;

 private:
  const TargetTraits* traits_;
};

extern const TargetTraits kCrateTraits, kPostgresTraits, kSqliteTraits, kMysqlTraits, kMariadbTraits, kNdjsonTraits;

inline constexpr Target Target::cratedb{kCrateTraits};
inline constexpr Target Target::postgres{kPostgresTraits};
inline constexpr Target Target::sqlite{kSqliteTraits};
inline constexpr Target Target::mysql{kMysqlTraits};
inline constexpr Target Target::mariadb{kMariadbTraits};
inline constexpr Target Target::ndjson{kNdjsonTraits};

}  // namespace ctk::table
