#include "sink/sql/odbc_statements.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "sink/sql/mysql_errors.h"

namespace ctk::sink::sql {
namespace {

constexpr size_t kCachedStatements = 64;
/// Parameter sets of one call at most.
constexpr size_t kMostSets = 500;
/// What a status is before the driver has said anything.
constexpr SQLUSMALLINT kUntold = 0xffff;

SQLCHAR* chars(std::string_view text) {
  return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.data()));  // NOLINT: ODBC's texts are not const
}
SQLPOINTER as_pointer(SQLULEN value) { return reinterpret_cast<SQLPOINTER>(value); }  // NOLINT: ODBC passes numbers so

bool gives_rows(std::string_view sql) { return sql.starts_with("SELECT ") || sql.contains(" RETURNING "); }

/// "Optional feature not implemented"; MariaDB: "not supported in the prepared statement protocol", of INSERT … SELECT.
bool is_no_array(const OdbcDiagnosis& diagnosis) {
  constexpr int kUnsupported = 1295;
  return diagnosis.state == "HYC00" || diagnosis.native == kUnsupported;
}

/// An UPDATE or DELETE of nothing is "no data".
bool is_done(SQLRETURN code) { return SQL_SUCCEEDED(code) || code == SQL_NO_DATA; }

}  // namespace

OdbcStatements::OdbcStatements(const OdbcConnection& connection, OdbcManners manners, table::OdbcDialect dialect,
                               std::string shown)
    : connection_(connection), manners_(manners), dialect_(dialect), shown_(std::move(shown)), arrays_(manners.arrays) {}

void OdbcStatements::heed(std::stop_token all, std::stop_token one) {
  all_ = std::move(all);
  one_ = std::move(one);
}

bool OdbcStatements::give_up_arrays() { return std::exchange(arrays_, false); }

SQLRETURN OdbcStatements::call(const OdbcHandle& handle, const std::function<SQLRETURN()>& what) {
  // SQLCancel is the one call that may come from another thread. It may hang itself (psqlodbc asks the server by a further
  // connection): so from one that nobody else waits for.
  std::once_flag once;
  std::jthread canceller;
  SQLRETURN done = SQL_ERROR;
  {
    const auto cancel = [&] {
      std::call_once(once, [&] { canceller = std::jthread([&handle] { odbc_library()->Cancel(handle.get()); }); });
    };
    const std::stop_callback of_all(all_, cancel);
    const std::stop_callback of_one(one_, cancel);
    done = what();
  }
  return all_.stop_requested() ? SQL_ERROR : done;
}

OdbcHandle OdbcStatements::made() const {
  OdbcHandle handle = connection_.statement();
  if (handle.get() == nullptr) return handle;
  // Our texts have none of ODBC's own escapes, and names may hold braces.
  odbc_library()->SetStmtAttr(handle.get(), SQL_ATTR_NOSCAN, as_pointer(SQL_NOSCAN_ON), 0);
  if (timeout_ > 0) odbc_library()->SetStmtAttr(handle.get(), SQL_ATTR_QUERY_TIMEOUT, as_pointer(timeout_), 0);
  return handle;
}

SqlResult<OdbcStatements::Prepared*> OdbcStatements::prepare(const std::string& sql) {
  const auto found = prepared_.find(sql);
  if (found != prepared_.end() && !found->second.failed) return &found->second;
  if (prepared_.size() >= kCachedStatements) prepared_.clear();
  MarkedText text = to_markers(sql, manners_.dollars);
  Prepared made_now{made(), std::move(text.order)};
  const SQLRETURN done = call(made_now.handle, [&] {
    return odbc_library()->Prepare(made_now.handle.get(), chars(text.sql), static_cast<SQLINTEGER>(text.sql.size()));
  });
  if (!SQL_SUCCEEDED(done)) return std::unexpected(failure(made_now.handle));
  return &prepared_.insert_or_assign(sql, std::move(made_now)).first->second;
}

SqlResult<Answer> OdbcStatements::run(const Statement& statement) {
  SqlResult<Prepared*> prepared = prepare(statement.sql);
  if (!prepared) return std::unexpected(std::move(prepared).error());
  Answer answer;
  const std::span<const Param> params(statement.params);
  for (size_t next = 0; next < statement.executions();) {
    OdbcParams values;
    const bool may = arrays_ && (manners_.unchecked_arrays || statement.checked);
    const bool singly = !may || !(*prepared)->arrays || gives_rows(statement.sql) || statement.width == 0;
    const size_t rows = values.fill(params.subspan(next * statement.width), statement.width, (*prepared)->order,
                                    manners_.forms, {singly ? 1 : kMostSets, longest_call_ / 2});
    SqlResult<bool> done = run_some(**prepared, {rows, statement.most_rows}, values, answer);
    if (!done) {
      // Nothing of the statement is looked at any more: whoever gave it may be gone (watched_driver.h).
      (*prepared)->failed = true;
      return std::unexpected(std::move(done).error());
    }
    if (*done) next += rows;
  }
  return answer;
}

