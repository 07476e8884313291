#include "sink/sql/odbc_library.h"

#include <odbcinst.h>
#undef BOOL  // a word of DynamoDB's

#include <array>

#include "sink/sql/library_symbols.h"

namespace ctk::sink::sql {
namespace {

constexpr const char* kFile = "libodbc.so.2";
constexpr const char* kPackage = "install the package libodbc2 (Debian, Ubuntu), or unixODBC";

Result<OdbcLibrary> load() {
  // Never closed: it keeps what it has begun to its end.
  void* file = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (file == nullptr) return fail(ErrorKind::refused, "ODBC needs its driver manager, unixODBC", dlerror(), kPackage);
  OdbcLibrary found{};
  const bool whole =
      find_symbol(file, "SQLAllocHandle", found.AllocHandle) && find_symbol(file, "SQLFreeHandle", found.FreeHandle) &&
      find_symbol(file, "SQLSetEnvAttr", found.SetEnvAttr) && find_symbol(file, "SQLDriverConnect", found.DriverConnect) &&
      find_symbol(file, "SQLDisconnect", found.Disconnect) && find_symbol(file, "SQLGetInfo", found.GetInfo) &&
      find_symbol(file, "SQLSetConnectAttr", found.SetConnectAttr) &&
      find_symbol(file, "SQLGetConnectAttr", found.GetConnectAttr) && find_symbol(file, "SQLEndTran", found.EndTran) &&
      find_symbol(file, "SQLGetDiagRec", found.GetDiagRec) && find_symbol(file, "SQLPrepare", found.Prepare) &&
      find_symbol(file, "SQLExecute", found.Execute) && find_symbol(file, "SQLExecDirect", found.ExecDirect) &&
      find_symbol(file, "SQLBindParameter", found.BindParameter) &&
      find_symbol(file, "SQLSetStmtAttr", found.SetStmtAttr) && find_symbol(file, "SQLGetStmtAttr", found.GetStmtAttr) &&
      find_symbol(file, "SQLFreeStmt", found.FreeStmt) && find_symbol(file, "SQLNumResultCols", found.NumResultCols) &&
      find_symbol(file, "SQLDescribeCol", found.DescribeCol) && find_symbol(file, "SQLFetch", found.Fetch) &&
      find_symbol(file, "SQLGetData", found.GetData) && find_symbol(file, "SQLMoreResults", found.MoreResults) &&
      find_symbol(file, "SQLRowCount", found.RowCount) && find_symbol(file, "SQLCancel", found.Cancel) &&
      find_symbol(file, "SQLTables", found.Tables) && find_symbol(file, "SQLColumns", found.Columns) &&
      find_symbol(file, "SQLPrimaryKeys", found.PrimaryKeys);
  if (!whole) return fail(ErrorKind::refused, "libodbc lacks what ctk calls", dlerror(), kPackage);
  return found;
}

}  // namespace

const Result<OdbcLibrary>& odbc_library() {
  static const Result<OdbcLibrary> library = load();
  return library;
}

std::string odbc_driver_of(const std::string& data_source) {
  void* file = dlopen("libodbcinst.so.2", RTLD_NOW | RTLD_LOCAL);
  decltype(&::SQLGetPrivateProfileString) read = nullptr;
  if (file == nullptr || !find_symbol(file, "SQLGetPrivateProfileString", read)) return "";
  std::array<char, 1024> driver{};
  read(data_source.c_str(), "Driver", "", driver.data(), static_cast<int>(driver.size()), "odbc.ini");
  return driver.data();
}

}  // namespace ctk::sink::sql
