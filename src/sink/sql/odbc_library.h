// unixODBC's driver manager, which is loaded when it is first needed: the program starts without it.
#pragma once

#include <sql.h>
#include <sqlext.h>
#undef BOOL  // a word of DynamoDB's

#include <string>

#include "base/error.h"

namespace ctk::sink::sql {

/// Its functions, by their names there without `SQL`.
struct OdbcLibrary {
  decltype(&::SQLAllocHandle) AllocHandle;
  decltype(&::SQLFreeHandle) FreeHandle;
  decltype(&::SQLSetEnvAttr) SetEnvAttr;
  decltype(&::SQLDriverConnect) DriverConnect;
  decltype(&::SQLDisconnect) Disconnect;
  decltype(&::SQLGetInfo) GetInfo;
  decltype(&::SQLSetConnectAttr) SetConnectAttr;
  decltype(&::SQLGetConnectAttr) GetConnectAttr;
  decltype(&::SQLEndTran) EndTran;
  decltype(&::SQLGetDiagRec) GetDiagRec;
  decltype(&::SQLPrepare) Prepare;
  decltype(&::SQLExecute) Execute;
  decltype(&::SQLExecDirect) ExecDirect;
  decltype(&::SQLBindParameter) BindParameter;
  decltype(&::SQLSetStmtAttr) SetStmtAttr;
  decltype(&::SQLGetStmtAttr) GetStmtAttr;
  decltype(&::SQLFreeStmt) FreeStmt;
  decltype(&::SQLNumResultCols) NumResultCols;
  decltype(&::SQLDescribeCol) DescribeCol;
  decltype(&::SQLFetch) Fetch;
  decltype(&::SQLGetData) GetData;
  decltype(&::SQLMoreResults) MoreResults;
  decltype(&::SQLRowCount) RowCount;
  decltype(&::SQLCancel) Cancel;
  decltype(&::SQLTables) Tables;
  decltype(&::SQLColumns) Columns;
  decltype(&::SQLPrimaryKeys) PrimaryKeys;
};

/// Loaded once a program, from any thread; else which package has it.
const Result<OdbcLibrary>& odbc_library();

/// What odbc.ini says of a data source, without connecting: the driver's name or file; empty where it says nothing.
std::string odbc_driver_of(const std::string& data_source);

}  // namespace ctk::sink::sql
