#include "sink/sql/postgres_driver.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>
#include <unordered_map>

#include "base/stop_bell.h"
#include "sink/sql/postgres_connect.h"
#include "sink/sql/postgres_params.h"
#include "sink/sql/postgres_results.h"
#include "sink/sql/sql_state.h"
#include "sink/sql/user_transaction.h"

namespace ctk::sink::sql {
namespace {

constexpr size_t kCachedStatements = 200;
constexpr std::optional<Duration> kNoLimit = std::nullopt;
constexpr int kCancelPauseMs = 1000;
constexpr Duration kCancelPatience = std::chrono::seconds(5);
constexpr const char* kUnnamed = "";

/// Nothing that we do relies on these; they are for a session that is ours alone. Times are shown alike everywhere; plans
/// of multi-row inserts do not depend on their values.
constexpr const char* kSession = "SET DateStyle = 'ISO'; SET TimeZone = 'UTC'; SET plan_cache_mode = 'force_generic_plan'";

/// A session that waits for a lock notices that we are gone, and lets go of its own locks.
constexpr const char* kNoticeLostClients = "SET client_connection_check_interval = '5s'";

class PostgresDriver final : public Driver {
 public:
  explicit PostgresDriver(PostgresAddress address) : address_(std::move(address)) {}

  void heed(const std::stop_token& stop) override { stopping_.emplace(stop); }

  Status connect(Reach) override {
    if (connection_ && PQstatus(connection_.get()) == CONNECTION_OK) {
      if (prepared_.size() <= kCachedStatements || forget_statements()) return {};
    }
    disconnect();
    Result<PgConnection> connected = connect_to(address_, stopping_ ? &*stopping_ : nullptr);
    if (!connected) {
      stopped_ = stopped_ || connected.error().kind == ErrorKind::stopped;
      return forward_error(std::move(connected));
    }
    connection_ = std::move(*connected);
    PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
    PQsetNoticeReceiver(connection_.get(), pass_on, this);
    PQsetnonblocking(connection_.get(), 1);
    if (PQparameterStatus(connection_.get(), "crate_version") != nullptr) {
      disconnect();
      return fail(ErrorKind::refused, fmt::format("what answers at {} is a CrateDB", address_.shown), "",
                  "its URL begins with crate://, and names its HTTP port, which is 4200 unless it was changed");
    }
    return begin_session();
  }

  void disconnect() override {
    prepared_.clear();
    connection_.reset();
  }

  bool in_transaction() const override {
    if (!connection_) return false;
    const PGTransactionStatusType status = PQtransactionStatus(connection_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
  }

  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    if (!connection_) return std::unexpected(lost());
    PQenterPipelineMode(connection_.get());
    SqlResult<std::vector<Answer>> answers = send_all(statements) ? receive_all(statements) : std::unexpected(lost());
    bool gone = !answers && answers.error().scope == Scope::lost;
    if (gone || PQexitPipelineMode(connection_.get()) != 1) disconnect();
    return answers;
  }

  SqlResult<bool> walk(const Statement& select, const CellsVisit& visit) override {
    if (!connection_) return std::unexpected(lost());
    params_.set(select.params);
    PGconn* to = connection_.get();
    const bool sent = PQsendQueryParams(to, select.sql.c_str(), params_.count(), nullptr, params_.values(),
                                        params_.lengths(), params_.formats(), 0) == 1;
    SqlResult<bool> all = sent && PQsetSingleRowMode(to) == 1 ? show_rows(select, visit) : std::unexpected(lost());
    // What is not wanted any more is on its way.
    if (all ? !*all : all.error().scope == Scope::lost) disconnect();
    return all;
  }

  Result<ResultSet> query(const Query& query) override {
    if (std::optional<Result<ResultSet>> instead = user_.answer_instead(query.sql)) return std::move(*instead);
    if (Status set = set_search_path(); !set) return forward_error(std::move(set));
    const bool inside = in_transaction();
    Result<ResultSet> answer = ask(query);
    if (!answer && !connection_) {
      if (query.stop.stop_requested()) answer.error().kind = ErrorKind::stopped;  // but by more than the database's word
      return std::unexpected(user_.lost(std::move(answer).error(), query.sql, inside));
    }
    if (answer) answer->in_transaction = in_transaction();
    return answer;
  }

  using Driver::run;

  bool connection_is_lost() const override { return !connection_; }

 private:
  /// What the server says besides its answer, to whoever asked for it; of a relay's statements it is dropped.
  static void pass_on(void* driver, const PGresult* notice) {
    const Query* asking = static_cast<PostgresDriver*>(driver)->asking_;
    if (asking == nullptr || !asking->on_notice) return;
    const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    asking->on_notice(
        {trimmed(PQresultErrorMessage(notice)), severity != nullptr && severity == std::string_view("WARNING")});
  }

