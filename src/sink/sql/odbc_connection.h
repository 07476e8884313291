// One ODBC connection: its handles, what it says of itself and of failures. No statement of ours.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sink/sql/odbc_address.h"
#include "sink/sql/odbc_errors.h"
#include "sink/sql/odbc_library.h"

namespace ctk::sink::sql {

/// A handle of any kind, freed with this.
class OdbcHandle {
 public:
  OdbcHandle() = default;
  OdbcHandle(SQLSMALLINT type, SQLHANDLE handle) : type_(type), handle_(handle) {}
  OdbcHandle(OdbcHandle&& other) noexcept : type_(other.type_), handle_(std::exchange(other.handle_, nullptr)) {}
  OdbcHandle& operator=(OdbcHandle&& other) noexcept {
    std::swap(type_, other.type_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  OdbcHandle(const OdbcHandle&) = delete;
  OdbcHandle& operator=(const OdbcHandle&) = delete;
  ~OdbcHandle() {
    if (handle_ != nullptr) odbc_library()->FreeHandle(type_, handle_);
  }

  SQLSMALLINT type() const { return type_; }
  SQLHANDLE get() const { return handle_; }

 private:
  SQLSMALLINT type_ = 0;
  SQLHANDLE handle_ = nullptr;
};

/// What a handle has to say of its last call.
OdbcDiagnosis diagnose(const OdbcHandle& handle);
/// Whether one of its records has this state.
bool has_diagnostic(const OdbcHandle& handle, std::string_view state);

class OdbcConnection {
 public:
  /// Errors: unreachable, denied, not_found; refused where there is no driver manager.
  static Result<std::unique_ptr<OdbcConnection>> open(const OdbcAddress& address, Duration longest_wait);
  ~OdbcConnection();
  OdbcConnection(const OdbcConnection&) = delete;
  OdbcConnection& operator=(const OdbcConnection&) = delete;

  const OdbcHandle& handle() const { return connection_; }
  /// Null where the driver gives none.
  OdbcHandle statement() const;

  std::string text(SQLUSMALLINT what) const;  ///< SQLGetInfo; empty where it is not said
  SQLUSMALLINT number(SQLUSMALLINT what, SQLUSMALLINT fallback) const;
  /// Whether the driver knows that it has lost its server.
  bool is_dead() const;

  bool set(SQLINTEGER attribute, SQLULEN value) const;
  SQLRETURN end(SQLSMALLINT how) const;  ///< SQL_COMMIT, SQL_ROLLBACK

 private:
  OdbcConnection() = default;

  OdbcHandle environment_, connection_;
  bool connected_ = false;
};

}  // namespace ctk::sink::sql
