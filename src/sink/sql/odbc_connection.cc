#include "sink/sql/odbc_connection.h"

#include <algorithm>
#include <array>

namespace ctk::sink::sql {
namespace {

struct Record {
  std::string state;
  int native = 0;
  std::string words;
};

std::vector<Record> records_of(const OdbcHandle& handle) {
  constexpr SQLSMALLINT kMost = 20;
  std::vector<Record> records;
  for (SQLSMALLINT i = 1; i <= kMost; ++i) {
    std::array<SQLCHAR, 6> state{};
    std::array<SQLCHAR, 2048> words{};
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    const SQLRETURN done = odbc_library()->GetDiagRec(handle.type(), handle.get(), i, state.data(), &native, words.data(),
                                                      static_cast<SQLSMALLINT>(words.size()), &length);
    if (!SQL_SUCCEEDED(done)) break;
    records.push_back({reinterpret_cast<const char*>(state.data()), native, reinterpret_cast<const char*>(words.data())});
  }
  return records;
}

OdbcHandle allocate(SQLSMALLINT type, SQLHANDLE of) {
  SQLHANDLE handle = nullptr;
  const SQLRETURN made = odbc_library()->AllocHandle(type, of, &handle);
  return SQL_SUCCEEDED(made) ? OdbcHandle(type, handle) : OdbcHandle();
}

SQLPOINTER as_pointer(SQLULEN value) { return reinterpret_cast<SQLPOINTER>(value); }  // NOLINT: ODBC passes numbers so

}  // namespace

OdbcDiagnosis diagnose(const OdbcHandle& handle) {
  OdbcDiagnosis diagnosis;
  for (const Record& record : records_of(handle)) {
    if (diagnosis.state.empty() || diagnosis.state == "00000") {
      diagnosis.state = record.state;
      diagnosis.native = record.native;
    }
    if (record.words.empty() || diagnosis.words.contains(record.words)) continue;
    diagnosis.words += (diagnosis.words.empty() ? "" : "; ") + record.words;
  }
  return diagnosis;
}

bool has_diagnostic(const OdbcHandle& handle, std::string_view state) {
  return std::ranges::any_of(records_of(handle), [&](const Record& record) { return record.state == state; });
}

Result<std::unique_ptr<OdbcConnection>> OdbcConnection::open(const OdbcAddress& address, Duration longest_wait) {
  if (!odbc_library()) return std::unexpected(odbc_library().error());
  const OdbcLibrary& odbc = *odbc_library();
  std::unique_ptr<OdbcConnection> made(new OdbcConnection);
  made->environment_ = allocate(SQL_HANDLE_ENV, SQL_NULL_HANDLE);
  odbc.SetEnvAttr(made->environment_.get(), SQL_ATTR_ODBC_VERSION, as_pointer(SQL_OV_ODBC3), 0);
  made->connection_ = allocate(SQL_HANDLE_DBC, made->environment_.get());
  if (made->connection_.get() == nullptr) return fail(ErrorKind::refused, "ODBC's driver manager gives no handle");
  const auto seconds = std::max<int64_t>(1, std::chrono::duration_cast<std::chrono::seconds>(longest_wait).count());
  made->set(SQL_ATTR_LOGIN_TIMEOUT, static_cast<SQLULEN>(seconds));
  std::string text = address.connection.reveal();
  std::array<SQLCHAR, 1024> completed{};
  SQLSMALLINT length = 0;
  const SQLRETURN opened = odbc.DriverConnect(made->connection_.get(), nullptr, reinterpret_cast<SQLCHAR*>(text.data()),
                                              static_cast<SQLSMALLINT>(text.size()), completed.data(),
                                              static_cast<SQLSMALLINT>(completed.size()), &length, SQL_DRIVER_NOPROMPT);
  if (!SQL_SUCCEEDED(opened)) {
    OdbcDiagnosis diagnosis = diagnose(made->connection_);
    diagnosis.words = without_secrets(std::move(diagnosis.words), address.secrets);
    return std::unexpected(odbc_connect_error(diagnosis, address.shown, address.driver));
  }
  made->connected_ = true;
  return made;
}

OdbcConnection::~OdbcConnection() {
  if (connected_) odbc_library()->Disconnect(connection_.get());
}

OdbcHandle OdbcConnection::statement() const { return allocate(SQL_HANDLE_STMT, connection_.get()); }

std::string OdbcConnection::text(SQLUSMALLINT what) const {
  std::array<char, 512> text{};
  SQLSMALLINT length = 0;
  const SQLRETURN done =
      odbc_library()->GetInfo(connection_.get(), what, text.data(), static_cast<SQLSMALLINT>(text.size()), &length);
  return SQL_SUCCEEDED(done) ? text.data() : "";
}

SQLUSMALLINT OdbcConnection::number(SQLUSMALLINT what, SQLUSMALLINT fallback) const {
  SQLUINTEGER number = 0;  // some drivers write four bytes where two are meant
  SQLSMALLINT length = 0;
  const SQLRETURN done = odbc_library()->GetInfo(connection_.get(), what, &number, sizeof(SQLUSMALLINT), &length);
  return SQL_SUCCEEDED(done) ? static_cast<SQLUSMALLINT>(number) : fallback;
}

bool OdbcConnection::is_dead() const {
  SQLUINTEGER dead = SQL_CD_FALSE;
  const SQLRETURN done = odbc_library()->GetConnectAttr(connection_.get(), SQL_ATTR_CONNECTION_DEAD, &dead, 0, nullptr);
  return SQL_SUCCEEDED(done) && dead == SQL_CD_TRUE;
}

bool OdbcConnection::set(SQLINTEGER attribute, SQLULEN value) const {
  return SQL_SUCCEEDED(odbc_library()->SetConnectAttr(connection_.get(), attribute, as_pointer(value), 0));
}

SQLRETURN OdbcConnection::end(SQLSMALLINT how) const {
  return odbc_library()->EndTran(SQL_HANDLE_DBC, connection_.get(), how);
}

}  // namespace ctk::sink::sql
