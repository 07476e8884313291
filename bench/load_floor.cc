// Ways to fill a table that holds no rows yet, against each other: rows of 1 KB, ready in memory, in an order that says
// nothing of their keys, as a Scan gives them.
//
//   load_floor WAY ROWS BATCH WHERE
//
// WAY: pg-upsert, pg-stage, pg-copy, mariadb-upsert, mariadb-stage, mariadb-load, sqlite-upsert, sqlite-insert,
// sqlite-index-after. BATCH rows are a transaction. WHERE is as sql_floor has it. Prints rows, seconds and this process's
// seconds of CPU.
//
// `upsert` is the guarded statement of the relay. `stage` puts the batch into a temporary table by COPY or LOAD DATA LOCAL,
// and merges it by one guarded statement. `copy`, `load` and `insert` have no guard, and show what there is to win.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <mariadb/mysql.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace ctk::bench {
namespace {

constexpr size_t kRowBytes = 1000;
constexpr const char* kColumns = "customer, number, data, aux, cdc_version, cdc_deleted, cdc_time";
constexpr const char* kVersion = "0000000001:0001720740233000000:000000000000";

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "load_floor: " << why << '\n';
  std::exit(1);
}

struct Row {
  std::string customer, number, data;
};

std::vector<Row> make_rows(size_t count) {
  std::vector<Row> rows;
  rows.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    // A bijection: no two rows have one key, and their order says nothing of it.
    const uint64_t mixed = i * 0x9E3779B97F4A7C15u;
    const std::string key = fmt::format("customer-{:016x}", mixed);
    std::string data = fmt::format(R"({{"customer": "{}", "order": {}, "state": "shipped", "lines": [)", key, i);
    for (uint64_t n = mixed; data.size() < kRowBytes - 60; n = n * 6364136223846793005u + 1442695040888963407u)
      data += fmt::format(R"({{"sku": "{:012x}", "count": {}, "gift": false}}, )", n >> 16, n % 9 + 1);
    data += R"({"sku": "last", "count": 1}]})";
    rows.push_back({key, std::to_string(i), std::move(data)});
  }
  return rows;
}

std::string guard(const std::string& old) {
  std::string set;
  for (const char* column : {"data", "aux", "cdc_version", "cdc_deleted", "cdc_time"})
    set += fmt::format("{}{} = excluded.{}", set.empty() ? "" : ", ", column, column);
  return fmt::format(
      " ON CONFLICT (customer, number) DO UPDATE SET {} WHERE {}.cdc_version IS NULL OR "
      "excluded.cdc_version > {}.cdc_version",
      set, old, old);
}

/// A batch as both COPY and LOAD DATA read it: columns by tabs, a row a line, special characters escaped.
std::string as_lines(const std::vector<Row>& rows, size_t from, size_t to, const char* no, const char* time) {
  std::string out;
  out.reserve((to - from) * (kRowBytes + 150));
  for (size_t i = from; i < to; ++i) {
    out += rows[i].customer + '\t' + rows[i].number + '\t';
    for (const char one : rows[i].data) {
      if (one == '\\' || one == '\t' || one == '\n') out += '\\';
      out += one;
    }
    out += fmt::format("\t\\N\t{}\t{}\t{}\n", kVersion, no, time);
  }
  return out;
}

using Batch = std::function<void(size_t from, size_t to)>;

class Postgres {
 public:
  Postgres(const std::vector<Row>& rows, const std::string& where) : rows_(rows), connection_(PQconnectdb(where.c_str())) {
    if (PQstatus(connection_) != CONNECTION_OK) give_up(PQerrorMessage(connection_));
    const std::string columns =
        "(customer text, number numeric, data jsonb, aux json, cdc_version text COLLATE \"C\", cdc_deleted boolean, "
        "cdc_time timestamptz";
    run("SET client_min_messages = warning");
    run("DROP TABLE IF EXISTS t");
    run("CREATE TABLE t " + columns + ", PRIMARY KEY (customer, number))");
    run("CREATE TEMPORARY TABLE stage " + columns + ") ON COMMIT DELETE ROWS");
  }
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;
  ~Postgres() { PQfinish(connection_); }

