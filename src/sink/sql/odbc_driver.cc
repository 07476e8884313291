#include "sink/sql/odbc_driver.h"

#include <fmt/format.h>

#include "net/connection_string.h"
#include "sink/sql/catalogue_dialect.h"
#include "sink/sql/mysql_errors.h"
#include "sink/sql/odbc_catalogue.h"
#include "sink/sql/odbc_statements.h"
#include "sink/sql/user_transaction.h"

namespace ctk::sink::sql {
namespace {

constexpr const char* kRollBackPart = "ROLLBACK TO SAVEPOINT ctk_part";  // transaction.cc

/// Of a statement of several (catalogue_dialect.h). Names may hold anything.
std::vector<std::string> steps_of(std::string_view sql) {
  std::vector<std::string> steps(1);
  char inside = '\0';
  for (size_t at = 0; at < sql.size(); ++at) {
    const char c = sql[at];
    if (inside == '\0' && sql.substr(at).starts_with(kNextStep)) {
      steps.emplace_back();
      at += kNextStep.size() - 1;
      continue;
    }
    if (c == '"' || c == '\'') inside = inside == '\0' ? c : (inside == c ? '\0' : inside);
    steps.back() += c;
  }
  return steps;
}

class OdbcDriver final : public Driver {
 public:
  explicit OdbcDriver(OdbcDriverOptions options) : options_(std::move(options)), manners_(manners_of(options_.kind)) {
    const std::string& connection = options_.address.connection.reveal();
    if (manners_.charset.empty() || net::connection_value(net::parse_connection(connection), "CHARSET")) return;
    const char* separator = connection.ends_with(';') ? "" : ";";
    options_.address.connection = Secret(fmt::format("{}{}CHARSET={};", connection, separator, manners_.charset));
  }
  ~OdbcDriver() override { disconnect(); }

  void heed(const std::stop_token& stop) override { stop_ = stop; }

  Status connect(Reach) override {
    if (connection_) return {};
    Result<std::unique_ptr<OdbcConnection>> opened = OdbcConnection::open(options_.address, options_.longest_connect);
    if (!opened) return std::unexpected(std::move(opened).error());
    connection_ = std::move(*opened);
    if (Status settled = settle(); !settled) {
      disconnect();
      return settled;
    }
    return {};
  }

  void disconnect() override {
    // A driver may refuse to end a session in the midst of a transaction.
    if (connection_ && inside_ && !manners_.transactions_by_text) connection_->end(SQL_ROLLBACK);
    inside_ = in_part_ = false;
    statements_.reset();
    connection_.reset();
  }

  bool connection_is_lost() const override { return !connection_; }
  bool in_transaction() const override { return connection_ && (inside_ || user_inside_); }
  bool take_smaller_steps() override { return statements_ && statements_->give_up_arrays(); }

  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    std::vector<Answer> answers;
    for (const Statement& each : statements) {
      if (!statements_) return std::unexpected(gone());
      // Before it is looked at: whoever gave it may be gone (watched_driver.h).
      if (stop_.stop_requested()) {
        return std::unexpected(
            Failure{Scope::call, {ErrorKind::stopped, options_.address.shown + " is not waited for any more", "", ""}});
      }
      statements_->heed(stop_, {});
      SqlResult<Answer> answer = run_one(each);
      if (!answer) {
        note(answer.error());
        return std::unexpected(std::move(answer).error());
      }
      answers.push_back(std::move(*answer));
    }
    return answers;
  }

  using Driver::run;

  Result<ResultSet> query(const Query& query) override {
    if (std::optional<Result<ResultSet>> instead = user_.answer_instead(query.sql)) return std::move(*instead);
    if (!statements_) return std::unexpected(gone().error);
    statements_->heed(stop_, query.stop);
    SqlResult<ResultSet> answer = statements_->query(query.sql);
    statements_->heed(stop_, {});
    if (answer) {
      note_word(transaction_word(query.sql));
      answer->in_transaction = user_inside_;
      return std::move(*answer);
    }
    Error error = answer.error().error;
    const bool inside = user_inside_;
    note(answer.error());
    if (!connection_) error = user_.lost(std::move(error), query.sql, inside);
    if (query.stop.stop_requested()) error.kind = ErrorKind::stopped;
    return std::unexpected(std::move(error));
  }

 private:
  Status settle() {
    user_inside_ = false;
    if (options_.kind.transactions) connection_->set(SQL_ATTR_TXN_ISOLATION, manners_.isolation);
    statements_.emplace(*connection_, manners_, options_.kind.dialect, options_.address.shown);
    statements_->heed(stop_, {});
    if (options_.timeout) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(*options_.timeout).count();
      statements_->set_timeout(static_cast<SQLULEN>(seconds));
    }
    for (const std::string_view sql : manners_.session) {
      if (SqlResult<bool> done = statements_->execute(sql); !done) return std::unexpected(std::move(done).error().error);
    }
    return manners_.longest_call.empty() ? Status{} : learn_longest_call();
  }

