// The floor for `ctk verify`: a plain loop that reads key and content of all rows, and looks at none of it.
//
//   rows_floor postgres|mariadb PLACE SELECT | rows_floor sqlite DATABASE.db SELECT
//
// PLACE: a connection string of libpq; USER:PASSWORD@HOST:PORT/DATABASE. Prints rows, and seconds from the SELECT to the
// last.
#include <libpq-fe.h>
#include <mariadb/mysql.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "mariadb_place.h"

namespace ctk::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "rows_floor: " << why << '\n';
  std::exit(1);
}

struct Walked {
  uint64_t rows = 0, bytes = 0;
  Clock::time_point begun;
};

Walked walk_postgres(const std::string& where, const char* select) {
  PGconn* connection = PQconnectdb(where.c_str());
  Walked walked{.begun = Clock::now()};
  if (PQsendQuery(connection, select) != 1 || PQsetSingleRowMode(connection) != 1) give_up(PQerrorMessage(connection));
  while (PGresult* result = PQgetResult(connection)) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) give_up(PQresultErrorMessage(result));
    walked.rows += static_cast<uint64_t>(PQntuples(result));
    for (int i = 0; status == PGRES_SINGLE_TUPLE && i < PQnfields(result); ++i) {
      walked.bytes += static_cast<uint64_t>(PQgetlength(result, 0, i));
    }
    PQclear(result);
  }
  PQfinish(connection);
  return walked;
}

Walked walk_mariadb(const std::string& where, const char* select) {
  const std::optional<MariadbPlace> place = read_place(where);
  MYSQL* connection = mysql_init(nullptr);
  if (!place || mysql_real_connect(connection, place->host.c_str(), place->user.c_str(), place->password.c_str(),
                                   place->database.c_str(), place->port, nullptr, 0) == nullptr) {
    give_up(mysql_error(connection));
  }
  Walked walked{.begun = Clock::now()};
  if (mysql_query(connection, select) != 0) give_up(mysql_error(connection));
  MYSQL_RES* result = mysql_use_result(connection);
  const unsigned columns = mysql_num_fields(result);
  while (mysql_fetch_row(result) != nullptr) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    for (unsigned i = 0; i < columns; ++i) walked.bytes += lengths[i];
    ++walked.rows;
  }
  if (mysql_errno(connection) != 0) give_up(mysql_error(connection));
  mysql_free_result(result);
  mysql_close(connection);
  return walked;
}

Walked walk_sqlite(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  sqlite3_stmt* select = nullptr;
  Walked walked{.begun = Clock::now()};
  if (sqlite3_open(path.c_str(), &database) != SQLITE_OK ||
      sqlite3_prepare_v2(database, sql, -1, &select, nullptr) != SQLITE_OK) {
    give_up(sqlite3_errmsg(database));
  }
  int code = SQLITE_OK;
  while ((code = sqlite3_step(select)) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(select); ++i) {
      sqlite3_column_text(select, i);
      walked.bytes += static_cast<uint64_t>(sqlite3_column_bytes(select, i));
    }
    ++walked.rows;
  }
  if (code != SQLITE_DONE) give_up(sqlite3_errmsg(database));
  sqlite3_finalize(select);
  sqlite3_close(database);
  return walked;
}

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  using namespace ctk::bench;
  if (count != 4) give_up("postgres|mariadb|sqlite WHERE SELECT");
  const std::string kind = words[1];
  const Walked walked = kind == "postgres"  ? walk_postgres(words[2], words[3])
                        : kind == "mariadb" ? walk_mariadb(words[2], words[3])
                                            : walk_sqlite(words[2], words[3]);
  const std::chrono::duration<double> seconds = Clock::now() - walked.begun;
  std::cout << walked.rows << ' ' << seconds.count() << '\n';
  return walked.bytes > 0 ? 0 : 1;
}
