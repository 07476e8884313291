#include "sink/sql/postgres_results.h"

#include <charconv>

#include "sink/sql/sql_state.h"

namespace ctk::sink::sql {
namespace {

constexpr Oid kBoolean = 16;

ResultSet::Column::Kind column_kind(Oid type) {
  using Kind = ResultSet::Column::Kind;
  switch (type) {
    case kBoolean: return Kind::boolean;
    case 20:    // int8
    case 21:    // int2
    case 23:    // int4
    case 26:    // oid
    case 700:   // float4
    case 701:   // float8
    case 1700:  // numeric
      return Kind::number;
    case 114:   // json
    case 3802:  // jsonb
      return Kind::json;
    default: return Kind::text;
  }
}

std::optional<std::string_view> view(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return std::nullopt;
  const char* text = PQgetvalue(result, row, column);
  if (PQftype(result, column) == kBoolean) return *text == 't' ? "true" : "false";
  return std::string_view(text, static_cast<size_t>(PQgetlength(result, row, column)));
}

Cells cells(const PGresult* result, int row) {
  Cells cells(static_cast<size_t>(PQnfields(result)));
  for (size_t i = 0; i < cells.size(); ++i) cells[i] = view(result, row, static_cast<int>(i));
  return cells;
}

int64_t affected_rows(PGresult* result) {
  std::string_view text = PQcmdTuples(result);
  int64_t rows = 0;
  std::from_chars(text.data(), text.data() + text.size(), rows);
  return rows;
}

}  // namespace

std::string trimmed(const char* text) {
  constexpr std::string_view kGoesOn = "\n\t";  // "Connection refused\n\tIs the server running …?"
  std::string line = text == nullptr ? "" : text;
  for (size_t at = 0; (at = line.find(kGoesOn, at)) != std::string::npos;) line.replace(at, kGoesOn.size(), "; ");
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  return line;
}

bool is_done(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

bool is_rollback(PGresult* result) { return std::string_view(PQcmdStatus(result)) == "ROLLBACK"; }

void view_cells(const PGresult* result, std::vector<std::optional<std::string_view>>& cells) {
  cells.resize(static_cast<size_t>(PQnfields(result)));
  for (size_t i = 0; i < cells.size(); ++i) cells[i] = view(result, 0, static_cast<int>(i));
}

void append_result(Answer& answer, PGresult* result) {
  answer.affected.push_back(affected_rows(result));
  for (int row = 0; row < PQntuples(result); ++row) answer.rows.push_back(cells(result, row));
}

bool is_copy(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

Result<ResultSet> to_result_set(PGresult* result) {
  if (is_copy(result)) {
    return fail(ErrorKind::refused, "COPY to or from the client is not possible here", "", "use psql for it");
  }
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    ErrorKind kind = meaning_of(code == nullptr ? "" : code).kind;
    return fail(kind, "PostgreSQL refused the statement", trimmed(PQresultErrorMessage(result)));
  }
  ResultSet set;
  for (int i = 0; i < PQnfields(result); ++i) set.columns.push_back({PQfname(result, i), column_kind(PQftype(result, i))});
  for (int row = 0; row < PQntuples(result); ++row) set.rows.push_back(cells(result, row));
  if (status == PGRES_COMMAND_OK && *PQcmdTuples(result) != '\0') set.affected = affected_rows(result);
  return set;
}

}  // namespace ctk::sink::sql
