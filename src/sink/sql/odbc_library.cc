#include "sink/sql/odbc_library.h"

#include <dlfcn.h>
#include <odbcinst.h>

#include <array>

namespace ctk::sink::sql {
namespace {

constexpr const char* kFile = "libodbc.so.2";
constexpr const char* kPackage = "install the package libodbc2 (Debian, Ubuntu), or unixODBC";

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Result<OdbcLibrary> load() {
  // Never closed: it keeps what it has begun to its end.
  void* file = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (file == nullptr) return fail(ErrorKind::refused, "ODBC needs its driver manager, unixODBC", dlerror(), kPackage);
  OdbcLibrary found{};
  const bool whole = find(file, "SQLAllocHandle", found.AllocHandle) && find(file, "SQLFreeHandle", found.FreeHandle) &&
                     find(file, "SQLSetEnvAttr", found.SetEnvAttr) && find(file, "SQLDriverConnect", found.DriverConnect) &&
                     find(file, "SQLDisconnect", found.Disconnect) && find(file, "SQLGetInfo", found.GetInfo) &&
                     find(file, "SQLSetConnectAttr", found.SetConnectAttr) &&
                     find(file, "SQLGetConnectAttr", found.GetConnectAttr) && find(file, "SQLEndTran", found.EndTran) &&
                     find(file, "SQLGetDiagRec", found.GetDiagRec) && find(file, "SQLPrepare", found.Prepare) &&
                     find(file, "SQLExecute", found.Execute) && find(file, "SQLExecDirect", found.ExecDirect) &&
                     find(file, "SQLBindParameter", found.BindParameter) &&
                     find(file, "SQLSetStmtAttr", found.SetStmtAttr) && find(file, "SQLGetStmtAttr", found.GetStmtAttr) &&
                     find(file, "SQLFreeStmt", found.FreeStmt) && find(file, "SQLNumResultCols", found.NumResultCols) &&
                     find(file, "SQLDescribeCol", found.DescribeCol) && find(file, "SQLFetch", found.Fetch) &&
                     find(file, "SQLGetData", found.GetData) && find(file, "SQLMoreResults", found.MoreResults) &&
                     find(file, "SQLRowCount", found.RowCount) && find(file, "SQLCancel", found.Cancel);
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
  if (file == nullptr || !find(file, "SQLGetPrivateProfileString", read)) return "";
  std::array<char, 1024> driver{};
  read(data_source.c_str(), "Driver", "", driver.data(), static_cast<int>(driver.size()), "odbc.ini");
  return driver.data();
}

}  // namespace ctk::sink::sql
