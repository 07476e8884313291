// Statements to a CrateDB cluster: which node, how to say who we are, and what came back. Any node can coordinate, so they
// take turns; one that does not answer is left alone for a while.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/http.h"
#include "sink/cratedb/classify.h"
#include "sink/cratedb/protocol.h"
#include "sink/cratedb/task.h"
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

  /// `doing`: "writing to doc.orders".
  Error error(const std::string& doing) const;
};

using SqlResult = std::expected<Answer, Failure>;

class Client {
 public:
  Client(const TargetOptions& options, net::HttpClient& http, Clock& clock, Scope& scope);

  Task<SqlResult> run(Statement statement);
  /// `GET /`: who is there, with which version. Says `denied` or `unreachable` in our words.
  Task<Result<std::string>> server_version();

  /// For messages: "http://localhost:4200".
  const std::string& address() const { return urls_.front(); }

 private:
  Task<Result<net::HttpResponse>> exchange(std::string method, std::string path, std::string body);

  std::vector<std::string> urls_;
  std::string authorization_;
  Duration timeout_;
  NodeRing ring_;
  net::HttpClient& http_;
  Clock& clock_;
  Scope& scope_;
};

}  // namespace ctk::sink::cratedb
