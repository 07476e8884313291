// An ODBC driver of the tests' own, over SQLite, that lies: what it does wrong is a word of the connection string,
// `LIE=word`. unixODBC's driver manager loads it by its file: `DRIVER=/…/ctk_lying_odbc.so;DATABASE=file;LIE=word`.
//
// Words that are joined by commas are lies that are told together.
//
//   none             it does what it says
//   no-arrays        it takes arrays of parameters, and fails when one is executed
//   first-of-array   it does the first set of an array only, and says that all are done
//   cuts-arrays      in arrays it cuts texts and bytes after CUT bytes
//   cuts             it cuts the texts and bytes that it is given after CUT bytes
//   cuts-answers     it cuts those that it gives
//   counts-none      it says that no write has changed a row
//   counts-many      it says that every write has changed seven
//   no-transactions  it has none, and says so
//
// Everything else is as ODBC has it, as far as ctk calls it (sink/sql/odbc_library.h) and the driver manager asks.
#include <sql.h>
#include <sqlext.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

struct Diagnosis {
  std::string state, words;
  SQLINTEGER native = 0;
};

struct Handle {
  explicit Handle(SQLSMALLINT of) : kind(of) {}
  virtual ~Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  SQLRETURN fail(std::string state, std::string words, SQLINTEGER native = 0) {
    diagnosis = {std::move(state), "[lying] " + std::move(words), native};
    return SQL_ERROR;
  }

  SQLSMALLINT kind;
  Diagnosis diagnosis;
};

struct Connection final : Handle {
  Connection() : Handle(SQL_HANDLE_DBC) {}
  ~Connection() override { sqlite3_close_v2(database); }

  bool lies(std::string_view word) const { return ("," + lie + ",").contains("," + std::string(word) + ","); }
  /// Tables are made all the same: what is lost is what was written into them.
  bool loses_this_commit() const { return lies("loses-commits") && rows_written; }
  SQLRETURN run(const char* sql) {
    rows_written = false;
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return SQL_SUCCESS;
    return fail("HY000", sqlite3_errmsg(database), sqlite3_errcode(database));
  }

  sqlite3* database = nullptr;
  std::string lie = "none";
  size_t cut = 1000;
  bool autocommit = true;
  bool rows_written = false;  ///< in this transaction, into a table that is none of the program's own
};

struct Bound {
  SQLSMALLINT as = SQL_C_CHAR;
  const char* values = nullptr;
  SQLLEN stride = 0;
  const SQLLEN* lengths = nullptr;
};

struct Running final : Handle {
  explicit Running(Connection& on) : Handle(SQL_HANDLE_STMT), connection(on) {}
  ~Running() override { sqlite3_finalize(statement); }

  Connection& connection;
  sqlite3_stmt* statement = nullptr;
  std::vector<Bound> bound;
  SQLULEN sets = 1;
  SQLUSMALLINT* statuses = nullptr;
  SQLULEN* done = nullptr;
  SQLLEN count = -1;
  bool row_waits = false;  ///< the first row was stepped to when the statement was executed
  bool open = false;
  std::vector<size_t> given;  ///< bytes of each column of this row that were handed out
};

Handle& handle_of(SQLHANDLE handle) { return *static_cast<Handle*>(handle); }
Connection& connection_of(SQLHANDLE handle) { return *static_cast<Connection*>(handle); }
Running& running_of(SQLHANDLE handle) { return *static_cast<Running*>(handle); }

std::string text_of(const SQLCHAR* text, SQLINTEGER length) {
  const char* chars = reinterpret_cast<const char*>(text);
  return length == SQL_NTS ? std::string(chars) : std::string(chars, static_cast<size_t>(length));
}

SQLRETURN failed(Running& running) {
  sqlite3* database = running.connection.database;
  const int code = sqlite3_errcode(database) & 0xff;
  const char* state = code == SQLITE_CONSTRAINT ? "23000" : "HY000";
  const std::string words = sqlite3_errmsg(database);
  if (running.statement != nullptr) sqlite3_reset(running.statement);
  return running.fail(state, words, code);
}

bool begins_transaction(std::string_view sql) {
  return sql.starts_with("BEGIN") || sql.starts_with("SAVEPOINT") || sql.starts_with("COMMIT") ||
         sql.starts_with("ROLLBACK") || sql.starts_with("RELEASE");
}

