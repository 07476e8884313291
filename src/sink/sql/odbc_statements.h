// Prepared statements of one ODBC connection, and how one is run: parameters in arrays where the driver takes them, rows
// read whole, warnings that a value was cut taken for failures.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "sink/sql/odbc_manners.h"
#include "sink/sql/odbc_results.h"
#include "sink/sql/odbc_text.h"

namespace ctk::sink::sql {

class OdbcStatements {
 public:
  /// The connection outlives it.
  OdbcStatements(const OdbcConnection& connection, OdbcManners manners, table::OdbcDialect dialect, std::string shown);

  /// From a request on, what runs is asked to end.
  void heed(std::stop_token all, std::stop_token one);
  void set_timeout(SQLULEN seconds) { timeout_ = seconds; }
  /// How many bytes the server takes at once.
  void set_longest_call(size_t bytes) { longest_call_ = bytes; }

  /// All executions of a statement.
  SqlResult<Answer> run(const Statement& statement);
  /// A text without parameters.
  SqlResult<bool> execute(std::string_view sql);
  /// What a user typed: its last result.
  SqlResult<ResultSet> query(const std::string& sql);
  /// Prepared statements are forgotten: the tables that they name have changed.
  void forget() { prepared_.clear(); }
  /// No arrays from here on. False: there were none before.
  bool give_up_arrays();

 private:
  struct Prepared {
    OdbcHandle handle;
    std::vector<size_t> order;
    bool arrays = true;   ///< false: it is not to be had for arrays of parameters
    bool failed = false;  ///< it is prepared anew
  };
  /// How many parameter sets a call did.
  struct Sets {
    std::vector<SQLUSMALLINT> statuses;
    SQLULEN done = 0;
  };

  /// Of one call: parameter sets that it has, rows that are read of its answer.
  struct Extent {
    size_t sets;
    size_t most_rows;
  };

  SqlResult<Prepared*> prepare(const std::string& sql);
  /// False: nothing was done, and the next try is without an array.
  SqlResult<bool> run_some(Prepared& prepared, Extent extent, OdbcParams& values, Answer& answer);
  std::optional<Failure> failed_sets(const OdbcHandle& handle, const Sets& sets);
  SqlResult<bool> read_results(const OdbcHandle& handle, Answer& answer, Extent extent);
  SQLRETURN call(const OdbcHandle& handle, const std::function<SQLRETURN()>& what);
  static void end_array(const OdbcHandle& handle);
  bool begin_array(const OdbcHandle& handle, size_t rows, Sets& sets);
  Failure array_failure(const OdbcHandle& handle);
  Failure failure(const OdbcHandle& handle) const;
  std::unexpected<Failure> cut() const;
  OdbcHandle made() const;

  const OdbcConnection& connection_;
  const OdbcManners manners_;
  const table::OdbcDialect dialect_;
  const std::string shown_;
  std::stop_token all_, one_;
  SQLULEN timeout_ = 0;
  size_t longest_call_ = SIZE_MAX;
  bool arrays_;
  std::unordered_map<std::string, Prepared> prepared_;
};

}  // namespace ctk::sink::sql
