#include "tools/fake_cratedb_server.h"

#include <httplib.h>

#include <mutex>
#include <utility>

#include "sink/cratedb/testing/fake_cratedb.h"

namespace ctk::tools {
namespace {

/// It answers without a loop here: one request after another, under a lock.
class NoLoop final : public EventLoop {
 public:
  void post(Job) override {}
  TimerId after(Duration, Job) override { return 0; }
  void cancel(TimerId) override {}
};

void copy_answer(net::HttpResponse answer, httplib::Response& response) {
  response.status = answer.status;
  const std::string type(answer.header("content-type"));
  for (const auto& [name, value] : answer.headers) {
    if (name != "content-type") response.set_header(name, value);
  }
  response.set_content(std::move(answer.body), type.empty() ? "text/plain" : type.c_str());
}

}  // namespace

struct FakeCrateDbServer::State {
  void answer(const httplib::Request& request, httplib::Response& response) {
    net::HttpRequest asked;
    asked.method = request.method;
    asked.url = "http://127.0.0.1" + request.target;
    asked.body = request.body;
    for (const auto& [name, value] : request.headers) {
      if (name == "Authorization" || name == "authorization") asked.headers.emplace_back("authorization", value);
    }
    const std::lock_guard lock(mutex);
    copy_answer(fake.answer(asked), response);
  }

  NoLoop loop;
  SystemClock clock;
  sink::cratedb::testing::FakeCrateDb fake{loop, clock};
  std::mutex mutex;
  httplib::Server server;
};

FakeCrateDbServer::FakeCrateDbServer(int port) : state_(std::make_unique<State>()) {
  httplib::Server& server = state_->server;
  const auto serve = [state = state_.get()](const httplib::Request& request, httplib::Response& response) {
    state->answer(request, response);
  };
  server.set_payload_max_length(100u << 20);  // as http.max_content_length; beyond it 413
  server.Get("/", serve);
  server.Post("/_sql", serve);
  if (port == 0) {
    port_ = server.bind_to_any_port("127.0.0.1");
  } else if (server.bind_to_port("127.0.0.1", port)) {
    port_ = port;
  }
}

FakeCrateDbServer::~FakeCrateDbServer() = default;
void FakeCrateDbServer::serve() { state_->server.listen_after_bind(); }
void FakeCrateDbServer::stop() { state_->server.stop(); }

}  // namespace ctk::tools
