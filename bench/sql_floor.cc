// The floor for `file → SQL` and `Scan → SQL`: a plain loop that writes rows which are ready in memory, by the same guarded
// upsert, 1,000 a transaction. What it does not do is what the relay costs: read, decode, fold, render, keep positions.
//
//   sql_floor sqlite events|items|history FILE DATABASE.db | sql_floor postgres|odbc events|items FILE CONNECTION-STRING
//   sql_floor mariadb events|items FILE USER:PASSWORD@HOST:PORT/DATABASE
//
// The file is one of write_events, or of write_items. `history`: of events, each of which is kept in a second table, too.
// Prints rows, and seconds from the first BEGIN to the last COMMIT.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <mariadb/mysql.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dynamodb/decode.h"
#include "mariadb_place.h"
#include "odbc_floor.h"
#include "table/render.h"

namespace ctk::bench {
namespace {

constexpr size_t kBatch = 1000;

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "sql_floor: " << why << '\n';
  std::exit(1);
}

/// Reads a file's lines as changes: events, or a table's items.
class Changes {
 public:
  explicit Changes(bool items) : items_(items) {}

  dynamodb::Change take(std::string text, uint64_t line) {
    dynamodb::RawRecord record;
    record.data = std::move(text);
    record.line = line;
    record.arrival = items_ ? kReadAt : kNoTime;
    dynamodb::Decoded decoded = items_ ? decoder_.decode_item(std::move(record), kTable)
                                       : decoder_.decode(std::move(record), {.kind = dynamodb::VersionKind::file_time});
    if (decoded.changes.size() != 1) give_up("line " + std::to_string(line) + " is no change");
    return std::move(decoded.changes[0]);
  }

 private:
  static inline const dynamodb::ItemSource kTable{"bench", {"customer", "order"}};
  static constexpr Timestamp kReadAt{std::chrono::seconds(1'720'740'233)};
  bool items_;
  dynamodb::Decoder decoder_;
};

/// All rows in the order of the file, batch after batch.
struct Batches {
  std::vector<std::vector<table::Row>> newest;  ///< folded as a relay would fold them: a key once
  std::vector<std::vector<table::Row>> each;    ///< for a history: of every change
};

Batches load_rows(const std::string& path, bool items, bool history, table::Target target) {
  std::ifstream file(path);
  if (!file) give_up("cannot open " + path);
  Changes changes(items);
  std::optional<table::Renderer> renderer;
  Batches batches;
  std::unordered_map<std::string, size_t> places;
  std::string text;
  size_t in_batch = 0;
  for (uint64_t line = 1; std::getline(file, text); ++line) {
    const dynamodb::Change change = changes.take(std::move(text), line);
    if (!renderer) {
      auto spec = table::make_spec(target, {"", "floor"}, std::string(change.table), table::key_schema_of(change), {});
      if (!spec) give_up(to_string(spec.error()));
      renderer.emplace(*spec);
    }
    table::Rendered rendered = renderer->render(change, 1);
    if (!std::holds_alternative<table::Row>(rendered)) give_up("line " + std::to_string(line) + " is no row");
    if (in_batch++ % kBatch == 0) {
      batches.newest.emplace_back();
      batches.each.emplace_back();
      places.clear();
    }
    if (history) batches.each.back().push_back(std::get<table::Row>(rendered));
    std::vector<table::Row>& newest = batches.newest.back();
    const auto [place, fresh] = places.try_emplace(std::string(change.key), newest.size());
    if (fresh)
      newest.push_back(std::get<table::Row>(std::move(rendered)));
    else
      newest[place->second] = std::get<table::Row>(std::move(rendered));
  }
  return batches;
}

const char* kColumns = "customer, \"order\", data, aux, cdc_version, cdc_deleted, cdc_time";

std::string guard() {
  std::string set;
  for (const char* column : {"data", "aux", "cdc_version", "cdc_deleted", "cdc_time"}) {
    set += fmt::format("{}{} = excluded.{}", set.empty() ? "" : ", ", column, column);
  }
  return " ON CONFLICT (customer, \"order\") DO UPDATE SET " + set +
         " WHERE t.cdc_version IS NULL OR excluded.cdc_version > t.cdc_version";
}

void must(int code, sqlite3* db) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) give_up(sqlite3_errmsg(db));
}

void bind_key(sqlite3_stmt* statement, int at, const table::KeyCell& key) {
  if (key.kind == table::KeyCell::Kind::integer)
    sqlite3_bind_int64(statement, at, key.integer);
  else
    sqlite3_bind_text(statement, at, key.text.data(), static_cast<int>(key.text.size()), SQLITE_STATIC);
}

void bind_optional(sqlite3_stmt* statement, int at, const OptionalText& text) {
  if (text)
    sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()), SQLITE_STATIC);
  else
    sqlite3_bind_null(statement, at);
}