  void upsert(size_t from, size_t to) {
    std::string& name = prepared_[to - from];
    if (name.empty()) {
      name = fmt::format("s{}", to - from);
      std::string sql = fmt::format("INSERT INTO t AS t ({}) VALUES ", kColumns);
      for (size_t i = 0, n = 1; i < to - from; ++i, n += 7)
        sql +=
            fmt::format("{}(${},${},${},${},${},${},${})", i == 0 ? "" : ",", n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6);
      must(PQprepare(connection_, name.c_str(), (sql + guard("t")).c_str(), 0, nullptr));
    }
    std::vector<const char*> values;
    for (size_t i = from; i < to; ++i) {
      for (const char* value : {rows_[i].customer.c_str(), rows_[i].number.c_str(), rows_[i].data.c_str(),
                                static_cast<const char*>(nullptr), kVersion, "f", "2026-11-30T12:00:00Z"})
        values.push_back(value);
    }
    run("BEGIN");
    must(PQexecPrepared(connection_, name.c_str(), static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0));
    run("COMMIT");
  }
  void copy(size_t from, size_t to) {
    run("BEGIN");
    copy_into("t", from, to);
    run("COMMIT");
  }
  void stage(size_t from, size_t to) {
    run("BEGIN");
    copy_into("stage", from, to);
    run(fmt::format("INSERT INTO t AS t ({0}) SELECT {0} FROM stage", kColumns) + guard("t"));
    run("COMMIT");
  }

 private:
  void must(PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
      give_up(PQerrorMessage(connection_));
    PQclear(result);
  }
  void run(const std::string& sql) { must(PQexec(connection_, sql.c_str())); }
  void copy_into(const char* table, size_t from, size_t to) {
    run(fmt::format("COPY {} ({}) FROM STDIN", table, kColumns));
    const std::string lines = as_lines(rows_, from, to, "f", "2026-11-30T12:00:00Z");
    if (PQputCopyData(connection_, lines.data(), static_cast<int>(lines.size())) != 1 ||
        PQputCopyEnd(connection_, nullptr) != 1)
      give_up(PQerrorMessage(connection_));
    must(PQgetResult(connection_));
    while (PGresult* more = PQgetResult(connection_)) PQclear(more);
  }

  const std::vector<Row>& rows_;
  PGconn* connection_;
  std::map<size_t, std::string> prepared_;
};

/// What LOAD DATA LOCAL reads instead of a file.
struct Lines {
  std::string text;
  size_t at = 0;
};

int lines_open(void** reader, const char*, void* lines) {
  *reader = lines;
  return 0;
}
int lines_read(void* reader, char* into, unsigned size) {
  Lines& lines = *static_cast<Lines*>(reader);
  const size_t count = std::min<size_t>(size, lines.text.size() - lines.at);
  std::memcpy(into, lines.text.data() + lines.at, count);
  lines.at += count;
  return static_cast<int>(count);
}
void lines_end(void*) {}
int lines_error(void*, char* into, unsigned) {
  *into = '\0';
  return 1;
}