bool OdbcStatements::begin_array(const OdbcHandle& handle, size_t rows, Sets& sets) {
  const OdbcLibrary& odbc = *odbc_library();
  const SQLRETURN set = odbc.SetStmtAttr(handle.get(), SQL_ATTR_PARAMSET_SIZE, as_pointer(rows), 0);
  if (rows == 1) return true;
  // Success with a warning: another size was taken.
  SQLULEN taken = 1;
  odbc.GetStmtAttr(handle.get(), SQL_ATTR_PARAMSET_SIZE, &taken, 0, nullptr);
  sets.statuses.assign(rows, kUntold);
  odbc.SetStmtAttr(handle.get(), SQL_ATTR_PARAM_STATUS_PTR, sets.statuses.data(), 0);
  odbc.SetStmtAttr(handle.get(), SQL_ATTR_PARAMS_PROCESSED_PTR, &sets.done, 0);
  return set == SQL_SUCCESS && taken == rows;
}

/// The driver writes no more to where the sets are told of: the handle outlives them.
void OdbcStatements::end_array(const OdbcHandle& handle) {
  const OdbcLibrary& odbc = *odbc_library();
  odbc.SetStmtAttr(handle.get(), SQL_ATTR_PARAM_STATUS_PTR, nullptr, 0);
  odbc.SetStmtAttr(handle.get(), SQL_ATTR_PARAMS_PROCESSED_PTR, nullptr, 0);
  odbc.SetStmtAttr(handle.get(), SQL_ATTR_PARAMSET_SIZE, as_pointer(1), 0);
}

/// What became of the sets of an array that was taken.
std::optional<Failure> OdbcStatements::failed_sets(const OdbcHandle& handle, const Sets& sets) {
  const size_t rows = sets.statuses.size();
  if (std::ranges::count(sets.statuses, SQL_PARAM_ERROR) > 0) return failure(handle);
  const bool left_out = std::ranges::count(sets.statuses, SQL_PARAM_UNUSED) > 0 || (sets.done > 0 && sets.done < rows);
  if (!left_out) return std::nullopt;
  arrays_ = false;
  return Failure{Scope::again, {ErrorKind::unreachable, "the driver did a part of an array of parameters", "", ""}};
}

SqlResult<bool> OdbcStatements::run_some(Prepared& prepared, Extent extent, OdbcParams& values, Answer& answer) {
  const OdbcHandle& handle = prepared.handle;
  const size_t rows = extent.sets;
  const OdbcLibrary& odbc = *odbc_library();
  if (!values.refusal().empty()) {
    return std::unexpected(Failure{Scope::row, {ErrorKind::refused, values.refusal(), "", ""}});
  }
  // Such a server ends the session, and with it the transaction.
  if (const size_t bytes = values.bytes(); bytes > longest_call_) return std::unexpected(longer_than_packet(bytes));
  Sets sets;
  if (!begin_array(handle, rows, sets)) {
    arrays_ = false;
    return std::unexpected(
        Failure{Scope::again, {ErrorKind::unreachable, "the driver takes no arrays of parameters", "", ""}});
  }
  if (!values.bind(handle.get())) return std::unexpected(failure(handle));
  const SQLRETURN done = call(handle, [&] { return odbc.Execute(handle.get()); });
  if (!is_done(done) && rows > 1 && is_no_array(diagnose(handle))) {
    odbc.FreeStmt(handle.get(), SQL_CLOSE);
    end_array(handle);
    prepared.arrays = false;
    return false;
  }
  if (!is_done(done)) return std::unexpected(rows > 1 ? array_failure(handle) : failure(handle));
  if (done == SQL_SUCCESS_WITH_INFO && (has_diagnostic(handle, "01004") || has_diagnostic(handle, "22001"))) {
    Failure cut_off = failure(handle);
    cut_off.scope = Scope::row;
    cut_off.error.kind = ErrorKind::refused;
    return std::unexpected(std::move(cut_off));
  }
  if (std::optional<Failure> failed = failed_sets(handle, sets)) return std::unexpected(std::move(*failed));
  if (SqlResult<bool> read = read_results(handle, answer, extent); !read) return read;
  odbc.FreeStmt(handle.get(), SQL_CLOSE);
  odbc.FreeStmt(handle.get(), SQL_RESET_PARAMS);
  if (rows > 1) end_array(handle);
  return true;
}