void bind_row(sqlite3_stmt* statement, const table::Row& row) {
  bind_key(statement, 1, row.keys[0]);
  bind_key(statement, 2, row.keys[1]);
  bind_optional(statement, 3, row.data);
  bind_optional(statement, 4, row.aux);
  sqlite3_bind_text(statement, 5, row.version.data(), static_cast<int>(row.version.size()), SQLITE_STATIC);
  sqlite3_bind_int(statement, 6, row.deleted ? 1 : 0);
  const std::string time = format_iso8601(row.time);
  sqlite3_bind_text(statement, 7, time.data(), static_cast<int>(time.size()), SQLITE_TRANSIENT);
}

/// A history beside the table: a row for each change, and an end for the one before it.
class SqliteHistory {
 public:
  explicit SqliteHistory(sqlite3* db) : db_(db) {
    must(
        sqlite3_exec(db,
                     "CREATE TABLE h (customer TEXT NOT NULL, \"order\" NOT NULL, data TEXT, aux TEXT, cdc_version TEXT, "
                     "cdc_deleted BOOLEAN, valid_from TEXT, valid_to TEXT, PRIMARY KEY (customer, \"order\", cdc_version))",
                     nullptr, nullptr, nullptr),
        db);
    prepare("INSERT INTO h VALUES (?,?,?,?,?,?,?,NULL)", insert_);
    prepare("UPDATE h SET valid_to = ? WHERE customer = ? AND \"order\" = ? AND valid_to IS NULL", end_);
  }
  ~SqliteHistory() {
    sqlite3_finalize(insert_);
    sqlite3_finalize(end_);
  }
  SqliteHistory(const SqliteHistory&) = delete;
  SqliteHistory& operator=(const SqliteHistory&) = delete;

  void add(const table::Row& row) {
    const std::string time = format_iso8601(row.time);
    sqlite3_bind_text(end_, 1, time.data(), static_cast<int>(time.size()), SQLITE_STATIC);
    bind_key(end_, 2, row.keys[0]);
    bind_key(end_, 3, row.keys[1]);
    bind_row(insert_, row);
    for (sqlite3_stmt* each : {end_, insert_}) {
      must(sqlite3_step(each), db_);
      sqlite3_reset(each);
    }
  }

 private:
  void prepare(const char* sql, sqlite3_stmt*& statement) {
    must(sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr), db_);
  }

  sqlite3* db_;
  sqlite3_stmt *insert_ = nullptr, *end_ = nullptr;
};

void write_sqlite(const Batches& batches, const std::string& path, bool history) {
  sqlite3* db = nullptr;
  must(sqlite3_open(path.c_str(), &db), db);
  must(sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", nullptr, nullptr, nullptr), db);
  must(sqlite3_exec(db,
                    "CREATE TABLE t (customer TEXT NOT NULL, \"order\" NOT NULL, data TEXT, aux TEXT, cdc_version TEXT, "
                    "cdc_deleted BOOLEAN, cdc_time TEXT, PRIMARY KEY (customer, \"order\"))",
                    nullptr, nullptr, nullptr),
       db);
  sqlite3_stmt* insert = nullptr;
  const std::string sql = fmt::format("INSERT INTO t ({}) VALUES (?,?,?,?,?,?,?)", kColumns) + guard();
  must(sqlite3_prepare_v3(db, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &insert, nullptr), db);
  std::optional<SqliteHistory> kept;
  if (history) kept.emplace(db);
  for (size_t i = 0; i < batches.newest.size(); ++i) {
    must(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), db);
    for (const table::Row& row : batches.newest[i]) {
      bind_row(insert, row);
      must(sqlite3_step(insert), db);
      sqlite3_reset(insert);
    }
    for (size_t n = 0; kept && n < batches.each[i].size(); ++n) kept->add(batches.each[i][n]);
    must(sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr), db);
  }
  kept.reset();
  sqlite3_finalize(insert);
  must(sqlite3_close(db), db);
}

