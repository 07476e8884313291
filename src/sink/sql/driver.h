// A connection to a SQL database: it runs statements and says what became of them. It knows no table of ours.
// Drivers block; each is used by one Executor only.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sink/sink.h"
#include "sink/sql/statement.h"

namespace ctk::sink::sql {

/// What a failure concerns, and so what to do about it.
enum class Scope {
  row,       ///< this row's own values: bisect, park it
  doubtful,  ///< this row's, or everything's: halving tells, and a write of no rows (see refusals.h)
  again,     ///< the same transaction may succeed at once
  conflict,  ///< a deadlock or the like: so may this; where it never does, one row's trigger may be what raises it
  call,      ///< everything: the error says what kind
  lost,      ///< the connection is gone; what was not committed has not happened, a COMMIT under way is unknown
};

struct Failure {
  Scope scope = Scope::call;
  Error error;
  bool because_of_key = false;  ///< Scope::row: the key is what does not fit (longer than an index takes)
  bool too_long = false;        ///< Scope::row: more than the server takes at once, and so not sent
};

template <class T>
using SqlResult = std::expected<T, Failure>;

/// How far a connection may go to be there.
enum class Reach {
  existing,  ///< connect to what exists; make nothing
  create,    ///< a database file may be made and set up
};

/// A row's cells, as Cells has them, for as long as it is shown. False: no further row is wanted.
using CellsVisit = std::function<bool(std::span<const std::optional<std::string_view>> cells)>;

class Driver {
 public:
  virtual ~Driver() = default;

  /// Before anything else. From a request to stop on, which may come from any thread, whatever waits for the database fails
  /// with `stopped`. For those that never wait there is nothing to heed.
  virtual void heed(const std::stop_token& /*stop*/) {}

  /// Connects, if it is not connected already. Errors: unreachable, denied, not_found.
  virtual Status connect(Reach reach) = 0;
  virtual void disconnect() = 0;

  /// Runs the statements in order, up to the first failure; in one round trip where the database can. Whoever began a
  /// transaction rolls it back after a failure.
  virtual SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) = 0;

  /// Runs one SELECT, and shows its rows one after another instead of holding them all. False: not all were shown, since no
  /// more were wanted or this driver has no such way.
  virtual SqlResult<bool> walk(const Statement& /*select*/, const CellsVisit& /*visit*/) { return false; }

  /// One text as a user typed it; no limit of time.
  virtual Result<ResultSet> query(const Query& query) = 0;

  /// Whether a failure has cost the connection, so that the same work may do on a new one. Not where there are none to
  /// lose.
  virtual bool connection_is_lost() const { return false; }

  /// Called where rows were not written although the driver said so: from here on it does not send several at once. False
  /// where it does not anyway.
  virtual bool take_smaller_steps() { return false; }

  /// The file that the database is, or would be; empty where it is no file.
  virtual std::string file() const { return ""; }

  /// Whether the connection is inside a transaction: a trigger may have ended it (SQLite's RAISE(ROLLBACK)).
  virtual bool in_transaction() const = 0;

  SqlResult<Answer> run(Statement statement);
};

}  // namespace ctk::sink::sql