  Status learn_longest_call() {
    SqlResult<ResultSet> answer = statements_->query(std::string(manners_.longest_call));
    if (!answer) return std::unexpected(std::move(answer).error().error);
    const size_t room = room_in_packet(answer->rows.empty() ? "" : answer->rows.front().front().value_or(""));
    if (room > 0) statements_->set_longest_call(room);
    return {};
  }

  SqlResult<Answer> run_one(const Statement& statement) {
    const TransactionWord word = transaction_word(statement.sql);
    if (word == TransactionWord::begins) return begin(statement.sql);
    if (word == TransactionWord::commits) return end(SQL_COMMIT, statement.sql);
    if (word == TransactionWord::rolls_back) return end(SQL_ROLLBACK, statement.sql);
    if (statement.sql == "SAVEPOINT ctk_part") return execute_plain(statement.sql, true);
    if (statement.sql == "RELEASE SAVEPOINT ctk_part") return release(statement.sql);
    if (statement.sql == kRollBackPart) return execute_plain(statement.sql, true);
    if (statement.sql.starts_with(kCatalogue)) {
      return OdbcCatalogue(*connection_, options_.kind, options_.address.shown).answer(statement);
    }
    SqlResult<Answer> answer = run_steps(statement);
    if (!answer) return answer;
    const bool ddl =
        statement.sql.starts_with("CREATE ") || statement.sql.starts_with("ALTER ") || statement.sql.starts_with("DROP ");
    if (ddl) statements_->forget();
    return answer;
  }

  /// What the last step answers.
  SqlResult<Answer> run_steps(const Statement& statement) {
    if (table::is_native(options_.kind.dialect)) return statements_->run(statement);
    const std::vector<std::string> steps = steps_of(statement.sql);
    if (steps.size() == 1) return statements_->run(statement);
    SqlResult<Answer> answer;
    Statement step = statement;
    for (const std::string& sql : steps) {
      step.sql = sql;
      answer = statements_->run(step);
      if (!answer) break;
    }
    return answer;
  }

  SqlResult<Answer> begin(const std::string& sql) {
    if (!options_.kind.transactions) return Answer{{0}, {}};
    if (manners_.transactions_by_text) {
      if (SqlResult<bool> begun = statements_->execute(sql); !begun) return std::unexpected(std::move(begun).error());
    } else if (!connection_->set(SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF)) {
      return std::unexpected(odbc_failure(options_.kind.dialect, diagnose(connection_->handle()), options_.address.shown));
    }
    inside_ = true;
    return Answer{{0}, {}};
  }

  SqlResult<Answer> end(SQLSMALLINT how, const std::string& sql) {
    if (!inside_) return Answer{{0}, {}};
    if (manners_.transactions_by_text) {
      if (SqlResult<bool> ended = statements_->execute(sql); !ended) return std::unexpected(std::move(ended).error());
    } else {
      if (!SQL_SUCCEEDED(connection_->end(how))) {
        Failure failed = odbc_failure(options_.kind.dialect, diagnose(connection_->handle()), options_.address.shown);
        if (connection_->is_dead()) failed.scope = Scope::lost;
        return std::unexpected(std::move(failed));
      }
      connection_->set(SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_ON);
    }
    inside_ = in_part_ = false;
    return Answer{{0}, {}};
  }

  SqlResult<Answer> release(const std::string& sql) {
    if (manners_.releases_parts) return execute_plain(sql, false);
    in_part_ = false;
    return Answer{{0}, {}};
  }

  SqlResult<Answer> execute_plain(std::string_view sql, bool in_part) {
    in_part_ = in_part;
    if (SqlResult<bool> done = statements_->execute(sql); !done) return std::unexpected(std::move(done).error());
    return Answer{{0}, {}};
  }

  /// What a failure has cost: the connection, or the transaction, which no driver tells. A part of it that can be undone
  /// shows that it is still there.
  void note(Failure& failure) {
    if (failure.scope == Scope::lost || (connection_ && connection_->is_dead())) {
      failure.scope = Scope::lost;
      disconnect();
      user_inside_ = false;
      return;
    }
    if (!std::exchange(in_part_, false) || !inside_ || statements_->execute(kRollBackPart)) return;
    if (manners_.transactions_by_text) {
      inside_ = false;
    } else {
      (void)end(SQL_ROLLBACK, "ROLLBACK");
    }
  }

  void note_word(TransactionWord word) {
    if (word == TransactionWord::begins) user_inside_ = true;
    if (word == TransactionWord::commits || word == TransactionWord::rolls_back) user_inside_ = false;
  }

  Failure gone() const {
    return {Scope::lost, {ErrorKind::unreachable, options_.address.shown + " is not connected", "", ""}};
  }

  OdbcDriverOptions options_;
  const OdbcManners manners_;
  std::stop_token stop_;
  std::unique_ptr<OdbcConnection> connection_;
  std::optional<OdbcStatements> statements_;
  bool inside_ = false;       ///< a transaction was begun
  bool in_part_ = false;      ///< and a part of it that can be undone
  bool user_inside_ = false;  ///< a user has begun one by hand
  UserTransaction user_;
};

}  // namespace

std::unique_ptr<Driver> make_odbc_driver(OdbcDriverOptions options) {
  return std::make_unique<OdbcDriver>(std::move(options));
}

}  // namespace ctk::sink::sql