void must(PGresult* result, PGconn* connection) {
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_PIPELINE_SYNC)
    give_up(PQerrorMessage(connection));
  PQclear(result);
}

/// One multi-row statement a batch, prepared once for the full size: the fastest of the ways measured.
void write_postgres(const std::vector<std::vector<table::Row>>& batches, const std::string& where) {
  PGconn* connection = PQconnectdb(where.c_str());
  if (PQstatus(connection) != CONNECTION_OK) give_up(PQerrorMessage(connection));
  must(PQexec(connection, "SET client_min_messages = warning"), connection);
  must(PQexec(connection, "DROP TABLE IF EXISTS t"), connection);
  must(PQexec(connection,
              "CREATE TABLE t (customer text, \"order\" numeric, data jsonb, aux json, cdc_version text COLLATE \"C\", "
              "cdc_deleted boolean, "
              "cdc_time timestamptz, PRIMARY KEY (customer, \"order\"))"),
       connection);
  std::unordered_map<size_t, std::string> prepared;
  for (const auto& batch : batches) {
    must(PQexec(connection, "BEGIN"), connection);
    std::string& name = prepared[batch.size()];
    if (name.empty()) {
      name = "s" + std::to_string(batch.size());
      std::string sql = fmt::format("INSERT INTO t AS t ({}) VALUES ", kColumns);
      for (size_t i = 0; i < batch.size(); ++i) {
        const size_t n = i * 7;
        sql += fmt::format("{}(${},${},${},${},${},${},${})", i == 0 ? "" : ",", n + 1, n + 2, n + 3, n + 4, n + 5, n + 6,
                           n + 7);
      }
      must(PQprepare(connection, name.c_str(), (sql + guard()).c_str(), 0, nullptr), connection);
    }
    std::vector<const char*> values;
    std::vector<std::string> times;
    times.reserve(batch.size());
    for (const table::Row& row : batch) {
      times.push_back(format_iso8601(row.time));
      values.push_back(row.keys[0].text.c_str());
      values.push_back(row.keys[1].text.c_str());
      values.push_back(row.data ? row.data->c_str() : nullptr);
      values.push_back(row.aux ? row.aux->c_str() : nullptr);
      values.push_back(row.version.c_str());
      values.push_back(row.deleted ? "t" : "f");
      values.push_back(times.back().c_str());
    }
    must(PQexecPrepared(connection, name.c_str(), static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0),
         connection);
    must(PQexec(connection, "COMMIT"), connection);
  }
  PQfinish(connection);
}

void must(bool done, MYSQL* connection) {
  if (!done) give_up(mysql_error(connection));
}

/// One column of a batch, as array binding takes it: pointers, lengths and indicators of NULL, a row each.
struct BoundColumn {
  std::vector<char*> texts;
  std::vector<unsigned long> lengths;
  std::vector<char> indicators;

  void add(const std::string& text) {
    texts.push_back(const_cast<char*>(text.data()));  // it is only read
    lengths.push_back(text.size());
    indicators.push_back(STMT_INDICATOR_NONE);
  }
  void add(const OptionalText& text) {
    if (text) return add(*text);
    texts.push_back(nullptr);
    lengths.push_back(0);
    indicators.push_back(STMT_INDICATOR_NULL);
  }
};

std::string mariadb_upsert() {
  const std::string newer = "cdc_version IS NULL OR CAST(VALUES(cdc_version) AS BINARY) > CAST(cdc_version AS BINARY)";
  std::string set;
  for (const char* column : {"data", "aux", "cdc_deleted", "cdc_time", "cdc_version"}) {
    set += fmt::format("{0}{1} = IF({2}, VALUES({1}), {1})", set.empty() ? "" : ", ", column, newer);
  }
  return "INSERT INTO t (customer, `order`, data, aux, cdc_version, cdc_deleted, cdc_time) VALUES (?,?,?,?,?,?,?) "
         "ON DUPLICATE KEY UPDATE " +
         set;
}

