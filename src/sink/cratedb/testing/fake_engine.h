// The fake server's execution of statements. Single-threaded; no time of its own.
#pragma once

#include <set>

#include "sink/cratedb/testing/fake_tables.h"

namespace ctk::sink::cratedb::testing {

/// What a statement gives.
struct Outcome {
  std::vector<std::string> columns;
  std::vector<Type> types;
  std::vector<std::vector<Value>> rows;
  int64_t rowcount = 0;
};

/// One row of a bulk.
struct RowOutcome {
  int64_t rowcount = 1;
  std::optional<SqlError> error;
  size_t shard = 0;
};

using Parameters = std::vector<Value>;

class Engine {
 public:
  Store& store() { return store_; }
  /// Milliseconds since 1970, for now().
  int64_t now_ms = 0;

  SqlResult<Outcome> run(const Parsed& statement, const Parameters& parameters);
  /// All-or-nothing for what the coordinator sees, row by row for what the shards see. Only the first ten errors of a shard
  /// keep their reason.
  SqlResult<std::vector<RowOutcome>> run_bulk(const Parsed& statement, const std::vector<Parameters>& rows);

 private:
  Store store_;
};

/// Where an expression is evaluated.
struct Scene {
  const Document* row = nullptr;
  const Value* excluded = nullptr;
  const Parameters* parameters = nullptr;
  int64_t now_ms = 0;
  const std::set<std::string>* lacking = nullptr;  ///< Store::lacking
};
SqlResult<Value> evaluate(const Expr& expr, const Scene& scene);
/// 4043 for a column that is not there.
SqlResult<bool> check_columns(const Expr& expr, const Type& root);

/// Keys that a condition demands, by equality on the whole primary key; nothing where it does not. `exact`: it says nothing
/// else but _seq_no and _primary_term.
struct KeyDemand {
  std::vector<std::string> keys;
  bool exact = true;
  std::optional<int64_t> seq_no;
  std::optional<int64_t> primary_term;
};
SqlResult<std::optional<KeyDemand>> demanded_keys(const Table& table, const Expr& where, const Parameters& parameters);
/// The key of a row, as Documents name it; nothing where a part is NULL.
std::optional<std::string> key_of(const Table& table, const Value& values);

SqlResult<Outcome> run_select(Store& store, const Select& select, const Parameters& parameters, int64_t now_ms);

/// One request's writes to one table.
class Writing {
 public:
  explicit Writing(Table& table) : table_(table) {}

  SqlResult<std::vector<RowOutcome>> insert(const Insert& statement, const std::vector<Parameters>& rows);
  SqlResult<std::vector<RowOutcome>> update(const Update& statement, const std::vector<Parameters>& rows);
  SqlResult<std::vector<RowOutcome>> remove(const Delete& statement, const std::vector<Parameters>& rows);

 private:
  /// What became of an object's column in a shard after a row of the same request had added a key to it. This is how
  /// CrateDB 5.10.12 to 6.4.3 lose data, and report success.
  enum class Damage {
    none,
    lost,  ///< existing rows get NULL
    kept,  ///< existing rows keep their old object, whatever they were to get
  };

  SqlResult<bool> check_insert(const Insert& statement) const;
  SqlResult<bool> check_assignments(const std::vector<Assignment>& assignments) const;
  SqlResult<Value> cast_row(const Insert& statement, const Parameters& parameters) const;
  RowOutcome insert_row(const Insert& statement, const Value& row, const Parameters& parameters);
  RowOutcome update_row(const std::string& key, const std::vector<Assignment>& assignments, const Value* excluded,
                        const std::set<std::string>& added, const Parameters& parameters);
  SqlResult<Value> index(const Value& row, std::set<std::string>& added);
  SqlResult<RowOutcome> update_where(const Update& statement, const Parameters& parameters);
  SqlResult<RowOutcome> remove_where(const Delete& statement, const Parameters& parameters);
  std::optional<RowOutcome> miss(const KeyDemand& demand) const;
  void apply_damage(size_t shard, const std::string& column, bool adds, bool taken, const Value& old, Value& result);
  void put(const std::string& key, Document document);

  Table& table_;
  std::map<std::pair<size_t, std::string>, Damage> damage_;  ///< by shard and column
};

}  // namespace ctk::sink::cratedb::testing