SQLRETURN prepare(Running& running, std::string sql) {
  sqlite3_finalize(running.statement);
  running.statement = nullptr;
  running.open = running.row_waits = false;
  if (running.connection.lies("no-transactions") && begins_transaction(sql)) {
    return running.fail("HYC00", "there are no transactions");
  }
  if (sql.starts_with("COMMIT")) {
    if (running.connection.loses_this_commit()) sql = "ROLLBACK";
    running.connection.rows_written = false;
  }
  const int made = sqlite3_prepare_v2(running.connection.database, sql.data(), static_cast<int>(sql.size()),
                                      &running.statement, nullptr);
  return made == SQLITE_OK ? SQL_SUCCESS : failed(running);
}

/// How many bytes of a value of `size` bytes the driver takes.
size_t taken(const Running& running, size_t size) {
  const bool cuts = running.connection.lies("cuts") || (running.connection.lies("cuts-arrays") && running.sets > 1);
  return cuts ? std::min(size, running.connection.cut) : size;
}

void bind_set(Running& running, size_t set) {
  for (size_t i = 0; i < running.bound.size(); ++i) {
    const Bound& bound = running.bound[i];
    const int place = static_cast<int>(i + 1);
    const SQLLEN length = bound.lengths[set];
    const bool fixed = bound.as != SQL_C_CHAR && bound.as != SQL_C_BINARY;
    const char* value = bound.values + set * static_cast<size_t>(bound.stride);
    if (length == SQL_NULL_DATA) {
      sqlite3_bind_null(running.statement, place);
    } else if (!fixed) {
      const int size = static_cast<int>(taken(running, static_cast<size_t>(length)));
      if (bound.as == SQL_C_CHAR) sqlite3_bind_text(running.statement, place, value, size, SQLITE_TRANSIENT);
      if (bound.as == SQL_C_BINARY) sqlite3_bind_blob(running.statement, place, value, size, SQLITE_TRANSIENT);
    } else if (bound.as == SQL_C_DOUBLE) {
      double number = 0;
      std::memcpy(&number, value, sizeof number);
      sqlite3_bind_double(running.statement, place, number);
    } else if (bound.as == SQL_C_BIT) {
      sqlite3_bind_int(running.statement, place, static_cast<unsigned char>(*value));
    } else {
      sqlite3_int64 number = 0;
      std::memcpy(&number, value, sizeof number);
      sqlite3_bind_int64(running.statement, place, number);
    }
  }
}

bool writes_rows(std::string_view sql) {
  return (sql.starts_with("INSERT") || sql.starts_with("UPDATE")) && !sql.contains("ctk_");
}

/// One execution; of a question only the first row.
SQLRETURN step_first(Running& running) {
  sqlite3_reset(running.statement);
  const int before = sqlite3_total_changes(running.connection.database);
  const int stepped = sqlite3_step(running.statement);
  if (stepped != SQLITE_ROW && stepped != SQLITE_DONE && running.connection.lies("claims-success")) {
    sqlite3_reset(running.statement);
    ++running.count;
    return SQL_SUCCESS;
  }
  if (stepped != SQLITE_ROW && stepped != SQLITE_DONE) return failed(running);
  if (writes_rows(sqlite3_sql(running.statement))) running.connection.rows_written = true;
  running.open = sqlite3_column_count(running.statement) > 0;
  running.row_waits = stepped == SQLITE_ROW;
  if (!running.open) sqlite3_reset(running.statement);
  running.count += sqlite3_total_changes(running.connection.database) - before;
  return SQL_SUCCESS;
}

SQLRETURN execute(Running& running) {
  running.count = 0;
  if (running.sets > 1 && running.connection.lies("no-arrays")) {
    return running.fail("HY000", "the driver does not know what to do with that");
  }
  const size_t sets = running.connection.lies("first-of-array") ? 1 : running.sets;
  for (size_t set = 0; set < sets; ++set) {
    bind_set(running, set);
    if (const SQLRETURN done = step_first(running); done != SQL_SUCCESS) return done;
  }
  if (running.done != nullptr) *running.done = running.sets;
  if (running.statuses != nullptr) std::fill_n(running.statuses, running.sets, SQL_PARAM_SUCCESS);
  return SQL_SUCCESS;
}

