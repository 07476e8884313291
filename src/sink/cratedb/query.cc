#include "sink/cratedb/query.h"

#include <fmt/format.h>

#include <cctype>

#include "json/writer.h"
#include "sink/cratedb/reports.h"

namespace ctk::sink::cratedb {
namespace {

/// For a statement to end that is to be stopped.
constexpr Duration kPatience = std::chrono::seconds(5);
/// A job may not be listed yet.
constexpr int kLooks = 50;
constexpr Duration kBetweenLooks = std::chrono::milliseconds(20);

/// A statement that is under way: whoever stops it gives up once it is over.
struct Running {
  std::string sql;
  bool over = false;
  std::stop_source left = {};     ///< nobody waits for its answer any more
  std::optional<Error> why = {};  ///< it was left and not stopped

  void leave(Error error) {
    if (over || why) return;
    why = std::move(error);
    left.request_stop();
  }
};

std::string one_text_arg(const std::string& text) {
  std::string args;
  json::Writer writer(args);
  writer.begin_array();
  writer.string(text);
  writer.end_array();
  return args;
}

/// Why a job cannot be looked for: ordinary users see no table of the schema sys.
Error unlisted(const Failure& failure) {
  Error error = failure.error("looking for it in sys.jobs");
  const bool answered = error.kind != ErrorKind::unreachable && error.kind != ErrorKind::stopped;
  error.hint = answered ? "GRANT DQL ON TABLE sys.jobs lets a user stop what it runs" : "";
  return error;
}

/// Looks for the statement's job and kills it.
Task<Result<bool>> kill(Session& session, std::shared_ptr<const Running> running) {
  for (int looked = 0; looked < kLooks && !running->over; ++looked) {
    Statement find{.sql = "SELECT id FROM sys.jobs WHERE stmt = ?",
                   .args = one_text_arg(running->sql),
                   .bulk = "",
                   .stop = running->left.get_token()};
    SqlResult jobs = co_await session.client.run(std::move(find));
    if (!jobs) co_return std::unexpected(unlisted(jobs.error()));
    if (jobs->rows.empty()) {
      co_await session.tasks.pause(kBetweenLooks);
      continue;
    }
    const std::string id = cell_text(jobs->rows[0][0]).value_or("");
    Statement end{.sql = "KILL ?", .args = one_text_arg(id), .bulk = "", .stop = running->left.get_token()};
    const SqlResult killed = co_await session.client.run(std::move(end));
    if (!killed) co_return std::unexpected(killed.error().error("killing it"));
    co_return true;
  }
  co_return fail(ErrorKind::not_found, "sys.jobs does not list it");
}

void stop(Session& session, const std::shared_ptr<Running>& running) {
  session.tasks.spawn(kill(session, running), [running](const Result<bool>& killed) {
    if (!killed) running->leave(killed.error());
  });
  session.loop.after(kPatience, [weakly = std::weak_ptr(running)] {
    const auto still = weakly.lock();
    if (still) still->leave({ErrorKind::unreachable, fmt::format("no answer for {}", format_duration(kPatience)), "", ""});
  });
}

Error stopped_error(const Running& running, const Error& answer) {
  if (!running.why) return {ErrorKind::stopped, "the statement was stopped", answer.peer, ""};
  const Error& why = *running.why;
  return {ErrorKind::stopped, "CrateDB did not stop the statement, which may still run there; its answer is not waited for",
          to_string(Error{why.kind, why.message, why.peer, ""}), why.hint};
}

}  // namespace

Task<Result<ResultSet>> query(Session& session, Query query) {
  std::string& sql = query.sql;
  while (!sql.empty() && (sql.back() == ';' || std::isspace(static_cast<unsigned char>(sql.back())) != 0)) sql.pop_back();
  if (!query.mark.empty()) sql += "\n-- " + query.mark;
  auto running = std::make_shared<Running>(Running{.sql = sql});
  // Asked on another thread; while this task lives, so does the group.
  const std::stop_callback asked(
      query.stop, [&session, running] { session.tasks.post([&session, running] { stop(session, running); }); });
  Statement statement{.sql = sql, .args = "", .bulk = "", .stop = running->left.get_token()};
  Result<Answer> answer = co_await run_or_fail(session, std::move(statement), "running the statement", Again::never);
  running->over = true;
  if (answer) co_return to_result_set(*answer);
  if (query.stop.stop_requested()) co_return std::unexpected(stopped_error(*running, answer.error()));
  co_return forward_error(std::move(answer));
}

}  // namespace ctk::sink::cratedb
