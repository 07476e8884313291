#include "sink/cratedb/session.h"

#include <algorithm>

#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {
namespace {

/// Says in the log what is being waited for, unless it is over by then.
class SlowNote {
 public:
  SlowNote(Session& session, const std::string& doing) : loop_(session.loop) {
    timer_ = loop_.after(kPatience, [this, &log = session.log, doing] {
      timer_.reset();
      log.info("CrateDB takes its time", {{"doing", doing}});
    });
  }
  SlowNote(const SlowNote&) = delete;
  SlowNote& operator=(const SlowNote&) = delete;
  ~SlowNote() {
    if (timer_) loop_.cancel(*timer_);
  }

 private:
  static constexpr Duration kPatience = std::chrono::seconds(2);

  EventLoop& loop_;
  std::optional<EventLoop::TimerId> timer_;
};

}  // namespace

Task<SqlResult> run_ddl(Session& session, Statement statement, std::string doing) {
  const SlowNote note(session, doing);
  SqlResult answer = co_await session.client.run(std::move(statement));
  co_return answer;
}

Task<Result<Answer>> run_or_fail(Session& session, Statement statement, std::string doing, Again again) {
  SqlResult answer = co_await session.client.run(std::move(statement), again);
  if (!answer) co_return std::unexpected(answer.error().error(doing));
  co_return std::move(*answer);
}

Task<Result<bool>> refresh_if_there(Session& session, table::QualifiedName table) {
  Statement refreshing{.sql = refresh(table), .args = "", .bulk = ""};
  SqlResult answer = co_await session.client.run(std::move(refreshing));
  if (answer) co_return true;
  if (answer.error().action == Action::wait_table) co_return false;
  co_return std::unexpected(answer.error().error("refreshing " + table.table));
}

std::optional<ServerError> first_row_error(const Answer& answer, std::initializer_list<Action> tolerated) {
  for (const RowResult& row : answer.results) {
    if (row.rowcount >= 0) continue;
    if (!row.error) return ServerError{.status = 0, .code = 0, .exception = "", .message = "a row failed without a reason"};
    const Action action = action_for(*row.error);
    if (std::find(tolerated.begin(), tolerated.end(), action) == tolerated.end()) return row.error;
  }
  return std::nullopt;
}

}  // namespace ctk::sink::cratedb