class Mariadb {
 public:
  Mariadb(const std::vector<Row>& rows, const std::string& where) : rows_(rows) {
    const size_t colon = where.find(':'), at = where.rfind('@'), port = where.rfind(':'), slash = where.rfind('/');
    unsigned on = 1;
    mysql_options(&connection_, MYSQL_OPT_LOCAL_INFILE, &on);
    if (mysql_real_connect(&connection_, where.substr(at + 1, port - at - 1).c_str(), where.substr(0, colon).c_str(),
                           where.substr(colon + 1, at - colon - 1).c_str(), where.substr(slash + 1).c_str(),
                           static_cast<unsigned>(std::stoul(where.substr(port + 1))), nullptr, 0) == nullptr)
      give_up(mysql_error(&connection_));
    mysql_set_local_infile_handler(&connection_, lines_open, lines_read, lines_end, lines_error, &lines_);
    const std::string text = " LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
    const std::string columns = "(customer VARBINARY(2048) NOT NULL, number DECIMAL(65,30) NOT NULL, data" + text +
                                ", aux" + text + ", cdc_version" + text + ", cdc_deleted BOOLEAN, cdc_time DATETIME(6)";
    run("SET NAMES utf8mb4");
    run("DROP TABLE IF EXISTS t");
    run("CREATE TABLE t " + columns + ", PRIMARY KEY (customer, number))");
    run("CREATE TEMPORARY TABLE stage " + columns + ")");
    statement_ = mysql_stmt_init(&connection_);
    const std::string sql = fmt::format("INSERT INTO t ({}) VALUES (?,?,?,NULL,?,?,?)", kColumns) + newer();
    if (mysql_stmt_prepare(statement_, sql.c_str(), sql.size()) != 0) give_up(mysql_stmt_error(statement_));
  }
  Mariadb(const Mariadb&) = delete;
  Mariadb& operator=(const Mariadb&) = delete;
  ~Mariadb() {
    mysql_stmt_close(statement_);
    mysql_close(&connection_);
  }

  void upsert(size_t from, size_t to) {
    std::vector<const char*> values[6];
    std::vector<unsigned long> lengths[6];
    for (size_t i = from; i < to; ++i) {
      const std::string_view cells[] = {rows_[i].customer, rows_[i].number, rows_[i].data, kVersion, "0", kTime};
      for (size_t column = 0; column < 6; ++column) {
        values[column].push_back(cells[column].data());
        lengths[column].push_back(cells[column].size());
      }
    }
    MYSQL_BIND binds[6] = {};
    for (size_t column = 0; column < 6; ++column) {
      binds[column].buffer_type = MYSQL_TYPE_STRING;
      binds[column].buffer = static_cast<void*>(values[column].data());
      binds[column].length = lengths[column].data();
    }
    auto count = static_cast<unsigned>(to - from);
    run("START TRANSACTION");
    mysql_stmt_attr_set(statement_, STMT_ATTR_ARRAY_SIZE, &count);
    if (mysql_stmt_bind_param(statement_, binds) != 0 || mysql_stmt_execute(statement_) != 0)
      give_up(mysql_stmt_error(statement_));
    run("COMMIT");
  }
  void load(size_t from, size_t to) {
    run("START TRANSACTION");
    load_into("t", from, to);
    run("COMMIT");
  }
  void stage(size_t from, size_t to) {
    run("START TRANSACTION");
    load_into("stage", from, to);
    run(fmt::format("INSERT INTO t ({0}) SELECT {0} FROM stage", kColumns) + newer());
    run("DELETE FROM stage");
    run("COMMIT");
  }

 private:
  static constexpr const char* kTime = "2026-11-30T12:00:00";

  static std::string newer() {
    const std::string is_newer =
        "t.cdc_version IS NULL OR CAST(VALUES(cdc_version) AS BINARY) > CAST(t.cdc_version AS BINARY)";
    std::string set;
    for (const char* column : {"data", "aux", "cdc_deleted", "cdc_time", "cdc_version"})
      set += fmt::format("{0}t.{1} = IF({2}, VALUES({1}), t.{1})", set.empty() ? "" : ", ", column, is_newer);
    return " ON DUPLICATE KEY UPDATE " + set;
  }
  void run(const std::string& sql) {
    if (mysql_query(&connection_, sql.c_str()) != 0) give_up(mysql_error(&connection_));
  }
  void load_into(const char* table, size_t from, size_t to) {
    lines_ = {as_lines(rows_, from, to, "0", kTime), 0};
    run(fmt::format("LOAD DATA LOCAL INFILE 'rows' INTO TABLE {} CHARACTER SET utf8mb4 ({})", table, kColumns));
  }