  /// One text, to the end of its results.
  Result<ResultSet> ask(const Query& query) {
    asking_ = &query;
    Result<ResultSet> answer = send_and_wait(query);
    asking_ = nullptr;
    return answer;
  }

  Result<ResultSet> send_and_wait(const Query& query) {
    ignores_cancel_ = false;
    if (!connection_ || PQsendQuery(connection_.get(), query.sql.c_str()) != 1) return std::unexpected(lost_for_good());
    Result<ResultSet> last = ResultSet{};
    const StopBell bell(query.stop);
    while (true) {
      if (!wait_or_cancel(bell)) return std::unexpected(lost_for_good());
      PgResult result(PQgetResult(connection_.get()));
      if (!result) break;
      if (last) last = to_result_set(result.get());
      if (last && is_rollback(result.get()) && transaction_word(query.sql) == TransactionWord::commits) {
        last = std::unexpected(UserTransaction::undone());
      }
      if (is_copy(result.get())) {  // the connection cannot be used any more
        disconnect();
        return last;
      }
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK) return std::unexpected(lost_for_good());
    if (last) last->backslashes_escape = backslashes_escape();
    return last;
  }

  /// Behind a pooler the session is another one with each transaction. A server tells its own process, a pooler makes a
  /// number up: where they differ nothing is set, and no statement has a name.
  Status begin_session() {
    Result<ResultSet> asked = ask("SELECT pg_catalog.pg_backend_pid()");
    if (!asked) {
      disconnect();
      return forward_error(std::move(asked));
    }
    const bool answered = asked->rows.size() == 1 && asked->rows[0].size() == 1;
    alone_ = answered && asked->rows[0][0] == std::to_string(PQbackendPID(connection_.get()));
    unnamed_.clear();
    if (!alone_) return {};
    ++sessions_;
    if (Result<ResultSet> set = ask(kSession); !set) {
      disconnect();
      return forward_error(std::move(set));
    }
    (void)ask(kNoticeLostClients);  // unknown before PostgreSQL 14
    return {};
  }

  /// Once a session, of the user's own statements; ours name each table's schema. Not in a session that others have next.
  Status set_search_path() {
    if (address_.query_schema.empty() || !alone_ || path_set_in_ == sessions_) return {};
    const std::unique_ptr<char, decltype(&PQfreemem)> schema(
        PQescapeLiteral(connection_.get(), address_.query_schema.data(), address_.query_schema.size()), PQfreemem);
    if (!schema)
      return fail(ErrorKind::refused, "the schema of the target's URL cannot be written",
                  trimmed(PQerrorMessage(connection_.get())));
    Result<ResultSet> set = ask(
        fmt::format("SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', pg_catalog.quote_ident({}), "
                    "nullif(pg_catalog.current_setting('search_path'), '')), false)",
                    schema.get()));
    if (!set) return forward_error(std::move(set));
    path_set_in_ = sessions_;
    return {};
  }

  bool backslashes_escape() const {
    const char* standard = PQparameterStatus(connection_.get(), "standard_conforming_strings");
    return standard != nullptr && std::string_view(standard) == "off";
  }

  Result<ResultSet> forget_statements() {
    prepared_.clear();
    return ask("DEALLOCATE ALL");
  }

  bool send_all(std::span<const Statement> statements) {
    commands_.clear();
    unnamed_.clear();
    for (size_t i = 0; i < statements.size(); ++i) {
      const Statement& each = statements[i];
      for (size_t n = 0; n < each.executions(); ++n) {
        params_.set(std::span(each.params).subspan(n * each.width, each.width));
        if (!send(each, i)) return false;
      }
    }
    return PQpipelineSync(connection_.get()) == 1;
  }

  /// Statements with parameters are prepared once a connection, under a name that no other session has; where sessions are
  /// shared, once a call, without a name.
  bool send(const Statement& statement, size_t index) {
    PGconn* to = connection_.get();
    const bool lasting = !statement.catalogue || statement.often;
    bool prepare = lasting && params_.count() > 0;
    if (!prepare) {
      commands_.push_back({index, false});
      unnamed_.clear();
      return PQsendQueryParams(to, statement.sql.c_str(), params_.count(), nullptr, params_.values(), params_.lengths(),
                               params_.formats(), 0) == 1;
    }
    const char* name = prepared_name(statement.sql);
    if (name == nullptr) {
      name = new_name(statement.sql);
      commands_.push_back({index, true});
      if (PQsendPrepare(to, name, statement.sql.c_str(), 0, nullptr) != 1) return false;
    }
    commands_.push_back({index, false});
    return PQsendQueryPrepared(to, name, params_.count(), params_.values(), params_.lengths(), params_.formats(), 0) == 1;
  }

