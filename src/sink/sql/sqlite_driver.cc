#include "sink/sql/sqlite_driver.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <unordered_map>

#include "sink/sql/sqlite_errors.h"
#include "sink/target_check.h"

namespace ctk::sink::sql {
namespace {

constexpr size_t kCachedStatements = 64;

constexpr const char* kCacheSize = "PRAGMA cache_size = -8000";

/// Every commit is synced. The rest is for batches that touch pages all over a large table: 8 MB of cache, and pages copied
/// back from the log after 16 MB instead of 4 MB (1.4 to 1.9 times the rows a second, where the disk is what limits).
constexpr const char* kOurPragmas[] = {"PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 4000"};

struct CloseStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, CloseStatement>;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

constexpr const char* kNeeds = "SQLite needs to write the file, and files beside it in its folder";

bool file_exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::string hex_literal(const std::string& bytes) {
  std::string text = "X'";
  for (char byte : bytes) text += fmt::format("{:02X}", static_cast<unsigned char>(byte));
  return text + "'";
}

/// Behind blanks and comments.
std::string_view first_word(std::string_view sql) {
  while (!sql.empty()) {
    const bool line = sql.starts_with("--");
    const bool block = sql.starts_with("/*");
    if (!line && !block && std::isalpha(static_cast<unsigned char>(sql.front())) != 0) break;
    const size_t end = line ? sql.find('\n') : block ? sql.find("*/", 2) : 0;
    sql.remove_prefix(std::min(end == std::string_view::npos ? sql.size() : end + (block ? 2 : 1), sql.size()));
  }
  const auto ends = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) == 0; };
  return sql.substr(0, static_cast<size_t>(std::ranges::find_if(sql, ends) - sql.begin()));
}

/// Whether SQLite counts the rows of this statement; any other leaves the count of the one before.
bool writes_rows(std::string_view sql) {
  std::string word(first_word(sql));
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word == "insert" || word == "replace" || word == "update" || word == "delete" || word == "with";
}

/// How long the statements of a database may run, and wait for a lock: until they are asked to stop, all of them or the one
/// that a user waits for.
class Waiting {
 public:
  explicit Waiting(Duration patience) : patience_(patience) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void heed(std::stop_token stop) { all_ = std::move(stop); }
  bool all_stopped() const { return all_.stop_requested(); }
  /// While it lives, what runs is `query`.
  class Asking {
   public:
    Asking(Waiting& waiting, const Query& query) : waiting_(waiting) { waiting_.one_ = query.stop; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() { waiting_.one_ = {}; }

   private:
    Waiting& waiting_;
  };

  /// It outlives the database.
  void watch(sqlite3* database) {
    constexpr int kInstructions = 1000;
    sqlite3_progress_handler(
        database, kInstructions, [](void* self) { return static_cast<Waiting*>(self)->is_asked() ? 1 : 0; }, this);
    sqlite3_busy_handler(
        database, [](void* self, int tries) { return static_cast<Waiting*>(self)->wait_for_lock(tries) ? 1 : 0; }, this);
  }

 private:
  bool is_asked() const { return all_.stop_requested() || one_.stop_requested(); }
  bool wait_for_lock(int tries) {
    constexpr int kLongestMs = 20;
    const auto now = std::chrono::steady_clock::now();
    if (tries == 0) since_ = now;
    if (is_asked() || now - since_ >= patience_) return false;
    sqlite3_sleep(tries < 4 ? 1 << tries : kLongestMs);
    return true;
  }

  const Duration patience_;
  std::stop_token all_, one_;
  std::chrono::steady_clock::time_point since_;
};

/// Whether one of the database's files has the size that the process may give a file (ulimit -f). SQLite does not say so.
bool may_not_grow(const std::string& path) {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  return std::ranges::any_of(std::array{"", "-wal", "-journal"}, [&](const char* ending) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(path + ending, failed);
    return !failed && size >= limit.rlim_cur;
  });
}

class SqliteDriver final : public Driver {
 public:
  SqliteDriver(std::string path, Duration busy_timeout) : path_(std::move(path)), waiting_(busy_timeout) {}

  void heed(const std::stop_token& stop) override { waiting_.heed(stop); }

  Status connect(Reach reach) override {
    bool missing = path_ != ":memory:" && !file_exists(path_);
    if (database_ && !stand_in_ && !missing && !is_moved()) return reach == Reach::create ? make_ours() : Status{};
    if (database_ && stand_in_ && missing && reach == Reach::existing) return {};
    disconnect();
    if (missing) {
      if (Status folder = check_folder(); !folder) return folder;
    }
    if (!missing && path_ != ":memory:") {
      if (Status kind = check_kind(); !kind) return kind;
    }
    stand_in_ = missing && reach == Reach::existing;
    const bool finds_log = !missing && file_exists(path_ + "-wal");
    if (Status opened = open(stand_in_ ? ":memory:" : path_); !opened) return opened;
    if (reach == Reach::create) return make_ours();
    if (finds_log) copy_log_back_at_end(false);
    return {};
  }