/// `text` into a caller's buffer; what it would take into `length`.
template <class Length>
SQLRETURN give(std::string_view text, SQLPOINTER buffer, Length room, Length* length) {
  if (length != nullptr) *length = static_cast<Length>(text.size());
  if (buffer == nullptr || room <= 0) return SQL_SUCCESS;
  const size_t most = std::min(text.size(), static_cast<size_t>(room) - 1);
  std::memcpy(buffer, text.data(), most);
  static_cast<char*>(buffer)[most] = '\0';
  return most == text.size() ? SQL_SUCCESS : SQL_SUCCESS_WITH_INFO;
}

/// `NAME=value;NAME=value`, names in capitals.
std::map<std::string, std::string> parts_of(const std::string& connection) {
  std::map<std::string, std::string> parts;
  for (size_t at = 0; at < connection.size();) {
    const size_t end = std::min(connection.find(';', at), connection.size());
    const std::string part = connection.substr(at, end - at);
    if (const size_t equals = part.find('='); equals != std::string::npos) {
      parts[part.substr(0, equals)] = part.substr(equals + 1);
    }
    at = end + 1;
  }
  return parts;
}

/// Of an expression the type is that of its value, where there is one.
SQLSMALLINT type_of(const Running& running, int column) {
  const char* declared = sqlite3_column_decltype(running.statement, column);
  if (declared != nullptr) return std::string_view(declared) == "BLOB" ? SQL_LONGVARBINARY : SQL_LONGVARCHAR;
  const bool number = running.row_waits && sqlite3_column_type(running.statement, column) == SQLITE_INTEGER;
  return number ? SQL_BIGINT : SQL_LONGVARCHAR;
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming, readability-inconsistent-declaration-parameter-name): ODBC's names
extern "C" {

SQLRETURN SQLAllocHandle(SQLSMALLINT type, SQLHANDLE input, SQLHANDLE* output) {
  if (type == SQL_HANDLE_ENV) *output = new Handle(SQL_HANDLE_ENV);
  if (type == SQL_HANDLE_DBC) *output = new Connection;
  if (type == SQL_HANDLE_STMT) *output = new Running(connection_of(input));
  return type == SQL_HANDLE_DESC ? SQL_ERROR : SQL_SUCCESS;
}

SQLRETURN SQLFreeHandle(SQLSMALLINT, SQLHANDLE handle) {
  delete &handle_of(handle);
  return SQL_SUCCESS;
}

SQLRETURN SQLSetEnvAttr(SQLHENV, SQLINTEGER, SQLPOINTER, SQLINTEGER) { return SQL_SUCCESS; }

SQLRETURN SQLDriverConnect(SQLHDBC handle, SQLHWND, SQLCHAR* text, SQLSMALLINT length, SQLCHAR* completed, SQLSMALLINT room,
                           SQLSMALLINT* size, SQLUSMALLINT) {
  Connection& connection = connection_of(handle);
  const std::string given = text_of(text, length);
  std::map<std::string, std::string> parts = parts_of(given);
  if (parts.contains("LIE")) connection.lie = parts["LIE"];
  if (parts.contains("CUT")) connection.cut = std::stoul(parts["CUT"]);
  if (sqlite3_open(parts["DATABASE"].c_str(), &connection.database) != SQLITE_OK) {
    return connection.fail("08001", "unable to open database");
  }
  sqlite3_extended_result_codes(connection.database, 0);
  give(given, completed, room, size);
  return SQL_SUCCESS;
}

SQLRETURN SQLDisconnect(SQLHDBC handle) {
  Connection& connection = connection_of(handle);
  sqlite3_close_v2(connection.database);
  connection.database = nullptr;
  return SQL_SUCCESS;
}

SQLRETURN SQLGetInfo(SQLHDBC handle, SQLUSMALLINT what, SQLPOINTER value, SQLSMALLINT room, SQLSMALLINT* length) {
  const bool transactions = !connection_of(handle).lies("no-transactions");
  switch (what) {
    case SQL_DBMS_NAME: return give("SQLite", value, room, length);
    case SQL_DBMS_VER: return give("3", value, room, length);
    case SQL_DRIVER_NAME: return give("ctk_lying_odbc.so", value, room, length);
    case SQL_DRIVER_ODBC_VER: return give("03.00", value, room, length);
    case SQL_TXN_CAPABLE: *static_cast<SQLUSMALLINT*>(value) = transactions ? SQL_TC_ALL : SQL_TC_NONE; return SQL_SUCCESS;
    default: return handle_of(handle).fail("HYC00", "nothing is known of that");
  }
}

SQLRETURN SQLSetConnectAttr(SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER) {
  if (attribute != SQL_ATTR_AUTOCOMMIT) return SQL_SUCCESS;
  Connection& connection = connection_of(handle);
  const bool on = reinterpret_cast<SQLULEN>(value) == SQL_AUTOCOMMIT_ON;
  if (connection.lies("no-transactions")) {
    return on ? SQL_SUCCESS : connection.fail("HYC00", "there are no transactions");
  }
  if (on != connection.autocommit) {
    if (const SQLRETURN run = connection.run(on ? "COMMIT" : "BEGIN IMMEDIATE"); run != SQL_SUCCESS) return run;
  }
  connection.autocommit = on;
  return SQL_SUCCESS;
}

SQLRETURN SQLGetConnectAttr(SQLHDBC handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER, SQLINTEGER*) {
  if (attribute != SQL_ATTR_CONNECTION_DEAD) return handle_of(handle).fail("HYC00", "nothing is known of that");
  *static_cast<SQLUINTEGER*>(value) = SQL_CD_FALSE;
  return SQL_SUCCESS;
}

SQLRETURN SQLEndTran(SQLSMALLINT, SQLHANDLE handle, SQLSMALLINT how) {
  Connection& connection = connection_of(handle);
  if (connection.autocommit) return SQL_SUCCESS;
  const bool keeps = how == SQL_COMMIT && !connection.loses_this_commit();
  if (const SQLRETURN run = connection.run(keeps ? "COMMIT" : "ROLLBACK"); run != SQL_SUCCESS) return run;
  return connection.run("BEGIN IMMEDIATE");
}

SQLRETURN SQLGetDiagRec(SQLSMALLINT, SQLHANDLE handle, SQLSMALLINT record, SQLCHAR* state, SQLINTEGER* native,
                        SQLCHAR* words, SQLSMALLINT room, SQLSMALLINT* length) {
  const Diagnosis& diagnosis = handle_of(handle).diagnosis;
  if (record > 1 || diagnosis.state.empty()) return SQL_NO_DATA;
  std::memcpy(state, diagnosis.state.c_str(), SQL_SQLSTATE_SIZE + 1);
  *native = diagnosis.native;
  return give(diagnosis.words, words, room, length);
}

SQLRETURN SQLPrepare(SQLHSTMT handle, SQLCHAR* text, SQLINTEGER length) {
  return prepare(running_of(handle), text_of(text, length));
}

SQLRETURN SQLExecute(SQLHSTMT handle) { return execute(running_of(handle)); }

SQLRETURN SQLExecDirect(SQLHSTMT handle, SQLCHAR* text, SQLINTEGER length) {
  if (const SQLRETURN made = SQLPrepare(handle, text, length); made != SQL_SUCCESS) return made;
  return SQLExecute(handle);
}

SQLRETURN SQLBindParameter(SQLHSTMT handle, SQLUSMALLINT place, SQLSMALLINT, SQLSMALLINT as, SQLSMALLINT, SQLULEN,
                           SQLSMALLINT, SQLPOINTER values, SQLLEN stride, SQLLEN* lengths) {
  Running& running = running_of(handle);
  if (running.bound.size() < place) running.bound.resize(place);
  // Numbers lie one behind the other, whatever is said of their width.
  const SQLLEN fixed = as == SQL_C_BIT ? 1 : as == SQL_C_CHAR || as == SQL_C_BINARY ? stride : 8;
  running.bound[place - 1U] = {as, static_cast<const char*>(values), fixed, lengths};
  return SQL_SUCCESS;
}

SQLRETURN SQLSetStmtAttr(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER) {
  Running& running = running_of(handle);
  switch (attribute) {
    case SQL_ATTR_PARAMSET_SIZE: running.sets = reinterpret_cast<SQLULEN>(value); break;
    case SQL_ATTR_PARAM_STATUS_PTR: running.statuses = static_cast<SQLUSMALLINT*>(value); break;
    case SQL_ATTR_PARAMS_PROCESSED_PTR: running.done = static_cast<SQLULEN*>(value); break;
    default: break;
  }
  return SQL_SUCCESS;
}

SQLRETURN SQLGetStmtAttr(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER, SQLINTEGER*) {
  if (attribute == SQL_ATTR_PARAMSET_SIZE) *static_cast<SQLULEN*>(value) = running_of(handle).sets;
  // The driver manager asks for a statement's descriptors, and does with any.
  const bool descriptor = attribute >= SQL_ATTR_APP_ROW_DESC && attribute <= SQL_ATTR_IMP_PARAM_DESC;
  if (descriptor) *static_cast<SQLHANDLE*>(value) = handle;
  return SQL_SUCCESS;
}

SQLRETURN SQLFreeStmt(SQLHSTMT handle, SQLUSMALLINT option) {
  Running& running = running_of(handle);
  if (option == SQL_CLOSE) {
    if (running.statement != nullptr) sqlite3_reset(running.statement);
    running.open = running.row_waits = false;
  }
  if (option == SQL_RESET_PARAMS) running.bound.clear();
  return SQL_SUCCESS;
}

SQLRETURN SQLNumResultCols(SQLHSTMT handle, SQLSMALLINT* count) {
  *count = static_cast<SQLSMALLINT>(sqlite3_column_count(running_of(handle).statement));
  return SQL_SUCCESS;
}

SQLRETURN SQLDescribeCol(SQLHSTMT handle, SQLUSMALLINT place, SQLCHAR* name, SQLSMALLINT room, SQLSMALLINT* length,
                         SQLSMALLINT* type, SQLULEN* size, SQLSMALLINT* digits, SQLSMALLINT* nullable) {
  const Running& running = running_of(handle);
  *type = type_of(running, place - 1);
  if (size != nullptr) *size = 0;
  if (digits != nullptr) *digits = 0;
  if (nullable != nullptr) *nullable = SQL_NULLABLE_UNKNOWN;
  return give(sqlite3_column_name(running.statement, place - 1), name, room, length);
}

SQLRETURN SQLFetch(SQLHSTMT handle) {
  Running& running = running_of(handle);
  if (!running.open) return SQL_NO_DATA;
  if (!std::exchange(running.row_waits, false)) {
    const int stepped = sqlite3_step(running.statement);
    if (stepped == SQLITE_DONE) {
      running.open = false;
      return SQL_NO_DATA;
    }
    if (stepped != SQLITE_ROW) return failed(running);
  }
  running.given.assign(static_cast<size_t>(sqlite3_column_count(running.statement)), 0);
  return SQL_SUCCESS;
}

SQLRETURN SQLGetData(SQLHSTMT handle, SQLUSMALLINT place, SQLSMALLINT as, SQLPOINTER buffer, SQLLEN room, SQLLEN* left) {
  Running& running = running_of(handle);
  const int column = place - 1;
  size_t& given = running.given[static_cast<size_t>(column)];
  if (sqlite3_column_type(running.statement, column) == SQLITE_NULL) {
    *left = SQL_NULL_DATA;
    return SQL_SUCCESS;
  }
  const char* value = as == SQL_C_BINARY ? static_cast<const char*>(sqlite3_column_blob(running.statement, column))
                                         : reinterpret_cast<const char*>(sqlite3_column_text(running.statement, column));
  auto size = static_cast<size_t>(sqlite3_column_bytes(running.statement, column));
  if (running.connection.lies("cuts-answers")) size = std::min(size, running.connection.cut);
  if (given > 0 && given == size) return SQL_NO_DATA;
  const size_t ending = as == SQL_C_CHAR ? 1 : 0;
  const size_t most = std::min(size - given, static_cast<size_t>(room) - ending);
  if (most > 0) std::memcpy(buffer, value + given, most);
  if (ending > 0) static_cast<char*>(buffer)[most] = '\0';
  *left = static_cast<SQLLEN>(size - given);
  given += most;
  if (given == size) return SQL_SUCCESS;
  running.diagnosis = {"01004", "[lying] there is more", 0};
  return SQL_SUCCESS_WITH_INFO;
}

SQLRETURN SQLMoreResults(SQLHSTMT) { return SQL_NO_DATA; }

SQLRETURN SQLRowCount(SQLHSTMT handle, SQLLEN* count) {
  const Running& running = running_of(handle);
  const bool few = running.connection.lies("counts-none"), many = running.connection.lies("counts-many");
  *count = few ? 0 : many ? 7 : running.count;
  return SQL_SUCCESS;
}

SQLRETURN SQLCancel(SQLHSTMT handle) {
  sqlite3_interrupt(running_of(handle).connection.database);
  return SQL_SUCCESS;
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming, readability-inconsistent-declaration-parameter-name)