  /// Of a statement that this connection, or this call, has prepared; null: it has not.
  const char* prepared_name(const std::string& sql) const {
    if (!alone_) return unnamed_ == sql ? kUnnamed : nullptr;
    auto found = prepared_.find(sql);
    return found == prepared_.end() ? nullptr : found->second.c_str();
  }

  const char* new_name(const std::string& sql) {
    if (alone_) {
      std::string name = fmt::format("ctk_{}_{}_{}", address_.session, sessions_, ++names_);
      return prepared_.insert_or_assign(sql, std::move(name)).first->second.c_str();
    }
    unnamed_ = sql;
    return kUnnamed;
  }

  SqlResult<std::vector<Answer>> receive_all(std::span<const Statement> statements) {
    bool patient = std::any_of(statements.begin(), statements.end(), [](const Statement& each) { return each.patient; });
    std::optional<Duration> limit = patient ? kNoLimit : std::optional(address_.timeout);
    std::vector<Answer> answers(statements.size());
    std::optional<Failure> failure;
    for (const Command& command : commands_) {
      if (!wait(limit)) return std::unexpected(lost());
      PgResult result(PQgetResult(connection_.get()));
      if (!result) return std::unexpected(lost());
      const bool done = is_done(result.get());
      if (done && !command.prepares) append_result(answers[command.statement], result.get());
      if (!done && command.prepares) prepared_.erase(statements[command.statement].sql);
      if (!done && !failure) failure = failure_of(result.get());
      if (done && !failure && was_undone(statements[command.statement].sql, result.get())) failure = undone();
      if (!wait(limit)) return std::unexpected(lost());
      PgResult end(PQgetResult(connection_.get()));  // the null that ends each command's results
    }
    if (!wait(limit)) return std::unexpected(lost());
    PgResult sync(PQgetResult(connection_.get()));
    if (failure) return std::unexpected(std::move(*failure));
    return answers;
  }

  /// Of a SELECT in single-row mode.
  SqlResult<bool> show_rows(const Statement& select, const CellsVisit& visit) {
    const std::optional<Duration> limit = select.patient ? kNoLimit : std::optional(address_.timeout);
    std::vector<std::optional<std::string_view>> row;
    std::optional<Failure> failure;
    while (true) {
      if (!wait(limit)) return std::unexpected(lost());
      const PgResult result(PQgetResult(connection_.get()));
      if (!result && failure) return std::unexpected(std::move(*failure));
      if (!result) return true;
      if (PQresultStatus(result.get()) == PGRES_SINGLE_TUPLE) {
        view_cells(result.get(), row);
        if (!visit(row)) return false;
      } else if (!is_done(result.get()) && !failure) {
        failure = failure_of(result.get());
      }
    }
  }

  /// COMMIT of a transaction that had failed is answered as if all were well, by another word.
  static bool was_undone(const std::string& sql, PGresult* result) { return sql == "COMMIT" && is_rollback(result); }
  Failure undone() const {
    return {Scope::lost,
            {ErrorKind::unreachable, fmt::format("PostgreSQL at {} rolled a transaction back", address_.shown), "", ""}};
  }

  /// Sends what is to be sent and waits until a result can be had without blocking; false: lost, or silent for too long.
  bool wait(std::optional<Duration> limit) {
    PGconn* on = connection_.get();
    while (PQisBusy(on) != 0) {
      int unsent = PQflush(on);
      if (unsent < 0) return false;
      pollfd ends[] = {{PQsocket(on), static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0)), 0},
                       {stop_descriptor(), POLLIN, 0}};
      int millis = limit ? static_cast<int>(*limit / std::chrono::milliseconds(1)) : -1;
      int ready = poll(ends, 2, millis);
      if (ready < 0 && errno != EINTR) return false;
      silent_ = ready == 0;
      if (silent_ || notes_stop(ends[1])) return false;
      if ((ends[0].revents & ~POLLOUT) != 0 && PQconsumeInput(on) != 1) return false;
    }
    return true;
  }

