#include "sink/sql/mysql_driver.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "sink/sql/mysql_connection.h"
#include "sink/sql/mysql_errors.h"
#include "sink/sql/mysql_text.h"
#include "sink/sql/user_transaction.h"

namespace ctk::sink::sql {
namespace {

constexpr std::optional<Duration> kNoLimit = std::nullopt;
/// Executions of a statement for which arrays are worth a round trip of their own.
constexpr size_t kWorthAnArray = 8;
constexpr unsigned kBinary = 63;  // the character set of what is no text

Cells cells_of(MYSQL_RES* result, MYSQL_ROW row) {
  const unsigned long* lengths = mysql_library()->fetch_lengths(result);
  Cells cells;
  for (unsigned i = 0; i < mysql_library()->num_fields(result); ++i) {
    if (row[i] == nullptr) {
      cells.emplace_back();
    } else {
      cells.emplace_back(std::string(row[i], lengths[i]));
    }
  }
  return cells;
}

ResultSet::Column::Kind kind_of(const MYSQL_FIELD& field) {
  using Kind = ResultSet::Column::Kind;
  switch (field.type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
    case MYSQL_TYPE_YEAR: return Kind::number;
    case MYSQL_TYPE_JSON: return Kind::json;
    default: return Kind::text;
  }
}

/// Keys are bytes, and mostly texts: shown as such where they can be.
std::string shown_bytes(const std::string& bytes) {
  if (simdjson::validate_utf8(bytes)) return bytes;
  std::string text;
  append_literal(text, {Param::Kind::binary, bytes, 0, 0});
  return text;
}

ResultSet to_result_set(MYSQL_RES* result) {
  ResultSet set;
  const MYSQL_FIELD* fields = mysql_library()->fetch_fields(result);
  for (unsigned i = 0; i < mysql_library()->num_fields(result); ++i) {
    set.columns.push_back({std::string(fields[i].name, fields[i].name_length), kind_of(fields[i])});
  }
  while (const MYSQL_ROW row = mysql_library()->fetch_row(result)) {
    Cells cells = cells_of(result, row);
    for (size_t i = 0; i < cells.size(); ++i) {
      const bool text = set.columns[i].kind == ResultSet::Column::Kind::text;
      if (text && cells[i] && fields[i].charsetnr == kBinary) cells[i] = shown_bytes(*cells[i]);
    }
    set.rows.push_back(std::move(cells));
  }
  return set;
}

class MysqlDriver final : public Driver {
 public:
  MysqlDriver(MysqlAddress address, std::shared_ptr<MysqlManners> manners)
      : address_(std::move(address)), manners_(std::move(manners)) {}

  void heed(const std::stop_token& stop) override { stopping_.emplace(stop); }

  Status connect(Reach) override {
    if (connection_) return {};
    database_is_set_ = false;
    connection_.emplace(address_, stopping_ ? &*stopping_ : nullptr);
    Status opened = connection_->open();
    if (!opened) disconnect();
    if (opened && manners_) manners_->names_rows = names_rows(connection_->server_version());
    return opened;
  }

  void disconnect() override { connection_.reset(); }
  bool connection_is_lost() const override { return !connection_; }
  bool in_transaction() const override { return connection_ && connection_->in_transaction(); }

  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    if (!connection_) return std::unexpected(gone());
    const bool patient = std::ranges::any_of(statements, [](const Statement& each) { return each.patient; });
    connection_->set_patience(patient ? kNoLimit : std::optional(address_.timeout));
    SqlResult<std::vector<Answer>> answers = run_texts(statements);
    if (!answers && answers.error().scope == Scope::lost) disconnect();
    return answers;
  }

  using Driver::run;

  SqlResult<bool> walk(const Statement& select, const CellsVisit& visit) override {
    if (!connection_) return std::unexpected(gone());
    connection_->set_patience(select.patient ? kNoLimit : std::optional(address_.timeout));
    std::string text;
    append_bound(text, select.sql, select.params);
    bool wanted = true;
    const auto show = [&](std::span<const std::optional<std::string_view>> cells) {
      wanted = visit(cells);
      return wanted;
    };
    if (connection_->send(text) && connection_->show(show)) return true;
    if (!wanted) {
      disconnect();
      return false;
    }
    Failure failure = connection_->failure();
    if (failure.scope == Scope::lost) disconnect();
    return std::unexpected(std::move(failure));
  }

  Result<ResultSet> query(const Query& query) override {
    if (std::optional<Result<ResultSet>> instead = user_.answer_instead(query.sql)) return std::move(*instead);
    if (!connection_) return std::unexpected(gone().error);
    const bool inside = in_transaction();
    const StopBell asked(query.stop);
    connection_->set_patience(kNoLimit, &asked);
    Result<ResultSet> answer = ask(query.sql);
    if (!answer && !connection_) {
      if (query.stop.stop_requested()) answer.error().kind = ErrorKind::stopped;
      return std::unexpected(user_.lost(std::move(answer).error(), query.sql, inside));
    }
    // MySQL ends a SLEEP well that it was to stop, with another value than it would have had.
    const bool interrupted = answer && !answer->columns.empty() && connection_->asked_to_stop();
    if (interrupted) answer = fail(ErrorKind::stopped, "the statement was stopped, and what it answered is not the whole");
    if (connection_) connection_->set_patience(address_.timeout);
    if (!answer && query.stop.stop_requested()) answer.error().kind = ErrorKind::stopped;
    if (answer) answer->in_transaction = in_transaction();
    return answer;
  }

