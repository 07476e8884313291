#include "sink/sql/odbc_results.h"

#include <algorithm>
#include <array>

#include "sink/sql/odbc_params.h"

namespace ctk::sink::sql {
namespace {

/// Bytes of a value that are asked for at a time.
constexpr size_t kPart = 32U << 10U;

/// Appends one value, however many parts it comes in. Nothing in `value`: NULL.
Fetched read_value(SQLHANDLE statement, SQLUSMALLINT place, SQLSMALLINT as, std::optional<std::string>& value) {
  thread_local std::array<char, kPart> part;
  // Texts end with a NUL in their own width.
  const size_t ending = as == SQL_C_WCHAR ? 2 : as == SQL_C_CHAR ? 1 : 0;
  const size_t room = part.size() - ending;
  value.emplace();
  for (bool first = true;; first = false) {
    SQLLEN left = 0;
    const SQLRETURN got =
        odbc_library()->GetData(statement, place, as, part.data(), static_cast<SQLLEN>(part.size()), &left);
    if (got == SQL_NO_DATA) return Fetched::row;
    if (!SQL_SUCCEEDED(got)) return Fetched::failed;
    if (left == SQL_NULL_DATA) {
      if (!first) return Fetched::cut;
      value.reset();
      return Fetched::row;
    }
    const bool more = left == SQL_NO_TOTAL || left > static_cast<SQLLEN>(room);
    value->append(part.data(), more ? room : static_cast<size_t>(left));
    if (!more) return Fetched::row;
    // "There is no more", of more than there was room for.
    if (got == SQL_SUCCESS && left != SQL_NO_TOTAL) return Fetched::cut;
  }
}

}  // namespace

std::vector<OdbcColumn> columns_of(const OdbcHandle& statement) {
  SQLSMALLINT count = 0;
  odbc_library()->NumResultCols(statement.get(), &count);
  std::vector<OdbcColumn> columns;
  for (SQLSMALLINT i = 1; i <= count; ++i) {
    std::array<SQLCHAR, 1024> name{};
    SQLSMALLINT length = 0, type = SQL_VARCHAR, digits = 0, nullable = 0;
    SQLULEN size = 0;
    odbc_library()->DescribeCol(statement.get(), static_cast<SQLUSMALLINT>(i), name.data(),
                                static_cast<SQLSMALLINT>(name.size()), &length, &type, &size, &digits, &nullable);
    columns.push_back({reinterpret_cast<const char*>(name.data()), type});
  }
  return columns;
}

ResultSet::Column::Kind kind_of(SQLSMALLINT type) {
  using Kind = ResultSet::Column::Kind;
  switch (type) {
    case SQL_BIT: return Kind::boolean;
    case SQL_TINYINT:
    case SQL_SMALLINT:
    case SQL_INTEGER:
    case SQL_BIGINT:
    case SQL_NUMERIC:
    case SQL_DECIMAL:
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE: return Kind::number;
    default: return Kind::text;
  }
}

bool is_binary(SQLSMALLINT type) { return type == SQL_BINARY || type == SQL_VARBINARY || type == SQL_LONGVARBINARY; }

Fetched fetch_row(const OdbcHandle& statement, const std::vector<OdbcColumn>& columns, bool wide, Cells& cells) {
  cells.clear();
  const SQLRETURN fetched = odbc_library()->Fetch(statement.get());
  if (fetched == SQL_NO_DATA) return Fetched::end;
  if (!SQL_SUCCEEDED(fetched)) return Fetched::failed;
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool number = kind_of(columns[i].type) != ResultSet::Column::Kind::text;
    const bool narrow = !wide || number;
    const SQLSMALLINT as = is_binary(columns[i].type) ? SQL_C_BINARY : narrow ? SQL_C_CHAR : SQL_C_WCHAR;
    std::optional<std::string>& value = cells.emplace_back();
    const Fetched read = read_value(statement.get(), static_cast<SQLUSMALLINT>(i + 1), as, value);
    if (read != Fetched::row) return read;
    if (value && as == SQL_C_WCHAR) {
      value = from_utf16({reinterpret_cast<const char16_t*>(value->data()), value->size() / 2});
    }
  }
  return Fetched::row;
}

}  // namespace ctk::sink::sql