  const std::vector<Row>& rows_;
  MYSQL& connection_ = *mysql_init(nullptr);
  MYSQL_STMT* statement_ = nullptr;
  Lines lines_;
};

class Sqlite {
 public:
  Sqlite(const std::vector<Row>& rows, const std::string& path, bool keyed, bool guarded) : rows_(rows), keyed_(keyed) {
    must(sqlite3_open(path.c_str(), &db_));
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000");  // as the relay has it
    run(
        fmt::format("CREATE TABLE t (customer TEXT NOT NULL, number NOT NULL, data TEXT, aux TEXT, cdc_version TEXT, "
                    "cdc_deleted BOOLEAN, cdc_time TEXT{})",
                    keyed ? ", PRIMARY KEY (customer, number)" : ""));
    const std::string sql =
        fmt::format("INSERT INTO t ({}) VALUES (?,?,?,NULL,?,0,?)", kColumns) + (guarded ? guard("t") : "");
    must(sqlite3_prepare_v3(db_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &insert_, nullptr));
  }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;
  ~Sqlite() {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }

  void insert(size_t from, size_t to) {
    run("BEGIN IMMEDIATE");
    for (size_t i = from; i < to; ++i) {
      bind(1, rows_[i].customer);
      sqlite3_bind_int64(insert_, 2, static_cast<int64_t>(i));
      bind(3, rows_[i].data);
      bind(4, kVersion);
      bind(5, "2026-11-30T12:00:00Z");
      must(sqlite3_step(insert_));
      sqlite3_reset(insert_);
    }
    run("COMMIT");
  }
  void finish() {
    if (!keyed_) run("CREATE UNIQUE INDEX t_key ON t (customer, number)");
  }

 private:
  void must(int code) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) give_up(sqlite3_errmsg(db_));
  }
  void run(const std::string& sql) { must(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr)); }
  void bind(int place, std::string_view text) {
    sqlite3_bind_text(insert_, place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }

  const std::vector<Row>& rows_;
  bool keyed_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

double own_cpu() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Nothing is left out at the end: `finish` counts.
void measure(size_t rows, size_t batch, const Batch& write, const std::function<void()>& finish = [] {}) {
  const auto start = std::chrono::steady_clock::now();
  const double cpu = own_cpu();
  for (size_t from = 0; from < rows; from += batch) write(from, std::min(from + batch, rows));
  finish();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cout << rows << ' ' << seconds.count() << ' ' << own_cpu() - cpu << '\n';
}

void run(const std::string& way, size_t count, size_t batch, const std::string& where) {
  const std::vector<Row> rows = make_rows(count);
  if (way.starts_with("pg-")) {
    Postgres target(rows, where);
    return measure(count, batch, [&](size_t from, size_t to) {
      if (way == "pg-upsert") return target.upsert(from, to);
      return way == "pg-stage" ? target.stage(from, to) : target.copy(from, to);
    });
  }
  if (way.starts_with("mariadb-")) {
    Mariadb target(rows, where);
    return measure(count, batch, [&](size_t from, size_t to) {
      if (way == "mariadb-upsert") return target.upsert(from, to);
      return way == "mariadb-stage" ? target.stage(from, to) : target.load(from, to);
    });
  }
  Sqlite target(rows, where, way != "sqlite-index-after", way == "sqlite-upsert");
  measure(count, batch, [&](size_t from, size_t to) { target.insert(from, to); }, [&] { target.finish(); });
}

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  if (count != 5) {
    std::cerr << "load_floor WAY ROWS BATCH WHERE\n";
    return 2;
  }
  ctk::bench::run(words[1], std::stoull(words[2]), std::stoull(words[3]), words[4]);
}