/// One execution of a prepared statement a batch, its parameters bound as arrays.
void write_mariadb(const std::vector<std::vector<table::Row>>& batches, const std::string& where) {
  const std::optional<MariadbPlace> place = read_place(where);
  if (!place) give_up("cannot read " + where);
  MYSQL* connection = mysql_init(nullptr);
  must(mysql_real_connect(connection, place->host.c_str(), place->user.c_str(), place->password.c_str(),
                          place->database.c_str(), place->port, nullptr, 0) != nullptr,
       connection);
  const auto run = [&](const char* sql) { must(mysql_query(connection, sql) == 0, connection); };
  run("SET NAMES utf8mb4");
  run("DROP TABLE IF EXISTS t");
  run("CREATE TABLE t (customer VARBINARY(2048) NOT NULL, `order` DECIMAL(65,30) NOT NULL, "
      "data LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, aux LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, "
      "cdc_version LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, cdc_deleted BOOLEAN, cdc_time DATETIME(6), "
      "PRIMARY KEY (customer, `order`))");
  MYSQL_STMT* insert = mysql_stmt_init(connection);
  const std::string sql = mariadb_upsert();
  must(mysql_stmt_prepare(insert, sql.c_str(), sql.size()) == 0, connection);
  const std::string yes = "1", no = "0";
  for (const auto& batch : batches) {
    run("START TRANSACTION");
    std::vector<std::string> times;
    times.reserve(batch.size());
    BoundColumn columns[7];
    for (const table::Row& row : batch) {
      std::string& time = times.emplace_back(format_iso8601(row.time));
      time.pop_back();  // a DATETIME has no zone
      columns[0].add(row.keys[0].text);
      columns[1].add(row.keys[1].text);
      columns[2].add(row.data);
      columns[3].add(row.aux);
      columns[4].add(row.version);
      columns[5].add(row.deleted ? yes : no);
      columns[6].add(time);
    }
    MYSQL_BIND binds[7] = {};
    for (size_t i = 0; i < 7; ++i) {
      binds[i].buffer_type = MYSQL_TYPE_STRING;
      binds[i].buffer = static_cast<void*>(columns[i].texts.data());
      binds[i].length = columns[i].lengths.data();
      binds[i].u.indicator = columns[i].indicators.data();
    }
    auto rows = static_cast<unsigned>(batch.size());
    must(mysql_stmt_attr_set(insert, STMT_ATTR_ARRAY_SIZE, &rows) == 0, connection);
    if (mysql_stmt_bind_param(insert, binds) != 0 || mysql_stmt_execute(insert) != 0) give_up(mysql_stmt_error(insert));
    run("COMMIT");
  }
  mysql_stmt_close(insert);
  mysql_close(connection);
}

table::Target target_of(const std::string& kind) {
  if (kind == "sqlite") return table::Target::sqlite;
  return kind == "mariadb" ? table::Target::mariadb : table::Target::postgres;
}

int run(const std::string& kind, const std::string& source, const std::string& path, const std::string& where) {
  const bool history = source == "history";
  if (history && kind != "sqlite") give_up("a history is written into SQLite alone");
  const Batches batches = load_rows(path, source == "items", history, target_of(kind));
  size_t rows = 0;
  for (const auto& batch : batches.newest) rows += batch.size();
  const auto start = std::chrono::steady_clock::now();
  if (kind == "sqlite")
    write_sqlite(batches, where, history);
  else if (kind == "mariadb")
    write_mariadb(batches.newest, where);
  else if (kind == "odbc")
    write_odbc(batches.newest, where);
  else
    write_postgres(batches.newest, where);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cout << rows << ' ' << seconds.count() << '\n';
  return 0;
}

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  if (count != 5) {
    std::cerr << "sql_floor sqlite|postgres|mariadb|odbc events|items FILE WHERE\n";
    return 2;
  }
  return ctk::bench::run(words[1], words[2], words[3], words[4]);
}