  void disconnect() override {
    prepared_.clear();
    database_.reset();
    ours_ = false;
  }

  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    std::vector<Answer> answers;
    answers.reserve(statements.size());
    for (const Statement& each : statements) {
      SqlResult<Answer> answer = run_one(each);
      if (!answer) return std::unexpected(std::move(answer).error());
      answers.push_back(std::move(*answer));
    }
    return answers;
  }

  SqlResult<bool> walk(const Statement& select, const CellsVisit& visit) override {
    SqlResult<sqlite3_stmt*> prepared = prepare(select);
    if (!prepared) return std::unexpected(std::move(prepared).error());
    int code = bind_all(*prepared, select.params);
    const bool bound = code == SQLITE_OK;
    bool wanted = true;
    execute("PRAGMA cache_size = -500");  // a page is read once
    std::vector<std::string> reals(static_cast<size_t>(sqlite3_column_count(*prepared)));
    std::vector<std::optional<std::string_view>> row(reals.size());
    while (bound && wanted && (code = sqlite3_step(*prepared)) == SQLITE_ROW) {
      for (size_t i = 0; i < row.size(); ++i) row[i] = view(*prepared, static_cast<int>(i), reals[i]);
      wanted = visit(row);
    }
    Failure failed = code == SQLITE_DONE || !wanted ? Failure{} : failure(code);
    sqlite3_reset(*prepared);
    sqlite3_db_release_memory(database_.get());
    execute(kCacheSize);
    if (code != SQLITE_DONE && wanted) return std::unexpected(std::move(failed));
    return wanted;
  }

  std::string file() const override { return path_ == ":memory:" ? "" : path_; }

  bool in_transaction() const override { return database_ && sqlite3_get_autocommit(database_.get()) == 0; }

  Result<ResultSet> query(const Query& query) override {
    const bool inside = in_transaction();
    Result<ResultSet> answer = ask(query);
    // A disk that is full, or ON CONFLICT ROLLBACK; what follows would be committed statement by statement.
    if (!answer && inside && !in_transaction()) answer.error().hint = "the transaction is over: all that it did is undone";
    if (answer) answer->in_transaction = in_transaction();
    return answer;
  }

  using Driver::run;

 private:
  Result<ResultSet> ask(const Query& query) {
    if (stand_in_) return fail(ErrorKind::not_found, fmt::format("there is no file {}", path_));
    const Waiting::Asking asking(waiting_, query);
    ResultSet last;
    const char* rest = query.sql.c_str();
    while (*rest != '\0') {
      sqlite3_stmt* raw = nullptr;
      if (sqlite3_prepare_v2(database_.get(), rest, -1, &raw, &rest) != SQLITE_OK) return query_failure();
      Prepared prepared(raw);
      if (!prepared) continue;  // white space or a comment
      Result<ResultSet> result = fetch(prepared.get());
      if (!result) return result;
      last = std::move(*result);
    }
    return last;
  }

  /// Whether the path leads to another file by now: whoever looks there would see nothing of what is written.
  bool is_moved() const {
    int moved = 0;
    sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return moved != 0;
  }

  Status check_folder() const {
    std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    if (folder.empty()) folder = ".";
    std::error_code ignored;
    if (std::filesystem::is_directory(folder, ignored)) return {};
    return fail(ErrorKind::not_found, fmt::format("there is no folder {} for the SQLite file {}", folder.string(), path_),
                "", "mkdir -p " + folder.string());
  }

  /// SQLite itself opens a device, and fails at each write.
  Status check_kind() const {
    std::error_code ignored;
    const std::filesystem::file_status status = std::filesystem::status(path_, ignored);
    if (std::filesystem::is_directory(status))
      return fail(ErrorKind::refused, path_ + " is a directory, no SQLite file", "", "name a file in it");
    if (std::filesystem::is_other(status))
      return fail(ErrorKind::refused, path_ + " is a device, a pipe or a socket, no SQLite file");
    return {};
  }

  Status open(const std::string& path) {
    sqlite3* raw = nullptr;
    int code =
        sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(raw);
    if (code != SQLITE_OK) return give_up(code);
    sqlite3_extended_result_codes(raw, 1);
    waiting_.watch(raw);
    execute(kCacheSize);
    code = execute("SELECT 1 FROM sqlite_master LIMIT 1");  // opening alone does not look at the file
    return code == SQLITE_OK ? Status{} : give_up(code);
  }

  /// Sets the file up for one writer and many readers. A file that is in use elsewhere keeps its journal mode.
  Status make_ours() {
    if (ours_) return {};
    copy_log_back_at_end(true);
    execute("PRAGMA journal_mode = WAL");
    for (const char* pragma : kOurPragmas) {
      if (int code = execute(pragma); code != SQLITE_OK) return give_up(code);
    }
    ours_ = true;
    return {};
  }

  /// Whoever only looks leaves a log, as after a crash, where it was: closing would copy it into the file.
  void copy_log_back_at_end(bool yes) {
    sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, yes ? 0 : 1, nullptr);
  }

  int execute(const char* sql) { return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr); }

  std::unexpected<Error> give_up(int code) {
    Error error = failure(code).error;
    disconnect();
    return std::unexpected(std::move(error));
  }

  SqlResult<sqlite3_stmt*> prepare(const Statement& statement) {
    auto found = prepared_.find(statement.sql);
    if (found != prepared_.end()) return found->second.get();
    sqlite3_stmt* raw = nullptr;
    int code = sqlite3_prepare_v3(database_.get(), statement.sql.data(), static_cast<int>(statement.sql.size()),
                                  SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) return std::unexpected(failure(code));
    if (prepared_.size() >= kCachedStatements) prepared_.clear();
    return prepared_.emplace(statement.sql, Prepared(raw)).first->second.get();
  }

  SqlResult<Answer> run_one(const Statement& statement) {
    SqlResult<sqlite3_stmt*> prepared = prepare(statement);
    if (!prepared) return std::unexpected(std::move(prepared).error());
    // Reads that follow each other see one state of the file: each alone would lock it, and look whether it has changed.
    const bool alone = sqlite3_get_autocommit(database_.get()) != 0;
    const bool together = alone && statement.executions() > 1 && sqlite3_stmt_readonly(*prepared) != 0;
    if (together) execute("BEGIN");
    SqlResult<Answer> answer = execute_all(*prepared, statement);
    if (together) execute("COMMIT");
    return answer;
  }

  SqlResult<Answer> execute_all(sqlite3_stmt* prepared, const Statement& statement) {
    Answer answer;
    answer.affected.reserve(statement.executions());
    for (size_t i = 0; i < statement.executions(); ++i) {
      int code = bind_all(prepared, std::span(statement.params).subspan(i * statement.width, statement.width));
      if (code == SQLITE_OK) code = step_all(prepared, answer);
      Failure failed = code == SQLITE_DONE ? Failure{} : failure(code);
      sqlite3_reset(prepared);
      if (code != SQLITE_DONE) return std::unexpected(std::move(failed));
    }
    return answer;
  }

  int bind_all(sqlite3_stmt* prepared, std::span<const Param> params) {
    times_.resize(std::max(times_.size(), params.size()));
    for (size_t i = 0; i < params.size(); ++i) {
      int code = bind_one(prepared, static_cast<int>(i + 1), params[i], times_[i]);
      if (code != SQLITE_OK) return code;
    }
    return SQLITE_OK;
  }

  static int bind_one(sqlite3_stmt* prepared, int place, const Param& param, std::string& time) {
    using Kind = Param::Kind;
    switch (param.kind) {
      case Kind::null: return sqlite3_bind_null(prepared, place);
      case Kind::text:
      case Kind::json:
      case Kind::number:
        return sqlite3_bind_text64(prepared, place, param.text.data(), param.text.size(), SQLITE_STATIC, SQLITE_UTF8);
      case Kind::binary:
        if (param.text.empty()) return sqlite3_bind_zeroblob(prepared, place, 0);
        return sqlite3_bind_blob64(prepared, place, param.text.data(), param.text.size(), SQLITE_STATIC);
      case Kind::integer:
      case Kind::boolean: return sqlite3_bind_int64(prepared, place, param.integer);
      case Kind::real: return sqlite3_bind_double(prepared, place, param.number);
      case Kind::time:
        time = format_iso8601(from_micros(param.integer));
        return sqlite3_bind_text64(prepared, place, time.data(), time.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    return SQLITE_MISUSE;
  }

  int step_all(sqlite3_stmt* prepared, Answer& answer) {
    int64_t returned = 0;
    int code = sqlite3_step(prepared);
    for (; code == SQLITE_ROW; code = sqlite3_step(prepared), ++returned) answer.rows.push_back(cells(prepared));
    bool reads = sqlite3_column_count(prepared) > 0;
    answer.affected.push_back(reads ? returned : sqlite3_changes64(database_.get()));
    return code;
  }

  static std::optional<std::string> cell(sqlite3_stmt* prepared, int column) {
    if (sqlite3_column_type(prepared, column) == SQLITE_NULL) return std::nullopt;
    const void* bytes = sqlite3_column_blob(prepared, column);
    size_t size = static_cast<size_t>(sqlite3_column_bytes(prepared, column));
    return size == 0 ? std::string() : std::string(static_cast<const char*>(bytes), size);
  }

  /// A cell as it stands in the row. A floating-point number as SQLite spells it has lost digits: such a one goes to
  /// `real`.
  static std::optional<std::string_view> view(sqlite3_stmt* prepared, int column, std::string& real) {
    const int type = sqlite3_column_type(prepared, column);
    if (type == SQLITE_NULL) return std::nullopt;
    if (type == SQLITE_FLOAT) return real = fmt::format("{}", sqlite3_column_double(prepared, column));
    const void* bytes = sqlite3_column_blob(prepared, column);
    const auto size = static_cast<size_t>(sqlite3_column_bytes(prepared, column));
    return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
  }

  static Cells cells(sqlite3_stmt* prepared) {
    Cells row(static_cast<size_t>(sqlite3_column_count(prepared)));
    std::string real;
    for (size_t i = 0; i < row.size(); ++i) row[i] = view(prepared, static_cast<int>(i), real);
    return row;
  }

  Result<ResultSet> fetch(sqlite3_stmt* prepared) {
    using Kind = ResultSet::Column::Kind;
    ResultSet result;
    int count = sqlite3_column_count(prepared);
    for (int i = 0; i < count; ++i) result.columns.push_back({sqlite3_column_name(prepared, i), Kind::number});
    int code = sqlite3_step(prepared);
    for (; code == SQLITE_ROW; code = sqlite3_step(prepared)) {
      Cells row;
      for (int i = 0; i < count; ++i) {
        int type = sqlite3_column_type(prepared, i);  // before the cell is read: reading converts
        bool number = type == SQLITE_INTEGER || type == SQLITE_FLOAT || type == SQLITE_NULL;
        if (!number) result.columns[static_cast<size_t>(i)].kind = Kind::text;
        row.push_back(cell(prepared, i));
        if (type == SQLITE_BLOB) row.back() = hex_literal(*row.back());
      }
      result.rows.push_back(std::move(row));
    }
    if (code != SQLITE_DONE) return query_failure();
    if (count == 0 && writes_rows(sqlite3_sql(prepared))) result.affected = sqlite3_changes64(database_.get());
    return result;
  }

  std::unexpected<Error> query_failure() {
    return fail(ErrorKind::refused, "SQLite refused the statement", sqlite3_errmsg(database_.get()));
  }

  Failure failure(int code) const {
    std::string peer = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code);
    std::string where = fmt::format("SQLite file {}", path_);
    if (waiting_.all_stopped()) return {Scope::call, {ErrorKind::stopped, where + " is not waited for any more", peer, ""}};
    if (code == SQLITE_IOERR_WRITE && may_not_grow(path_)) {  // no waiting helps
      return {Scope::call,
              {ErrorKind::stopped, where + " may not grow any further", std::strerror(EFBIG), "see ulimit -f"}};
    }
    if (peer.starts_with("no such table")) return {Scope::doubtful, {ErrorKind::not_found, where, peer, ""}};
    const SqliteMeaning* meaning = sqlite_meaning(code);
    if (meaning == nullptr) {
      return {Scope::doubtful, {ErrorKind::refused, where + ": SQLite refused the statement", peer, ""}};
    }
    std::string words(meaning->words);
    if (meaning->scope != Scope::row) words = where + ": " + words;
    const bool may_not = meaning->kind == ErrorKind::denied || meaning->code == SQLITE_CANTOPEN;
    return {meaning->scope, {meaning->kind, words, peer, may_not ? how_to_write() : ""}};
  }

  std::string how_to_write() const {
    const Result<std::string> writable = check_writable_database(path_);
    return writable || writable.error().hint.empty() ? kNeeds : fmt::format("{}: {}", kNeeds, writable.error().hint);
  }

  std::string path_;
  Waiting waiting_;
  Database database_;
  std::unordered_map<std::string, Prepared> prepared_;
  std::vector<std::string> times_;
  bool stand_in_ = false;  ///< an empty database in memory, in place of a file that is not there yet
  bool ours_ = false;
};

}  // namespace

std::unique_ptr<Driver> make_sqlite_driver(std::string path, Duration busy_timeout) {
  return std::make_unique<SqliteDriver>(std::move(path), busy_timeout);
}

}  // namespace ctk::sink::sql
