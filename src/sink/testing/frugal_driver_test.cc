#include <gtest/gtest.h>

#include <utility>

#include "sink/testing/frugal_database.h"

namespace ctk::sink::testing {
namespace {

using sql::Answer;
using sql::SqlResult;
using sql::Statement;

bool is_ddl(const std::string& sql) {
  return sql.starts_with("CREATE ") || sql.starts_with("ALTER ") || sql.starts_with("DROP ");
}

/// What stands outside of texts and names.
std::string unquoted(std::string_view sql) {
  std::string rest;
  char inside = '\0';
  for (const char c : sql) {
    if (inside == '\0' && c != '\'' && c != '`') rest += c;
    if (inside == '\0' && (c == '\'' || c == '`')) {
      inside = c;
    } else if (c == inside) {
      inside = '\0';
    }
  }
  return rest;
}

/// Whether a frugal database would read the statement as it is meant. Its catalogue is SQLite's.
bool is_understood(const Statement& statement) {
  const std::string sql = unquoted(statement.sql);
  if (sql.contains("sqlite_") || sql.contains("pragma_")) return true;
  return !sql.contains('"') && !sql.contains("RETURNING") && !sql.contains("rowid") && !sql.contains("?1");
}

class FrugalDriver final : public sql::Driver {
 public:
  FrugalDriver(FrugalServer& server, std::unique_ptr<sql::Driver> keeper) : server_(server), keeper_(std::move(keeper)) {}
  ~FrugalDriver() override { release(); }

  void heed(const std::stop_token& stop) override { keeper_->heed(stop); }
  Status connect(sql::Reach reach) override { return keeper_->connect(reach); }
  void disconnect() override {
    release();
    keeper_->disconnect();
  }
  bool in_transaction() const override { return keeper_->in_transaction(); }
  Result<ResultSet> query(const Query& query) override { return keeper_->query(query); }

  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    std::vector<Answer> answers;
    for (const Statement& each : statements) {
      SqlResult<Answer> answer = run_one(each);
      if (!answer) return std::unexpected(std::move(answer).error());
      answers.push_back(std::move(*answer));
    }
    return answers;
  }

  using Driver::run;

 private:
  SqlResult<Answer> run_one(const Statement& statement) {
    EXPECT_TRUE(is_understood(statement)) << statement.sql;
    if (statement.sql == "SELECT get_lock(?)") return lock(std::string(statement.params.front().text));
    if (statement.sql == "SELECT release_all_locks()") return release();
    const bool ends = statement.sql == "COMMIT" || statement.sql == "ROLLBACK";
    if (ends && !in_transaction()) return Answer{{0}, {}};
    if (is_ddl(statement.sql)) {
      if (in_transaction()) {
        if (SqlResult<Answer> committed = keeper_->run(sql::statement("COMMIT")); !committed) return committed;
      }
      if (server_.on_ddl && !server_.on_ddl(statement.sql)) return lose();
    }
    SqlResult<std::vector<Answer>> answers = keeper_->run(std::span(&statement, 1));
    if (!answers) return std::unexpected(std::move(answers).error());
    return std::move(answers->front());
  }

  std::unexpected<sql::Failure> lose() {
    disconnect();
    return std::unexpected(sql::Failure{sql::Scope::lost, {ErrorKind::unreachable, "the session is gone", "", ""}});
  }

  Answer lock(const std::string& name) {
    const auto [held, fresh] = server_.locks.try_emplace(name, this);
    return {{1}, {{held->second == this ? "1" : "0"}}};
  }

  Answer release() {
    std::erase_if(server_.locks, [this](const auto& lock) { return lock.second == this; });
    return {{1}, {{"1"}}};
  }

  FrugalServer& server_;
  std::unique_ptr<sql::Driver> keeper_;
};

}  // namespace

std::unique_ptr<sql::Driver> make_frugal_driver(FrugalServer& server, std::unique_ptr<sql::Driver> keeper) {
  return std::make_unique<FrugalDriver>(server, std::move(keeper));
}

}  // namespace ctk::sink::testing
