// A CrateDB server in memory, for tests: an HttpClient that answers as the real one was recorded to answer, as far as the
// statements of this sink and of the recordings in testdata/ go. It loses data where the real one does: an upsert that adds
// a column empties the objects of other rows and reports success; values are cast in silence; a bulk is all-or-nothing for
// what the coordinator sees; only ten rows of a shard say why they failed; queries see what was refreshed.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "net/http.h"
#include "sink/cratedb/testing/fake_engine.h"

namespace ctk::sink::cratedb::testing {

class FakeCrateDb final : public net::HttpClient {
 public:
  FakeCrateDb(EventLoop& loop, Clock& clock) : loop_(loop), clock_(clock) {}

  void send(net::HttpRequest request, net::HttpDone done) override;

  /// The same without a loop.
  net::HttpResponse answer(const net::HttpRequest& request);

  /// Sees every request first; what it gives instead of the server's answer is given. For faults.
  std::function<std::optional<Result<net::HttpResponse>>(const net::HttpRequest&)> intercept;
  /// How long a request takes; nothing: no time at all.
  std::function<Duration(const net::HttpRequest&)> delay;
  /// "Basic …" that requests must carry; empty: everybody is let in.
  std::string authorization;
  /// How long an exchange takes.
  Duration latency{};
  /// Every select sees everything, as on a server that refreshes between statements.
  bool refresh_always = false;

  Engine& engine() { return engine_; }

 private:
  EventLoop& loop_;
  Clock& clock_;
  Engine engine_;
};

/// An answer of the `_sql` endpoint.
net::HttpResponse json_response(int status, std::string body);
net::HttpResponse error_response(const SqlError& error);

}  // namespace ctk::sink::cratedb::testing