/// Every result of a call: an array may have one for each of its sets. Counts are put down for the first execution.
SqlResult<bool> OdbcStatements::read_results(const OdbcHandle& handle, Answer& answer, Extent extent) {
  const OdbcLibrary& odbc = *odbc_library();
  int64_t counted = 0;
  SQLRETURN more = SQL_SUCCESS;
  while (SQL_SUCCEEDED(more)) {
    const std::vector<OdbcColumn> columns = columns_of(handle);
    if (columns.empty()) {
      SQLLEN count = 0;
      odbc.RowCount(handle.get(), &count);
      counted += std::max<SQLLEN>(count, 0);
    } else {
      Cells cells;
      Fetched fetched = fetch_row(handle, columns, manners_.forms.wide, cells);
      while (fetched == Fetched::row) {
        answer.rows.push_back(std::move(cells));
        if (static_cast<size_t>(++counted) == extent.most_rows) break;
        fetched = fetch_row(handle, columns, manners_.forms.wide, cells);
      }
      if (fetched == Fetched::failed) return std::unexpected(failure(handle));
      if (fetched == Fetched::cut) return cut();
    }
    more = call(handle, [&] { return odbc.MoreResults(handle.get()); });
  }
  if (more != SQL_NO_DATA) return std::unexpected(failure(handle));
  answer.affected.push_back(counted);
  answer.affected.resize(answer.affected.size() + extent.sets - 1, 0);
  return true;
}

SqlResult<bool> OdbcStatements::execute(std::string_view sql) {
  // Not "unscanned": MariaDB's driver would prepare it then, and the server prepares no SAVEPOINT.
  const OdbcHandle handle = connection_.statement();
  const SQLRETURN done = call(
      handle, [&] { return odbc_library()->ExecDirect(handle.get(), chars(sql), static_cast<SQLINTEGER>(sql.size())); });
  if (!is_done(done)) return std::unexpected(failure(handle));
  return true;
}

SqlResult<ResultSet> OdbcStatements::query(const std::string& sql) {
  const OdbcLibrary& odbc = *odbc_library();
  const OdbcHandle handle = connection_.statement();
  SQLRETURN more =
      call(handle, [&] { return odbc.ExecDirect(handle.get(), chars(sql), static_cast<SQLINTEGER>(sql.size())); });
  if (!is_done(more)) return std::unexpected(failure(handle));
  ResultSet last;
  while (is_done(more)) {
    const std::vector<OdbcColumn> columns = columns_of(handle);
    last = {};
    SQLLEN count = -1;
    if (columns.empty() && SQL_SUCCEEDED(more)) odbc.RowCount(handle.get(), &count);
    last.affected = more == SQL_NO_DATA ? 0 : count;
    for (const OdbcColumn& column : columns) last.columns.push_back({column.name, kind_of(column.type)});
    Cells cells;
    Fetched fetched = columns.empty() ? Fetched::end : fetch_row(handle, columns, manners_.forms.wide, cells);
    for (; fetched == Fetched::row; fetched = fetch_row(handle, columns, manners_.forms.wide, cells)) {
      for (size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].type == SQL_BIT && cells[i]) cells[i] = *cells[i] == "1" ? "true" : "false";
      }
      last.rows.push_back(std::move(cells));
    }
    if (fetched == Fetched::failed) return std::unexpected(failure(handle));
    if (fetched == Fetched::cut) return cut();
    more = call(handle, [&] { return odbc.MoreResults(handle.get()); });
    if (more == SQL_NO_DATA) return last;
  }
  return std::unexpected(failure(handle));
}

/// A driver that is not known may fail at arrays as such, and say so in words of its own.
Failure OdbcStatements::array_failure(const OdbcHandle& handle) {
  Failure failed = failure(handle);
  if (manners_.unchecked_arrays || failed.scope != Scope::doubtful) return failed;
  arrays_ = false;
  failed.scope = Scope::again;
  return failed;
}

Failure OdbcStatements::failure(const OdbcHandle& handle) const {
  const OdbcDiagnosis diagnosis = diagnose(handle);
  if (all_.stop_requested()) {
    return {Scope::call, {ErrorKind::stopped, shown_ + " is not waited for any more", diagnosis.words, ""}};
  }
  Failure failure = odbc_failure(dialect_, diagnosis, shown_);
  if (failure.scope != Scope::row && connection_.is_dead()) {
    failure.scope = Scope::lost;
    failure.error.kind = ErrorKind::unreachable;
    failure.error.message = shown_ + ": the connection was lost";
  }
  return failure;
}

std::unexpected<Failure> OdbcStatements::cut() const {
  return std::unexpected(
      Failure{Scope::call, {ErrorKind::refused, shown_ + ": the driver has cut a value that it was asked for", "", ""}});
}

}  // namespace ctk::sink::sql