  /// The same without a limit. Once the bell rings the server is asked to cancel, and every second again, for a while: it
  /// passes over a request that comes before it has begun.
  bool wait_or_cancel(const StopBell& bell) {
    PGconn* on = connection_.get();
    silent_ = false;
    std::optional<std::chrono::steady_clock::time_point> give_up;
    while (PQisBusy(on) != 0) {
      int unsent = PQflush(on);
      if (unsent < 0) return false;
      pollfd ends[] = {{PQsocket(on), static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0)), 0},
                       {bell.descriptor(), POLLIN, 0},
                       {stop_descriptor(), POLLIN, 0}};
      if (poll(ends, 3, -1) < 0 && errno != EINTR) return false;
      if (notes_stop(ends[2])) return false;
      if ((ends[0].revents & ~POLLOUT) != 0 && PQconsumeInput(on) != 1) return false;
      if ((ends[1].revents & POLLIN) == 0 || PQisBusy(on) == 0) continue;
      const auto now = std::chrono::steady_clock::now();
      if (!give_up) give_up = now + kCancelPatience;
      ignores_cancel_ = now >= *give_up;
      if (ignores_cancel_) return false;
      cancel();
      poll(ends, 1, kCancelPauseMs);
    }
    return true;
  }

  int stop_descriptor() const { return stopping_ ? stopping_->descriptor() : -1; }
  bool notes_stop(const pollfd& bell) {
    stopped_ = stopped_ || (bell.revents & POLLIN) != 0;
    return stopped_;
  }

  /// On a thread of its own: a server that is silent may keep it for ever.
  void cancel() {
    if (cancelling_->exchange(true)) return;
    std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> request(PQgetCancel(connection_.get()), PQfreeCancel);
    std::thread([request = std::move(request), cancelling = cancelling_] {
      char why[256];
      if (request) PQcancel(request.get(), why, sizeof why);
      *cancelling = false;
    }).detach();
  }

  Failure failure_of(PGresult* result) {
    auto field = [result](int code) { return trimmed(PQresultErrorField(result, code)); };
    std::string code = field(PG_DIAG_SQLSTATE);
    if (code.empty()) return lost();  // libpq's own words: the connection broke
    const StateMeaning& meaning = meaning_of(code);
    if (code == "26000" || code == "42P05") {  // a pooler after all
      prepared_.clear();
      alone_ = false;
    }
    std::string peer = field(PG_DIAG_MESSAGE_PRIMARY);
    if (std::string detail = field(PG_DIAG_MESSAGE_DETAIL); !detail.empty()) peer += "; " + detail;
    std::string words(meaning.words);
    if (meaning.scope != Scope::row) words = fmt::format("PostgreSQL at {}: {}", address_.shown, words);
    // Only an index has a limit of length that a row can meet, and it is the key's.
    bool because_of_key = code == "54000" && !field(PG_DIAG_CONSTRAINT_NAME).empty();
    // Row security says the same code of one row, where nothing is to be granted.
    const bool lacks_right = code == "42501" && field(PG_DIAG_SOURCE_FUNCTION) == "aclcheck_error";
    const std::string hint = lacks_right ? rights_hint() : "";
    return {meaning.scope, {meaning.kind, words, peer + " (SQLSTATE " + code + ")", hint}, because_of_key};
  }

  std::string rights_hint() const {
    return fmt::format(
        "the user {} needs USAGE on the schema, and CREATE where tables are to be made (create-table=false "
        "makes none); SELECT, INSERT, UPDATE and DELETE on the tables",
        PQuser(connection_.get()));
  }

  Failure lost() const {
    if (stopped_) return {Scope::lost, not_waited_for(address_)};
    std::string why =
        silent_ ? fmt::format("gave no answer for {}", format_duration(address_.timeout)) : "closed the connection";
    std::string peer = connection_ && !silent_ ? trimmed(PQerrorMessage(connection_.get())) : "";
    return {Scope::lost, {ErrorKind::unreachable, fmt::format("PostgreSQL at {} {}", address_.shown, why), peer, ""}};
  }

  Error lost_for_good() {
    Error error = lost().error;
    if (ignores_cancel_) {
      error = {ErrorKind::stopped,
               fmt::format("PostgreSQL at {} did not stop the statement within {}, and it may still run there; the "
                           "connection is closed",
                           address_.shown, format_duration(kCancelPatience)),
               "", ""};
    }
    disconnect();
    return error;
  }

  struct Command {
    size_t statement;
    bool prepares;
  };

  PostgresAddress address_;
  PgConnection connection_;
  std::unordered_map<std::string, std::string> prepared_;  ///< SQL → the statement's name
  std::string unnamed_;                                    ///< SQL of the session's unnamed statement, within one call
  bool alone_ = false;                                     ///< the session is this connection's alone
  uint64_t names_ = 0, sessions_ = 0, path_set_in_ = 0;
  std::vector<Command> commands_;
  PostgresParams params_;
  std::optional<StopBell> stopping_;
  bool stopped_ = false;  ///< by it, for good
  bool silent_ = false;
  bool ignores_cancel_ = false;
  /// A request to cancel is on its way; it may outlive this.
  std::shared_ptr<std::atomic<bool>> cancelling_ = std::make_shared<std::atomic<bool>>(false);
  const Query* asking_ = nullptr;  ///< while it runs
  UserTransaction user_;
};

}  // namespace

std::unique_ptr<Driver> make_postgres_driver(PostgresAddress address) {
  return std::make_unique<PostgresDriver>(std::move(address));
}

}  // namespace ctk::sink::sql