 private:
  /// Statements that go out as one text, and to which answer each belongs.
  struct Text {
    std::string sql;
    std::vector<size_t> of;
  };

  SqlResult<std::vector<Answer>> run_texts(std::span<const Statement> statements) {
    std::vector<Answer> answers(statements.size());
    Text text;
    std::string one;
    for (size_t i = 0; i < statements.size(); ++i) {
      const Statement& each = statements[i];
      if (connection_->takes_arrays() && each.uncounted && each.executions() >= kWorthAnArray) {
        if (SqlResult<bool> sent = run_text(text, answers); !sent) return std::unexpected(std::move(sent).error());
        if (SqlResult<bool> sent = run_arrays(each, answers[i]); !sent) return std::unexpected(std::move(sent).error());
        continue;
      }
      for (size_t n = 0; n < each.executions(); ++n) {
        one.clear();
        append_bound(one, each.sql, std::span(each.params).subspan(n * each.width, each.width));
        if (one.size() > connection_->longest_text()) {
          if (SqlResult<bool> sent = run_text(text, answers); !sent) return std::unexpected(std::move(sent).error());
          return std::unexpected(longer_than_packet(one.size()));
        }
        if (text.sql.size() + one.size() + 1 > connection_->longest_text()) {
          if (SqlResult<bool> sent = run_text(text, answers); !sent) return std::unexpected(std::move(sent).error());
        }
        if (!text.sql.empty()) text.sql += ';';
        text.sql += one;
        text.of.push_back(i);
      }
    }
    if (SqlResult<bool> sent = run_text(text, answers); !sent) return std::unexpected(std::move(sent).error());
    return answers;
  }

  SqlResult<bool> run_arrays(const Statement& statement, Answer& answer) {
    MysqlArrays arrays;
    for (std::span<const Param> left = statement.params; !left.empty();) {
      const size_t rows = arrays.fill(left, statement.width, connection_->longest_text());
      if (rows == 0) return std::unexpected(longer_than_packet(arrays.first_size()));
      if (!connection_->execute(statement.sql, arrays)) return std::unexpected(connection_->failure());
      answer.affected.push_back(connection_->affected());
      left = left.subspan(rows * statement.width);
    }
    return true;
  }

  SqlResult<bool> run_text(Text& text, std::vector<Answer>& answers) {
    if (text.of.empty()) return true;
    bool done = connection_->send(text.sql);
    for (size_t i = 0; done && i < text.of.size(); ++i) {
      MysqlResult result;
      done = (i == 0 || connection_->next()) && connection_->read(result);
      if (done) append(answers[text.of[i]], result.get());
    }
    if (!done) return std::unexpected(connection_->failure());
    text.sql.clear();
    text.of.clear();
    return true;
  }

  void append(Answer& answer, MYSQL_RES* result) {
    if (result == nullptr) {
      answer.affected.push_back(connection_->affected());
      return;
    }
    int64_t rows = 0;
    for (; const MYSQL_ROW row = mysql_library()->fetch_row(result); ++rows) answer.rows.push_back(cells_of(result, row));
    answer.affected.push_back(rows);
  }

  Result<ResultSet> ask(const std::string& sql) {
    if (!database_is_set_ && !address_.query_database.empty()) {
      std::string name;
      for (const char c : address_.query_database) name += c == '`' ? "``" : std::string(1, c);
      if (!connection_->send("USE `" + name + "`")) return refusal();
      MysqlResult none;
      if (!connection_->read(none)) return refusal();
      database_is_set_ = true;
    }
    if (!connection_->send(sql)) return refusal();
    ResultSet last;
    while (true) {
      MysqlResult result;
      if (!connection_->read(result)) return refusal();
      last = result ? to_result_set(result.get()) : ResultSet{};
      if (!result) last.affected = connection_->affected();
      if (!connection_->has_more()) break;
      if (!connection_->next()) return refusal();
    }
    return last;
  }

  std::unexpected<Error> refusal() {
    Failure failure = connection_->failure();
    if (failure.scope == Scope::lost) disconnect();
    return std::unexpected(std::move(failure.error));
  }

  Failure gone() const {
    return {Scope::lost,
            {ErrorKind::unreachable, fmt::format("{} at {} is not connected", address_.target->product, address_.shown), "",
             ""}};
  }

  const MysqlAddress address_;
  const std::shared_ptr<MysqlManners> manners_;
  std::optional<StopBell> stopping_;
  std::optional<MysqlConnection> connection_;
  bool database_is_set_ = false;
  UserTransaction user_;
};

}  // namespace

std::unique_ptr<Driver> make_mysql_driver(MysqlAddress address, std::shared_ptr<MysqlManners> manners) {
  return std::make_unique<MysqlDriver>(std::move(address), std::move(manners));
}

}  // namespace ctk::sink::sql
