#include "odbc_floor.h"

#include <sql.h>
#include <sqlext.h>
#undef BOOL  // a word of DynamoDB's

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>

namespace ctk::bench {
namespace {

constexpr size_t kColumns = 7;
constexpr const char* kCreate =
    "CREATE TABLE t (customer text, \"order\" numeric, data jsonb, aux json, cdc_version text COLLATE \"C\", cdc_deleted "
    "boolean, cdc_time timestamptz, PRIMARY KEY (customer, \"order\"))";
constexpr const char* kUpsert =
    "INSERT INTO t AS t (customer, \"order\", data, aux, cdc_version, cdc_deleted, cdc_time) VALUES (?, CAST(? AS "
    "numeric), "
    "CAST(? AS jsonb), CAST(? AS json), ?, CAST(? AS boolean), CAST(? AS timestamptz)) ON CONFLICT (customer, \"order\") "
    "DO "
    "UPDATE SET data = excluded.data, aux = excluded.aux, cdc_version = excluded.cdc_version, cdc_deleted = "
    "excluded.cdc_deleted, cdc_time = excluded.cdc_time WHERE t.cdc_version IS NULL OR excluded.cdc_version > "
    "t.cdc_version";

void must(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle) {
  if (SQL_SUCCEEDED(code)) return;
  std::array<SQLCHAR, 6> state{};
  std::array<SQLCHAR, 1000> words{};
  SQLINTEGER native = 0;
  SQLSMALLINT length = 0;
  SQLGetDiagRec(type, handle, 1, state.data(), &native, words.data(), static_cast<SQLSMALLINT>(words.size()), &length);
  std::cerr << "sql_floor: " << words.data() << '\n';
  std::exit(1);
}

SQLCHAR* chars(std::string& text) { return reinterpret_cast<SQLCHAR*>(text.data()); }
SQLPOINTER as_pointer(SQLULEN value) { return reinterpret_cast<SQLPOINTER>(value); }  // NOLINT: ODBC passes numbers so

/// One column of a batch: all values as wide as the widest.
struct Column {
  size_t stride = 1;
  std::vector<char> bytes;
  std::vector<SQLLEN> lengths;

  void fill(const std::vector<std::optional<std::string>>& values) {
    stride = 1;
    for (const auto& value : values) stride = std::max(stride, value ? value->size() : 0);
    bytes.assign(stride * values.size(), '\0');
    lengths.assign(values.size(), SQL_NULL_DATA);
    for (size_t i = 0; i < values.size(); ++i) {
      if (!values[i]) continue;
      std::memcpy(bytes.data() + i * stride, values[i]->data(), values[i]->size());
      lengths[i] = static_cast<SQLLEN>(values[i]->size());
    }
  }
};

std::array<std::optional<std::string>, kColumns> cells_of(const table::Row& row) {
  return {row.keys[0].text, row.keys[1].text,        row.data.copy(),         row.aux.copy(),
          row.version,      row.deleted ? "1" : "0", format_iso8601(row.time)};
}

}  // namespace

void write_odbc(const std::vector<std::vector<table::Row>>& batches, const std::string& where) {
  SQLHANDLE environment = nullptr, connection = nullptr, statement = nullptr;
  SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
  SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, as_pointer(SQL_OV_ODBC3), 0);
  SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
  std::string text = where;
  must(SQLDriverConnect(connection, nullptr, chars(text), SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT),
       SQL_HANDLE_DBC, connection);
  SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
  for (std::string sql : {"DROP TABLE IF EXISTS t", kCreate}) {
    const SQLRETURN done = SQLExecDirect(statement, chars(sql), SQL_NTS);
    if (done != SQL_NO_DATA) must(done, SQL_HANDLE_STMT, statement);
  }
  SQLSetConnectAttr(connection, SQL_ATTR_AUTOCOMMIT, as_pointer(SQL_AUTOCOMMIT_OFF), 0);
  std::string upsert = kUpsert;
  must(SQLPrepare(statement, chars(upsert), SQL_NTS), SQL_HANDLE_STMT, statement);
  for (const auto& batch : batches) {
    std::array<std::vector<std::optional<std::string>>, kColumns> values;
    for (const table::Row& row : batch) {
      auto cells = cells_of(row);
      for (size_t i = 0; i < kColumns; ++i) values[i].push_back(std::move(cells[i]));
    }
    std::array<Column, kColumns> columns;
    SQLSetStmtAttr(statement, SQL_ATTR_PARAMSET_SIZE, as_pointer(batch.size()), 0);
    for (size_t i = 0; i < kColumns; ++i) {
      columns[i].fill(values[i]);
      must(SQLBindParameter(statement, static_cast<SQLUSMALLINT>(i + 1), SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                            columns[i].stride, 0, columns[i].bytes.data(), static_cast<SQLLEN>(columns[i].stride),
                            columns[i].lengths.data()),
           SQL_HANDLE_STMT, statement);
    }
    const SQLRETURN done = SQLExecute(statement);
    if (done != SQL_NO_DATA) must(done, SQL_HANDLE_STMT, statement);
    while (SQL_SUCCEEDED(SQLMoreResults(statement))) continue;
    must(SQLEndTran(SQL_HANDLE_DBC, connection, SQL_COMMIT), SQL_HANDLE_DBC, connection);
  }
  SQLFreeHandle(SQL_HANDLE_STMT, statement);
  SQLDisconnect(connection);
  SQLFreeHandle(SQL_HANDLE_DBC, connection);
  SQLFreeHandle(SQL_HANDLE_ENV, environment);
}

}  // namespace ctk::bench
