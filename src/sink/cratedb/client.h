// Statements to a CrateDB cluster: which node, how to say who we are, and what came back. Any node can coordinate, so they
// take turns; one that does not answer is left alone for a while. A request that fails for no reason of its own is sent
// again after a short pause, to another node where there is one: whoever asked has lost nothing but that pause.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/retry.h"
#include "base/task.h"
#include "base/time.h"
#include "net/http.h"
#include "sink/cratedb/classify.h"
#include "sink/cratedb/protocol.h"
#include "sink/target_options.h"

namespace ctk::sink::cratedb {

/// Round-robin over nodes, with those that failed set aside. Pure: `now` is monotonic time.
class NodeRing {
 public:
  static constexpr Duration kSetAside = std::chrono::seconds(30);

  explicit NodeRing(size_t count) : free_from_(count, Duration::min()) {}

  /// The next node that is not set aside; the one that is free soonest if all are.
  size_t pick(Duration now);
  void failed(size_t node, Duration now) { free_from_[node] = now + kSetAside; }
  void answered(size_t node) { free_from_[node] = Duration::min(); }

 private:
  std::vector<Duration> free_from_;
  size_t next_ = 0;
};

/// A statement that did not work: what to do about it, and the error if it ends the call.
struct Failure {
  Action action = Action::wait;
  ServerError server;  ///< empty where nobody answered
  Error transport;     ///< where nobody answered
  bool answered = false;
  std::string node;  ///< that was asked, where there are several: "http://localhost:4200"

  /// `doing`: "writing to doc.orders".
  Error error(const std::string& doing) const;
};

using SqlResult = std::expected<Answer, Failure>;

/// Whether a statement may be sent again when it failed, or when nobody knows whether it was run.
enum class Again {
  freely,   ///< the same once more changes nothing: guarded writes, questions, IF NOT EXISTS, what a row's version guards
  briefly,  ///< likewise, but the caller can do better than to insist when the server is short of something: send less
  never,    ///< a user's own statement
};

/// Whether a request that failed so is sent again as it is, after `alike` failures of the same kind directly before. Among
/// failures of every kind one 429 is no shortage. Pure.
bool worth_another_try(const Failure& failure, Again again, int alike);

class Client {
 public:
  Client(const TargetOptions& options, net::HttpClient& http, Clock& clock, Random& random, TaskGroup& tasks);

  /// A failure that passes by itself is tried again within a few seconds before it is given back.
  Task<SqlResult> run(Statement statement, Again again = Again::freely);
  /// `GET /`: who is there, with which version. Says `denied` or `unreachable` in our words.
  Task<Result<std::string>> server_version();

  /// From now on what fails has failed: nobody waits for it any more.
  void insist_no_more() { insists_ = false; }

 private:
  struct Exchanged {
    Result<net::HttpResponse> response;
    size_t node;
  };
  Task<Exchanged> exchange(std::string method, std::string path, std::string body, Duration timeout, std::stop_token stop);
  Task<SqlResult> run_once(std::string body, std::stop_token stop);
  /// How much is left of the time in which a server must give a first answer; nothing once it has.
  std::optional<Duration> left_to_start() const;

  std::vector<std::string> urls_;
  std::string authorization_;
  /// Where tables are that are named without a schema, as a user's are; empty: as the server has it. The server heeds the
  /// first request of a connection only, so all of them say it.
  std::string query_schema_;
  Duration timeout_;
  Duration start_timeout_;
  Duration begun_;             ///< when a first answer was asked for
  bool has_answered_ = false;  ///< a statement
  NodeRing ring_;
  net::HttpClient& http_;
  Clock& clock_;
  Random& random_;
  TaskGroup& tasks_;
  bool insists_ = true;
};

}  // namespace ctk::sink::cratedb
